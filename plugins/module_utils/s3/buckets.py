# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Buckets: inspect, plan and apply."""

from __future__ import annotations

import ipaddress
import json
import re
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    DATA,
    INTEGRATION,
    PlatformError,
)
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.s3.connection import Server
from ansible_collections.borgstack.platform.plugins.module_utils.s3.policy import canonical_policy, canonical_rules

NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


class Feature(t.NamedTuple):
    """A property of a bucket: how it is read, compared and written."""

    read: str
    absent: tuple
    value_of: t.Callable[[dict | None], t.Any]
    canonical: t.Callable[[t.Any], t.Any]
    write: str
    arguments_of: t.Callable[[t.Any], dict]
    remove: str


def _tags(answer: dict | None) -> dict:
    return {tag["Key"]: tag["Value"] for tag in (answer or {}).get("TagSet", [])}


# Only the features that are declared are ever asked for: S3-compatible servers lack different ones.
FEATURES = {
    "versioning": Feature(
        "get_bucket_versioning",
        (),
        lambda answer: (answer or {}).get("Status") == "Enabled",
        bool,
        "put_bucket_versioning",
        lambda on: {"VersioningConfiguration": {"Status": "Enabled" if on else "Suspended"}},
        "",
    ),
    "lifecycle": Feature(
        "get_bucket_lifecycle_configuration",
        ("NoSuchLifecycleConfiguration", "404"),
        lambda answer: (answer or {}).get("Rules", []),
        canonical_rules,
        "put_bucket_lifecycle_configuration",
        lambda rules: {"LifecycleConfiguration": {"Rules": rules}},
        "delete_bucket_lifecycle",
    ),
    "cors": Feature(
        "get_bucket_cors",
        ("NoSuchCORSConfiguration", "404"),
        lambda answer: (answer or {}).get("CORSRules", []),
        canonical_rules,
        "put_bucket_cors",
        lambda rules: {"CORSConfiguration": {"CORSRules": rules}},
        "delete_bucket_cors",
    ),
    "policy": Feature(
        "get_bucket_policy",
        ("NoSuchBucketPolicy", "404"),
        lambda answer: (answer or {}).get("Policy"),
        canonical_policy,
        "put_bucket_policy",
        lambda policy: {"Policy": json.dumps(policy)},
        "delete_bucket_policy",
    ),
    "tags": Feature(
        "get_bucket_tagging",
        ("NoSuchTagSet", "404"),
        _tags,
        lambda tags: {str(key): str(value) for key, value in tags.items()},
        "put_bucket_tagging",
        lambda tags: {"Tagging": {"TagSet": [{"Key": str(key), "Value": str(value)} for key, value in tags.items()]}},
        "delete_bucket_tagging",
    ),
}


def check(buckets: list[dict]) -> None:
    """Refuse what cannot be meant.

    Raises:
        PlatformError: a name that S3 does not allow, one declared twice, or a quota, which S3 has no request for.
    """
    seen = set()
    for bucket in buckets:
        name, where = bucket["name"], f"bucket {bucket['name']}"
        if not NAME.fullmatch(name) or ".." in name or _is_address(name):
            raise PlatformError(
                CONFIGURATION,
                f"{name!r} is not a bucket name",
                "use 3 to 63 lower-case letters, digits, dots and dashes, and no address",
                where=where,
            )
        if name in seen:
            raise PlatformError(CONFIGURATION, "it is declared twice", "declare it once", where=where)
        seen.add(name)
        if bucket.get("quota") is not None:
            raise PlatformError(
                INTEGRATION,
                "S3 has no request for a quota",
                "remove it and set it with the server's own tool",
                where=where,
            )


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def inspect(server: Server, buckets: list[dict]) -> dict[str, dict]:
    """Return the declared buckets that exist, by name, with their declared features."""
    existing = {item["Name"] for item in (server.call("list_buckets") or {}).get("Buckets", [])}
    return {bucket["name"]: _features(server, bucket) for bucket in buckets if bucket["name"] in existing}


def _features(server: Server, bucket: dict) -> dict:
    name, found = bucket["name"], {}
    for key, feature in FEATURES.items():
        if bucket["state"] == "present" and bucket.get(key) is not None:
            found[key] = feature.value_of(server.call(feature.read, feature.absent, Bucket=name))
    if bucket["state"] == "present":
        found["prefixes"] = [
            prefix
            for prefix in bucket.get("prefixes") or []
            if server.call("head_object", ("404", "NoSuchKey"), Bucket=name, Key=marker(prefix)) is not None
        ]
    else:
        listing = server.call("list_objects_v2", Bucket=name, MaxKeys=1) or {}
        found["empty"] = not listing.get("KeyCount", len(listing.get("Contents", [])))
    return found


def marker(prefix: str) -> str:
    """Return the key of the empty object that makes a prefix visible."""
    return prefix.strip("/") + "/"


def plan(buckets: list[dict], actual: dict[str, dict]) -> list[Step]:
    """Return the steps from what is to what is declared; an undeclared feature is left as it is.

    Raises:
        PlatformError: a bucket that is to go is not empty.
    """
    check(buckets)
    steps: list[Step] = []
    for bucket in buckets:
        found = actual.get(bucket["name"])
        steps.extend(_absent(bucket, found) if bucket["state"] == "absent" else _present(bucket, found))
    return steps


def _absent(bucket: dict, found: dict | None) -> t.Iterator[Step]:
    if found is None:
        return
    name = bucket["name"]
    if not found["empty"] and not bucket["force"]:
        raise PlatformError(
            DATA, "it is not empty", "empty it, or set force to delete what is in it", where=f"bucket {name}"
        )
    words = f"delete bucket {name}{'' if found['empty'] else ' and all that is in it'}"
    yield Step(f"bucket {name}", words, ("delete", name, bucket["force"]), {"present": True}, {})


def _present(bucket: dict, found: dict | None) -> t.Iterator[Step]:
    name = bucket["name"]
    if found is None:
        yield Step(f"bucket {name}", f"create bucket {name}", ("create", name, None), {}, {"present": True})
        found = {}
    for key, feature in FEATURES.items():
        if bucket.get(key) is None:
            continue
        wanted, is_now = (
            feature.canonical(bucket[key]),
            feature.canonical(found.get(key) or feature.value_of(None) or {}),
        )
        if wanted != is_now:
            words = f"{'set' if bucket[key] or not feature.remove else 'remove'} {key} of bucket {name}"
            yield Step(f"bucket {name}", words, (key, name, bucket[key]), {key: is_now}, {key: wanted})
    for prefix in bucket.get("prefixes") or []:
        if prefix not in found.get("prefixes", []):
            after = {f"prefix {marker(prefix)}": True}
            yield Step(
                f"bucket {name}",
                f"create prefix {marker(prefix)} in bucket {name}",
                ("prefix", name, prefix),
                {},
                after,
            )


def apply(server: Server, step: Step) -> None:
    """Carry out one step.

    Raises:
        PlatformError: the server cannot be reached or refuses.
    """
    kind, name, value = step.operation
    if kind == "create":
        region = (
            {} if server.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": server.region}}
        )
        server.call("create_bucket", ("BucketAlreadyOwnedByYou",), Bucket=name, **region)
    elif kind == "delete":
        if value:
            _empty(server, name)
        server.call("delete_bucket", ("NoSuchBucket",), Bucket=name)
    elif kind == "prefix":
        server.call("put_object", Bucket=name, Key=marker(value), Body=b"")
    else:
        feature = FEATURES[kind]
        if value or not feature.remove:
            server.call(feature.write, Bucket=name, **feature.arguments_of(value))
        else:
            server.call(feature.remove, Bucket=name)


def _empty(server: Server, name: str) -> None:
    for page in server.pages("list_multipart_uploads", Bucket=name):
        for upload in page.get("Uploads", []):
            server.call("abort_multipart_upload", Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
    for page in server.pages("list_object_versions", Bucket=name):
        for item in page.get("Versions", []) + page.get("DeleteMarkers", []):
            server.call("delete_object", Bucket=name, Key=item["Key"], VersionId=item["VersionId"])
    # A server without versions lists none.
    for page in server.pages("list_objects_v2", Bucket=name):
        for item in page.get("Contents", []):
            server.call("delete_object", Bucket=name, Key=item["Key"])
