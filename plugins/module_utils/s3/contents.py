# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is in a bucket: named before it is deleted, and deleted where that is asked for."""

from __future__ import annotations

from ansible_collections.borgstack.platform.plugins.module_utils.errors import DATA, NETWORK, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.s3 import answers
from ansible_collections.borgstack.platform.plugins.module_utils.s3.connection import Server

# As many as one request may delete.
BATCH = 1000


def in_words(server: Server, name: str) -> str:
    """Return what is in a bucket, in words; empty where nothing is.

    Raises:
        PlatformError: the server cannot be reached or refuses.
    """
    if (server.call("list_objects_v2", ("NoSuchBucket",), Bucket=name, MaxKeys=1) or {}).get("Contents"):
        return "objects"
    # Some servers delete a bucket with these in it without a word.
    versions = _offered(server, "list_object_versions", Bucket=name, MaxKeys=1)
    if versions.get("Versions") or versions.get("DeleteMarkers"):
        return "earlier versions of deleted objects"
    if _offered(server, "list_multipart_uploads", Bucket=name, MaxUploads=1).get("Uploads"):
        return "unfinished uploads"
    return ""


def _offered(server: Server, method: str, **arguments) -> dict:
    try:
        return server.call(method, ("NoSuchBucket",), **arguments) or {}
    except answers.Unsupported:
        return {}


def delete(server: Server, name: str) -> None:
    """Delete all that is in a bucket: unfinished uploads, objects, their versions and delete markers.

    Raises:
        PlatformError: the server cannot be reached or refuses; says how many objects had been deleted.
    """
    deleted = 0
    for method, parts, delete_batch in (
        ("list_multipart_uploads", ("Uploads",), _abort),
        ("list_object_versions", ("Versions", "DeleteMarkers"), _delete_batch),
        # For a server without versions; one with them has nothing left to list.
        ("list_objects_v2", ("Contents",), _delete_batch),
    ):
        before: set[tuple] = set()
        # Listed from the beginning each time: not all servers go on behind a key that was deleted meanwhile.
        while batch := _first(server, method, name, parts):
            try:
                again = [item["Key"] for item in batch if tuple(item.values()) in before]
                _refuse(name, [(key, "it is there again after it was deleted") for key in again])
                delete_batch(server, name, batch)
            except PlatformError as error:
                if deleted:
                    error.done = [f"delete {deleted} objects, versions and uploads in bucket {name}"]
                raise
            deleted += len(batch)
            before = {tuple(item.values()) for item in batch}


def _first(server: Server, method: str, name: str, parts: tuple[str, ...]) -> list[dict]:
    page = _offered(server, method, Bucket=name)
    listed = [item for part in parts for item in page.get(part, [])][:BATCH]
    return [{key: item[key] for key in ("Key", "VersionId", "UploadId") if key in item} for item in listed]


def _abort(server: Server, name: str, batch: list[dict]) -> None:
    for upload in batch:
        server.call("abort_multipart_upload", ("NoSuchUpload",), Bucket=name, **upload)


def _delete_batch(server: Server, name: str, batch: list[dict]) -> None:
    try:
        answer = server.call("delete_objects", Bucket=name, Delete={"Objects": batch, "Quiet": True}) or {}
        kept = [(item.get("Key", ""), item.get("Message") or item.get("Code", "")) for item in answer.get("Errors", [])]
    except PlatformError as error:
        if error.category == NETWORK:
            raise
        # Not offered, or a key that XML cannot hold.
        kept = _delete_singly(server, name, batch)
    _refuse(name, kept)


def _delete_singly(server: Server, name: str, batch: list[dict]) -> list[tuple[str, str]]:
    kept = []
    for item in batch:
        try:
            server.call("delete_object", ("NoSuchKey", "NoSuchVersion"), Bucket=name, **item)
        except PlatformError as error:
            if error.category == NETWORK:
                raise
            kept.append((item["Key"], error.what))
    return kept


def _refuse(name: str, kept: list[tuple[str, str]]) -> None:
    if kept:
        some = "; ".join(f"{key}: {reason}" for key, reason in kept[:3])
        raise PlatformError(
            DATA,
            f"{len(kept)} of its objects and versions cannot be deleted: {some}",
            "see whether they are under retention or legal hold (object lock), whether the access key has the rights "
            "s3:DeleteObject and s3:DeleteObjectVersion, and whether somebody still writes",
            where=f"bucket {name}",
        )
