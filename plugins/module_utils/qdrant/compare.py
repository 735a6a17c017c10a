# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What differs between a declared collection and the one that exists, and what of it can be changed in place."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.qdrant import names, schema
from ansible_collections.borgstack.platform.plugins.module_utils.qdrant.declaration import DISABLED
from ansible_collections.borgstack.platform.plugins.module_utils.qdrant.schema import alike

SECTIONS = ("hnsw_config", "optimizers_config")
PARAMS = ("on_disk_payload", "replication_factor", "write_consistency_factor")
VECTOR = ("hnsw_config", "quantization_config", "on_disk", "memory")
QUANTIZATION = "quantization_config"
_DEFAULTS = {
    key: known.default
    for properties in (schema.COLLECTION, schema.OPTIMIZERS, schema.SPARSE, schema.VECTOR)
    for key, known in properties.items()
    if known.default is not None
}


class Difference(t.NamedTuple):
    """A property that differs.

    Attributes:
        path: where it is, such as `("vectors", "text", "size")`.
        before: what it is; none where the server tells nothing.
        after: what it is to be.
    """

    path: tuple[str, ...]
    before: t.Any
    after: t.Any

    @property
    def key(self) -> str:
        """Its place in words."""
        return names.key_of(self.path)

    @property
    def is_changeable(self) -> bool:
        """Whether a server changes it in a collection that exists."""
        section = self.path[0]
        if section == "vectors":
            return len(self.path) > 2 and self.path[2] in VECTOR
        if section == "sparse_vectors":
            return len(self.path) > 2
        return section in SECTIONS or section in PARAMS or section == QUANTIZATION

    @property
    def is_missing_vector(self) -> bool:
        """Whether it is a whole vector that is not there."""
        return is_vector(self.path)

    @property
    def change(self) -> str:
        """The change in words."""
        return f"{self.key} from {_value(self.before)} to {_value(self.after)}"

    @property
    def difference(self) -> str:
        """The difference in words."""
        if self.is_missing_vector:
            return f"{self.key} does not exist" if self.path[1] else "it has no vector without a name"
        return f"{self.key} is {_value(self.before)}, declared as {_value(self.after)}"


def _value(value: t.Any) -> str:
    if value is None:
        return "unset"
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def differences(wanted: t.Mapping[str, t.Any], actual: t.Mapping[str, t.Any]) -> list[Difference]:
    """Return what differs, going by what is declared.

    Args:
        wanted: declared properties, in canonical form.
        actual: those that the collection has, in the same form.
    """
    return list(_differences(wanted, actual, ()))


def _differences(wanted: t.Mapping, actual: t.Mapping, path: tuple[str, ...]) -> t.Iterator[Difference]:
    for key, value in wanted.items():
        place = (*path, key)
        if key == QUANTIZATION and len(path) != 1:
            yield from _quantization(value, actual.get(key, DISABLED), place)
        elif isinstance(value, dict):
            if is_vector(place) and key not in actual:
                yield Difference(place, None, value)
            else:
                yield from _differences(value, actual.get(key) or {}, place)
        else:
            found = actual.get(key, _DEFAULTS.get(key))
            if not alike(value, found):
                yield Difference(place, found, value)


def is_vector(place: tuple[str, ...]) -> bool:
    """Return whether a place is that of a whole vector."""
    return len(place) == 2 and place[0] in ("vectors", "sparse_vectors")


def _quantization(wanted: t.Any, actual: t.Any, place: tuple[str, ...]) -> t.Iterator[Difference]:
    if wanted == DISABLED or actual == DISABLED or set(wanted) != set(actual):
        if wanted != actual:
            yield Difference(place, actual, wanted)
        return
    [kind] = wanted
    if not covers(wanted[kind], actual[kind]):
        # The server replaces it as a whole, so what is not declared goes along.
        yield Difference(place, actual, {kind: {**actual[kind], **wanted[kind]}})


def covers(wanted: t.Mapping, actual: t.Mapping, properties: t.Mapping[str, schema.Property] | None = None) -> bool:
    """Return whether all that is declared is so, counting what the server does not tell as its default."""
    known = properties or {}
    return all(
        alike(value, actual.get(key, known[key].default if key in known else None)) for key, value in wanted.items()
    )


def as_update(changes: t.Iterable[Difference]) -> dict:
    """Return the body of the request that makes changes in place."""
    body: dict[str, t.Any] = {}
    for change in changes:
        path = ("params", *change.path) if change.path[0] in PARAMS else change.path
        place = body
        for part in path[:-1]:
            place = place.setdefault(part, {})
        place[path[-1]] = _sent(path[-1], change.after)
    return body


def as_creation(config: t.Mapping[str, t.Any]) -> dict:
    """Return the body of the request that creates a collection."""
    body: dict[str, t.Any] = {}
    for key, value in config.items():
        if key == "vectors":
            vectors = {name: as_vector(vector) for name, vector in value.items()}
            body[key] = vectors.get("", vectors)
        elif key == "optimizers_config":
            # Servers before 1.13 have no word for what all do by default.
            body[key] = {name: one for name, one in value.items() if one != "auto"}
        elif value != DISABLED:
            body[key] = value
    return body


def as_vector(vector: t.Mapping[str, t.Any]) -> dict:
    """Return a vector as a request that creates it spells it."""
    return {key: value for key, value in vector.items() if value != DISABLED}


def _sent(key: str, value: t.Any) -> t.Any:
    return "Disabled" if key == QUANTIZATION and value == DISABLED else value
