"""Documents, as far as an application's stand-in needs them: filters by equality, updates by `$set` and replacement."""

from __future__ import annotations

import threading
from pathlib import Path

import bson
from standins.mongodb import disk
from standins.mongodb.failures import Failure

FIND = {
    "find": str,
    "filter": dict,
    "projection": dict,
    "sort": dict,
    "limit": int,
    "batchSize": int,
    "singleBatch": bool,
}
INSERT = {"insert": str, "documents!": list, "ordered": bool}
UPDATE = {"update": str, "updates!": list, "ordered": bool}
DELETE = {"delete": str, "deletes!": list, "ordered": bool}
LIST_COLLECTIONS = {
    "listCollections": (int, float),
    "filter": dict,
    "nameOnly": bool,
    "authorizedCollections": bool,
    "cursor": dict,
}


class Documents:
    """Documents by database and collection.

    Args:
        path: where they are kept over a restart; nowhere by default.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self.databases: dict[str, dict[str, list[dict]]] = disk.read(path)
        self.lock = threading.Lock()

    def of(self, database: str, collection: str) -> list[dict]:
        """Return the list of a collection's documents, which is made where it is missing."""
        return self.databases.setdefault(database, {}).setdefault(collection, [])

    def keep(self) -> None:
        """Write all down."""
        disk.write(self._path, self.databases)


def find(session, request: dict) -> dict:
    """Return the documents that a filter matches, in one batch."""
    documents = _allowed(session, "find", request)
    with documents.lock:
        found = [one for one in documents.of(request["$db"], request["find"]) if _matches(one, request.get("filter"))]
    limit = abs(request.get("limit", 0)) or len(found)
    return {"cursor": {"id": bson.Int64(0), "ns": f"{request['$db']}.{request['find']}", "firstBatch": found[:limit]}}


def insert(session, request: dict) -> dict:
    """Add documents; those whose `_id` is taken are reported."""
    documents = _allowed(session, "insert", request)
    errors = []
    with documents.lock:
        kept = documents.of(request["$db"], request["insert"])
        for index, document in enumerate(request["documents"]):
            if any(one["_id"] == document["_id"] for one in kept):
                message = f"E11000 duplicate key error collection: {request['$db']}.{request['insert']}"
                errors.append({"index": index, "code": 11000, "errmsg": message})
                break
            kept.append(document)
        documents.keep()
    done = len(request["documents"]) if not errors else errors[0]["index"]
    return {"n": done, **({"writeErrors": errors} if errors else {})}


def update(session, request: dict) -> dict:
    """Change documents, or add one where none matches and `upsert` is set."""
    documents = _allowed(session, "update", request)
    matched, upserted = 0, []
    with documents.lock:
        kept = documents.of(request["$db"], request["update"])
        for index, change in enumerate(request["updates"]):
            places = [place for place, one in enumerate(kept) if _matches(one, change["q"])]
            for place in places if change.get("multi") else places[:1]:
                kept[place] = _changed(kept[place], change["u"])
                matched += 1
            if not places and change.get("upsert"):
                new = _changed({"_id": bson.ObjectId(), **change["q"]}, change["u"])
                kept.append(new)
                upserted.append({"index": index, "_id": new["_id"]})
        documents.keep()
    answer = {"n": matched + len(upserted), "nModified": matched}
    return {**answer, **({"upserted": upserted} if upserted else {})}


def delete(session, request: dict) -> dict:
    """Remove the documents that filters match."""
    documents = _allowed(session, "remove", request)
    removed = 0
    with documents.lock:
        kept = documents.of(request["$db"], request["delete"])
        for change in request["deletes"]:
            doomed = [one for one in kept if _matches(one, change["q"])][: change["limit"] or None]
            kept[:] = [one for one in kept if one not in doomed]
            removed += len(doomed)
        documents.keep()
    return {"n": removed}


def list_collections(session, request: dict) -> dict:
    """Return the names of a database's collections."""
    documents = _allowed(session, "listCollections", request)
    names = sorted(documents.databases.get(request["$db"], {}))
    batch = [{"name": name, "type": "collection"} for name in names]
    return {"cursor": {"id": bson.Int64(0), "ns": f"{request['$db']}.$cmd.listCollections", "firstBatch": batch}}


def _allowed(session, action: str, request: dict) -> Documents:
    database, name = request["$db"], next(iter(request))
    session.need(action, database, f"not authorized on {database} to execute command {{ {name}: 1 }}")
    return session.server.documents


def _matches(document: dict, wanted: dict | None) -> bool:
    for key, value in (wanted or {}).items():
        if key.startswith("$") or (isinstance(value, dict) and any(name.startswith("$") for name in value)):
            raise Failure(2, f"this stand-in filters by equality only, not by {key}: {value}")
        if document.get(key) != value:
            return False
    return True


def _changed(document: dict, change: dict) -> dict:
    operators = {name for name in change if name.startswith("$")}
    if operators - {"$set"}:
        raise Failure(2, f"this stand-in knows $set only, not {', '.join(sorted(operators))}")
    if not operators:
        return {"_id": document["_id"], **change}
    return {**document, **change.get("$set", {})}
