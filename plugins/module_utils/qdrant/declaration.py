# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Collections as they are declared, brought into the one form that is compared with what a server tells."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.qdrant import names, schema
from ansible_collections.borgstack.platform.plugins.module_utils.qdrant.schema import canonical, refusal

DISABLED = "disabled"
# The one vector of a collection without named ones; the API itself calls it so.
UNNAMED = ""


class Wanted(t.NamedTuple):
    """A declared collection.

    Attributes:
        name: its name.
        present: whether it exists.
        config: its declared properties; `vectors` and `sparse_vectors` by name, quantization may be `disabled`.
        indexes: its declared payload indexes by field, each with its type and parameters, or none where it must not be.
        aliases: its declared aliases.
        recreate: whether it may be deleted and made anew.
    """

    name: str
    present: bool = True
    config: t.Mapping[str, t.Any] = {}
    indexes: t.Mapping[str, dict | None] = {}
    aliases: tuple[str, ...] = ()
    recreate: bool = False

    @property
    def where(self) -> str:
        """The collection in words."""
        return f"collection {names.shown(self.name)}"


def read(collections: list[dict], version: tuple | None = None) -> list[Wanted]:
    """Return what is declared.

    Args:
        collections: the declared collections.
        version: the server's, or none where it is not known.

    Raises:
        PlatformError: something that cannot be meant, or that the server does not know.
    """
    wanted = [_collection(item, version) for item in collections]
    _refuse_twice(wanted)
    return wanted


def _refuse_twice(wanted: list[Wanted]) -> None:
    owners: dict[str, Wanted] = {}
    for one in wanted:
        if one.name in owners:
            raise refusal("it is declared twice", one.where)
        owners[one.name] = one
    aliases: dict[str, Wanted] = {}
    for one in wanted:
        for alias in one.aliases:
            where = f"alias {names.shown(alias)}"
            if alias in aliases:
                both = "twice" if aliases[alias] is one else f"for {aliases[alias].where} and for {one.where}"
                raise refusal(f"it is declared {both}", where)
            if alias in owners and owners[alias].present:
                raise refusal("a collection of that name is declared too", where)
            aliases[alias] = one


def _collection(item: dict, version: tuple | None) -> Wanted:
    name = item["name"]
    where = f"collection {names.shown(name)}"
    if not name:
        raise refusal("its name is empty", where)
    if item.get("state") == "absent":
        return Wanted(name, present=False)
    config = canonical(
        schema.COLLECTION, {key: item.get(key) for key in schema.COLLECTION}, "the collection", where, version
    )
    for key, properties in (
        ("hnsw_config", schema.HNSW),
        ("optimizers_config", schema.OPTIMIZERS),
        ("wal_config", schema.WAL),
    ):
        if item.get(key) is not None:
            config[key] = canonical(properties, item[key], key, where, version)
    if item.get("quantization_config") is not None:
        config["quantization_config"] = quantization(item["quantization_config"], "quantization_config", where, version)
    if item.get("vectors") is not None:
        config["vectors"] = vectors(item["vectors"], where, version)
    if item.get("sparse_vectors") is not None:
        config["sparse_vectors"] = {
            key: _sparse(value, f"sparse_vectors.{key}", where, version)
            for key, value in _mapping(item["sparse_vectors"], "sparse_vectors", where).items()
        }
    shared = set(config.get("vectors", {})) & set(config.get("sparse_vectors", {}))
    if shared:
        raise refusal(f"{', '.join(sorted(shared))} is declared both as a vector and as a sparse vector", where)
    return Wanted(
        name,
        config=config,
        indexes=_indexes(item.get("payload_indexes"), where, version),
        aliases=tuple(item.get("aliases") or ()),
        recreate=bool(item.get("recreate")),
    )


def _mapping(value: t.Any, place: str, where: str) -> t.Mapping:
    if not isinstance(value, t.Mapping):
        raise refusal(f"{place} is not a mapping", where)
    return value


def vectors(declared: t.Any, where: str, version: tuple | None = None) -> dict[str, dict]:
    """Return declared vectors by name; that of a collection without named ones has an empty name.

    Raises:
        PlatformError: something that cannot be meant, or that the server does not know.
    """
    declared = _mapping(declared, "vectors", where)
    if declared and not all(isinstance(value, t.Mapping) for value in declared.values()):
        return {UNNAMED: _vector(declared, "vectors", where, version)}
    if UNNAMED in declared:
        raise refusal("a vector has an empty name", where)
    return {name: _vector(value, f"vectors.{name}", where, version) for name, value in declared.items()}


def _vector(declared: t.Mapping, place: str, where: str, version: tuple | None) -> dict:
    nested = ("hnsw_config", "quantization_config", "multivector_config")
    plain = {key: value for key, value in declared.items() if key not in nested}
    found = canonical(schema.VECTOR, plain, place, where, version)
    for needed in ("size", "distance"):
        if needed not in found:
            raise refusal(f"{place} has no {needed}", where)
    for key, properties in (("hnsw_config", schema.HNSW), ("multivector_config", schema.MULTIVECTOR)):
        if declared.get(key) is not None:
            found[key] = canonical(properties, declared[key], f"{place}.{key}", where, version)
    if declared.get("quantization_config") is not None:
        found["quantization_config"] = quantization(
            declared["quantization_config"], f"{place}.quantization_config", where, version
        )
    return found


def _sparse(declared: t.Any, place: str, where: str, version: tuple | None) -> dict:
    declared = _mapping({} if declared is None else declared, place, where)
    plain = {key: value for key, value in declared.items() if key != "index"}
    found = canonical(schema.SPARSE, plain, place, where, version)
    if declared.get("index") is not None:
        found["index"] = canonical(schema.SPARSE_INDEX, declared["index"], f"{place}.index", where, version)
    return found


def quantization(declared: t.Any, place: str, where: str, version: tuple | None = None) -> dict | str:
    """Return a declared quantization, or `disabled`.

    Raises:
        PlatformError: something that cannot be meant, or that the server does not know.
    """
    if declared is False or (isinstance(declared, str) and declared.lower() in (DISABLED, "false", "no", "off")):
        return DISABLED
    kinds = ", ".join(schema.QUANTIZATION)
    if not isinstance(declared, t.Mapping) or len(declared) != 1 or next(iter(declared)) not in schema.QUANTIZATION:
        raise refusal(f"{place} has to be {DISABLED}, or a mapping with one of {kinds}", where)
    [(kind, value)] = declared.items()
    schema.since(schema.QUANTIZATION_SINCE.get(kind), f"{place}.{kind}", where, version)
    value = {} if value is None else value
    found = canonical(schema.QUANTIZATION[kind], value, f"{place}.{kind}", where, version)
    needed = schema.QUANTIZATION_NEEDS.get(kind)
    if needed and needed not in found:
        raise refusal(f"{place}.{kind} has no {needed}", where)
    return {kind: found}


def _indexes(declared: t.Any, where: str, version: tuple | None) -> dict[str, dict | None]:
    found: dict[str, dict | None] = {}
    for item in _listed(declared, where):
        try:
            name = names.field(item["field"])
        except ValueError as error:
            raise refusal(f"the payload field {item['field']!r} has to be {error}", where) from None
        if name in found:
            raise refusal(f"the payload index {name} is declared twice", where)
        state = item.get("state", "present")
        if state not in ("present", "absent"):
            raise refusal(f"the state of the payload index {name} is neither present nor absent", where)
        found[name] = None if state == "absent" else index(item.get("schema"), name, where, version)
    return found


def _listed(declared: t.Any, where: str) -> t.Iterator[dict]:
    if isinstance(declared, t.Mapping):
        declared = [{"field": name, "schema": value} for name, value in declared.items()]
    for item in declared or ():
        if not isinstance(item, t.Mapping) or not isinstance(item.get("field"), str):
            raise refusal("payload_indexes has to be a mapping, or a list of items with field and schema", where)
        unknown = set(item) - {"field", "schema", "state"}
        if unknown:
            raise refusal(f"a payload index has no property {', '.join(sorted(map(repr, unknown)))}", where)
        yield dict(item)


def index(declared: t.Any, name: str, where: str, version: tuple | None = None) -> dict:
    """Return a declared payload index as its type and parameters.

    Raises:
        PlatformError: something that cannot be meant, or that the server does not know.
    """
    place = f"the payload index {name}"
    declared = {"type": declared} if isinstance(declared, str) else declared
    kind = declared.get("type") if isinstance(declared, t.Mapping) else None
    if not isinstance(kind, str) or kind not in schema.INDEX:
        raise refusal(
            f"the schema of {place} has to be, or to have as its type, one of {', '.join(schema.INDEX)}", where
        )
    schema.since(schema.INDEX_SINCE.get(kind), f"the type {kind} of {place}", where, version)
    plain = {key: value for key, value in declared.items() if key != "type"}
    return {"type": kind, **canonical(schema.INDEX[kind], plain, place, where, version)}
