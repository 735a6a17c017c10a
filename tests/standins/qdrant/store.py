"""What the stand-in for Qdrant keeps: collections and aliases in memory, changed as the documentation says."""

from __future__ import annotations

import copy
import re
import struct
import typing as t

# The documented defaults, as GET /collections/{name} of a fresh collection shows them.
HNSW = {"m": 16, "ef_construct": 100, "full_scan_threshold": 10000, "max_indexing_threads": 0, "on_disk": False}
OPTIMIZER = {
    "deleted_threshold": 0.2,
    "vacuum_min_vector_number": 1000,
    "default_segment_number": 0,
    "max_segment_size": None,
    "memmap_threshold": None,
    "indexing_threshold": 20000,
    "flush_interval_sec": 5,
    "max_optimization_threads": None,
}
WAL = {"wal_capacity_mb": 32, "wal_segments_ahead": 0}
PARAMS = {"shard_number": 1, "replication_factor": 1, "write_consistency_factor": 1, "on_disk_payload": True}
FORBIDDEN = '<>:"/\\|?*\0\x1f'
PATH = re.compile(r'(?:[\w-]+|"[^"\\]*")(?:\.(?:[\w-]+|"[^"\\]*")|\[[0-9]*\])*')


class Refused(Exception):
    """A request that the server answers with an error.

    Args:
        status: the HTTP status.
        message: the text of `status.error`.
    """

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status
        self.message = message


def wrong(message: str) -> Refused:
    """Return the answer to a request that cannot be carried out."""
    return Refused(400, f"Wrong input: {message}")


class Store:
    """Collections and aliases; methods raise `Refused` as the server would answer.

    Attributes:
        statuses: by collection, the statuses that it is to show one after the other; the last one stays.
        optimizer_error: what the optimizer of a red collection says.
    """

    def __init__(self):
        self.collections: dict[str, dict] = {}
        self.aliases: dict[str, str] = {}
        self.statuses: dict[str, list[str]] = {}
        self.optimizer_error = "not enough memory"

    def names(self) -> dict:
        """Answer GET /collections."""
        return {"collections": [{"name": name} for name in self.collections]}

    def create(self, name: str, body: dict) -> bool:
        """Answer PUT /collections/{name}."""
        _check_name(name, 255)
        if name in self.collections:
            raise Refused(409, f"Wrong input: Collection `{name}` already exists!")
        if name in self.aliases:
            raise wrong(f"Can't create collection with name {name}. Alias with the same name already exists")
        vectors = body.get("vectors") or {}
        sparse = body.get("sparse_vectors") or {}
        named = {} if "size" in vectors else vectors
        for vector in (*named, *sparse):
            _check_name(vector, 200)
        if set(named) & set(sparse):
            raise wrong("Dense and sparse vector names must be unique")
        for vector in named.values() if named else [vectors] if vectors else []:
            if not 1 <= vector["size"] <= 65536:
                raise Refused(422, "Validation error in JSON body: [vectors.size: must be from 1 to 65536]")
        params = {**PARAMS, **{key: body[key] for key in PARAMS if body.get(key) is not None}}
        if body.get("sharding_method"):
            params["sharding_method"] = body["sharding_method"]
        params["vectors"] = _as_kept(vectors)
        if sparse:
            params["sparse_vectors"] = _as_kept(sparse)
        self.collections[name] = {
            "params": params,
            "hnsw_config": _merged(HNSW, body.get("hnsw_config")),
            "optimizer_config": _merged(OPTIMIZER, _threads(body.get("optimizers_config"))),
            "wal_config": _merged(WAL, body.get("wal_config")),
            "quantization_config": _as_kept(body.get("quantization_config")),
            "indexes": {},
            "points": set(),
        }
        return True

    def info(self, name: str) -> dict:
        """Answer GET /collections/{name}, which takes an alias, too."""
        found = self._found(name)
        told = copy.deepcopy({key: value for key, value in found.items() if key not in ("indexes", "points")})
        status = self._status(self.aliases.get(name, name))
        return {
            "status": status,
            "optimizer_status": {"error": self.optimizer_error} if status == "red" else "ok",
            "indexed_vectors_count": 0,
            "points_count": len(found["points"]),
            "segments_count": 2,
            "config": told,
            "payload_schema": {
                field: {**index, "points": len(found["points"])} for field, index in found["indexes"].items()
            },
        }

    def update(self, name: str, body: dict) -> bool:
        """Answer PATCH /collections/{name}."""
        found = self._found(name)
        params = found["params"]
        vectors = {"": params["vectors"]} if "size" in params["vectors"] else params["vectors"]
        for vector, diff in (body.get("vectors") or {}).items():
            if vector not in vectors:
                raise wrong(f"Not existing vector name error: {vector}")
            _update_vector(vectors[vector], diff)
        for vector, diff in (body.get("sparse_vectors") or {}).items():
            if vector not in params.get("sparse_vectors", {}):
                raise wrong(f"Not existing vector name error: {vector}")
            _update_sparse(params["sparse_vectors"][vector], diff)
        found["hnsw_config"] = _merged(found["hnsw_config"], body.get("hnsw_config"))
        found["optimizer_config"] = _merged(found["optimizer_config"], body.get("optimizers_config"))
        found["optimizer_config"] = _threads(found["optimizer_config"])
        params.update({key: value for key, value in (body.get("params") or {}).items() if value is not None})
        if body.get("quantization_config") is not None:
            found["quantization_config"] = _quantization(body["quantization_config"])
        return True

    def delete(self, name: str) -> bool:
        """Answer DELETE /collections/{name}."""
        self.aliases = {alias: target for alias, target in self.aliases.items() if target != name}
        return self.collections.pop(name, None) is not None

    def add_vector(self, name: str, vector: str, body: dict) -> dict:
        """Answer PUT /collections/{name}/vectors/{vector}."""
        _check_name(vector, 200)
        params = self._found(name)["params"]
        if "size" in params["vectors"]:
            raise wrong("Cannot add a named vector to a collection with an unnamed one")
        if vector in params["vectors"] or vector in params.get("sparse_vectors", {}):
            raise wrong(f"Vector {vector} already exists")
        if "dense" in body:
            params["vectors"][vector] = _as_kept(body["dense"])
        else:
            sparse = _as_kept(body["sparse"])
            kept = {"index": {"datatype": sparse.pop("datatype")}} if "datatype" in sparse else {}
            params.setdefault("sparse_vectors", {})[vector] = {**sparse, **kept}
        return {"operation_id": 1, "status": "completed"}

    def create_index(self, name: str, body: dict) -> dict:
        """Answer PUT /collections/{name}/index."""
        found, field, schema = self._found(name), body["field_name"], body.get("field_schema")
        if not PATH.fullmatch(field):
            raise Refused(400, f'Format error in JSON body: Invalid json path: "{field}"')
        if schema is None:
            raise wrong("Field type could not be inferred")
        if isinstance(schema, str):
            found["indexes"][field] = {"data_type": schema}
        else:
            found["indexes"][field] = {"data_type": schema["type"], "params": _as_kept(schema)}
        return {"operation_id": 1, "status": "completed"}

    def delete_index(self, name: str, field: str) -> dict:
        """Answer DELETE /collections/{name}/index/{field}."""
        self._found(name)["indexes"].pop(field, None)
        return {"operation_id": 1, "status": "completed"}

    def all_aliases(self) -> dict:
        """Answer GET /aliases."""
        return {"aliases": [{"alias_name": alias, "collection_name": target} for alias, target in self.aliases.items()]}

    def change_aliases(self, body: dict) -> bool:
        """Answer POST /collections/aliases."""
        aliases = dict(self.aliases)
        for action in body["actions"]:
            if "create_alias" in action:
                alias, target = action["create_alias"]["alias_name"], action["create_alias"]["collection_name"]
                _check_name(alias, 255)
                if target not in self.collections:
                    raise Refused(404, f"Not found: Collection `{target}` doesn't exist!")
                if alias in self.collections:
                    raise Refused(409, f"Wrong input: Collection `{alias}` already exists!")
                aliases[alias] = target
            elif "delete_alias" in action:
                aliases.pop(action["delete_alias"]["alias_name"], None)
            else:
                rename = action["rename_alias"]
                aliases[rename["new_alias_name"]] = aliases.pop(rename["old_alias_name"])
        self.aliases = aliases
        return True

    def add_points(self, name: str, body: dict) -> dict:
        """Answer PUT /collections/{name}/points: only their ids are kept."""
        self._found(name)["points"].update(point["id"] for point in body["points"])
        return {"operation_id": 1, "status": "completed"}

    def _found(self, name: str) -> dict:
        target = self.aliases.get(name, name)
        if target not in self.collections:
            raise Refused(404, f"Not found: Collection `{name}` doesn't exist!")
        return self.collections[target]

    def _status(self, name: str) -> str:
        statuses = self.statuses.get(name, ["green"])
        return statuses.pop(0) if len(statuses) > 1 else statuses[0]


def _check_name(name: str, most: int) -> None:
    if not 1 <= len(name.encode()) <= most:
        raise Refused(422, f"Validation error in path parameters: [name: must have 1 to {most} bytes]")
    for character in FORBIDDEN:
        if character in name:
            raise Refused(422, f'Validation error in path parameters: [name: cannot contain "{character}" char]')


def _merged(base: dict, diff: dict | None) -> dict:
    return {**base, **{key: value for key, value in (diff or {}).items() if value is not None}}


def _threads(config: dict | None) -> dict:
    # It says auto with null.
    return {key: None if value == "auto" else value for key, value in (config or {}).items()}


def _as_kept(value: t.Any) -> t.Any:
    """Return a value as the server shows it: without nulls, fractions in single precision."""
    if isinstance(value, dict):
        return {key: _as_kept(item) for key, item in value.items() if item is not None}
    return _single(value) if isinstance(value, float) else value


def _single(value: float) -> float:
    # Nine digits tell any single from its neighbours, but not what lies halfway between two.
    (kept,) = struct.unpack("f", struct.pack("f", value))
    spellings = (float(f"{kept:.{digits}g}") for digits in range(1, 10))
    return next(spelling for spelling in spellings if struct.pack("f", spelling) == struct.pack("f", kept))


def _quantization(diff: t.Any) -> t.Any:
    return None if diff == "Disabled" else _as_kept(diff)


def _update_vector(vector: dict, diff: dict) -> None:
    if diff.get("hnsw_config") is not None:
        # An empty one takes back what was set.
        vector["hnsw_config"] = _merged(vector.get("hnsw_config", {}), diff["hnsw_config"])
        if not any(value is not None for value in diff["hnsw_config"].values()):
            del vector["hnsw_config"]
    if diff.get("quantization_config") is not None:
        vector["quantization_config"] = _quantization(diff["quantization_config"])
        if vector["quantization_config"] is None:
            del vector["quantization_config"]
    vector.update({key: diff[key] for key in ("on_disk", "memory") if diff.get(key) is not None})


def _update_sparse(vector: dict, diff: dict) -> None:
    if diff.get("modifier") is not None:
        vector["modifier"] = diff["modifier"]
    if diff.get("index") is not None:
        vector["index"] = _merged(vector.get("index", {}), diff["index"])
