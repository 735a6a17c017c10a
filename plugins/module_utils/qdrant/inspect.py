# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a server is like: read, brought into the form of a declaration, and written down as one."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.qdrant import names, schema
from ansible_collections.borgstack.platform.plugins.module_utils.qdrant.connection import Server
from ansible_collections.borgstack.platform.plugins.module_utils.qdrant.declaration import DISABLED, UNNAMED, Wanted

# The server calls its answer's part otherwise than what it takes.
SECTIONS = {
    "hnsw_config": ("hnsw_config", schema.HNSW),
    "optimizers_config": ("optimizer_config", schema.OPTIMIZERS),
    "wal_config": ("wal_config", schema.WAL),
}


class Collection(t.NamedTuple):
    """A collection that exists.

    Attributes:
        config: its properties, in the form of `declaration.Wanted.config`.
        indexes: its payload indexes by field, each with its type and parameters.
        points: about how many points it holds.
    """

    config: t.Mapping[str, t.Any]
    indexes: t.Mapping[str, dict] = {}
    points: int = 0


class Actual(t.NamedTuple):
    """What a server is like; by default an empty one that is not asked.

    Attributes:
        collections: all its collections by name; none for those that were not read.
        aliases: the collection of each of its aliases.
        version: its version, or none where it is not known.
        clustered: whether it is part of a cluster, or none where that is not known.
    """

    collections: t.Mapping[str, Collection | None] = {}
    aliases: t.Mapping[str, str] = {}
    version: tuple | None = None
    clustered: bool | None = None


def inspect(server: Server, wanted: list[Wanted]) -> Actual:
    """Return what the server is like, as far as it concerns the declared collections."""
    declared = {one.name for one in wanted}
    return Actual(
        _collections(server, declared.__contains__),
        _aliases(server),
        server.version,
        _is_clustered(server) if any(needs_cluster(one) for one in wanted) else None,
    )


def everything(server: Server, chosen: t.Collection[str] | None = None) -> Actual:
    """Return all of a server, or only what concerns the chosen collections."""
    asked = (lambda name: True) if chosen is None else chosen.__contains__
    return Actual(_collections(server, asked), _aliases(server), server.version)


def _collections(server: Server, asked: t.Callable[[str], bool]) -> dict[str, Collection | None]:
    listed = [item["name"] for item in server.call("GET", ["collections"])["collections"]]
    found = {name: read(server, name) if asked(name) else None for name in listed}
    # One that somebody deletes meanwhile is gone.
    return {name: one for name, one in found.items() if one is not None or not asked(name)}


def _aliases(server: Server) -> dict[str, str]:
    answer = server.call("GET", ["aliases"])
    return {item["alias_name"]: item["collection_name"] for item in answer["aliases"]}


def needs_cluster(one: Wanted) -> bool:
    """Return whether a declared collection needs more than one node."""
    return any(one.config.get(key, 1) > 1 for key in ("replication_factor", "write_consistency_factor"))


def _is_clustered(server: Server) -> bool | None:
    try:
        return server.call("GET", ["cluster"])["status"] == "enabled"
    except PlatformError:
        # A key for collections alone may not ask; then the server itself has to say.
        return None


def read(server: Server, name: str) -> Collection | None:
    """Return a collection, or none where it does not exist."""
    answer = server.call("GET", ["collections", name], absent=True)
    return None if answer is None else collection(answer)


def collection(answer: dict) -> Collection:
    """Return a collection from what the server tells about it."""
    told = answer["config"]
    params = told["params"]
    config: dict[str, t.Any] = {key: params[key] for key in schema.COLLECTION if params.get(key) is not None}
    for key, (section, properties) in SECTIONS.items():
        config[key] = _known(properties, told.get(section))
    vectors = params.get("vectors") or {}
    # The size of a vector is a number, and a vector of that name a mapping.
    vectors = {UNNAMED: vectors} if isinstance(vectors.get("size"), int) else vectors
    config["vectors"] = {name: _vector(vector) for name, vector in vectors.items()}
    config["sparse_vectors"] = {
        name: _sparse(vector or {}) for name, vector in (params.get("sparse_vectors") or {}).items()
    }
    config["quantization_config"] = _quantization(told.get("quantization_config")) or DISABLED
    indexes = {names.field(field): _index(item) for field, item in (answer.get("payload_schema") or {}).items()}
    return Collection(config, indexes, answer.get("points_count") or 0)


def _known(properties: t.Mapping[str, schema.Property], told: dict | None) -> dict:
    # What a later server tells beyond that cannot be declared.
    return {
        key: value
        for key, value in (told or {}).items()
        if key in properties and value is not None and _is_declarable(properties[key], value)
    }


def _is_declarable(known: schema.Property, value: t.Any) -> bool:
    # A server's configuration file may hold numbers that no request may.
    try:
        return isinstance(value, str) or known.kind(value) is not None
    except ValueError:
        return False


def _vector(told: dict) -> dict:
    found = _known(schema.VECTOR, told)
    for key, properties in (("hnsw_config", schema.HNSW), ("multivector_config", schema.MULTIVECTOR)):
        if told.get(key):
            found[key] = _known(properties, told[key])
    quantization = _quantization(told.get("quantization_config"))
    return {**found, "quantization_config": quantization} if quantization else found


def _sparse(told: dict) -> dict:
    index = _known(schema.SPARSE_INDEX, told.get("index"))
    return {**_known(schema.SPARSE, told), **({"index": index} if index else {})}


def _quantization(told: dict | None) -> dict | None:
    for kind, value in (told or {}).items():
        if kind in schema.QUANTIZATION:
            return {kind: _known(schema.QUANTIZATION[kind], value)}
    return None


def _index(told: dict) -> dict:
    kind = told["data_type"]
    return {"type": kind, **_known(schema.INDEX.get(kind, {}), told.get("params"))}


def written(name: str, found: Collection, aliases: t.Mapping[str, str]) -> dict:
    """Return a collection as an item of the module's list, so that declaring it changes nothing.

    Args:
        name: its name.
        found: the collection.
        aliases: the collection of each alias on the server.
    """
    vectors = found.config["vectors"]
    return {
        "name": name,
        **{key: value for key, value in found.config.items() if value != {}},
        **({"vectors": vectors.get(UNNAMED, vectors)} if vectors else {}),
        "payload_indexes": [
            {"field": field, "schema": index["type"] if len(index) == 1 else dict(index)}
            for field, index in sorted(found.indexes.items())
            if index["type"] in schema.INDEX
        ],
        "aliases": sorted(alias for alias, target in aliases.items() if target == name),
        "state": "present",
    }
