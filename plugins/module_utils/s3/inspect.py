# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Inspect: what a server has of the declared buckets."""

from __future__ import annotations

import typing as t
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.borgstack.platform.plugins.module_utils.errors import DATA, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.s3 import answers, contents
from ansible_collections.borgstack.platform.plugins.module_utils.s3.connection import CONCURRENCY, Server
from ansible_collections.borgstack.platform.plugins.module_utils.s3.features import FEATURES


class Bucket(t.NamedTuple):
    """A bucket that exists.

    Attributes:
        features: the values of the features that were asked for; none where they are not set.
        lacking: the features that the server does not offer.
        hidden: the features that the access key may not ask for; only where they are not declared.
        prefixes: the declared prefixes that are visible.
        content: what is in it, in words; empty where nothing is. Only asked for a bucket that is to go.
    """

    features: t.Mapping[str, t.Any] = {}
    lacking: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    prefixes: frozenset[str] = frozenset()
    content: str = ""


class Actual(t.NamedTuple):
    """What a server is like; by default an empty one that is not asked.

    Attributes:
        buckets: the declared buckets that exist, by name.
        names: all buckets that the access key may list; none where it may list none.
        lacking: the features that the server does not offer for buckets that do not exist yet.
    """

    buckets: t.Mapping[str, Bucket] = {}
    names: frozenset[str] | None = frozenset()
    lacking: frozenset[str] = frozenset()


def inspect(server: Server, declared: list[dict], everything: bool = False) -> Actual:
    """Return what the server has of the declared buckets.

    Args:
        server: the server.
        declared: the declared buckets.
        everything: whether features that are not declared are asked for, too.

    Raises:
        PlatformError: the server cannot be reached or refuses, or a bucket belongs to somebody else.
    """
    for bucket in declared:
        for key in _wanted(bucket):
            server.validate(FEATURES[key].write, Bucket=bucket["name"], **FEATURES[key].arguments_of(bucket[key]))
    names = visible(server)
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        found = pool.map(lambda bucket: _bucket(server, bucket, names, everything), declared)
        buckets = {bucket["name"]: item for bucket, item in zip(declared, found) if item is not None}
    missing = [bucket for bucket in declared if bucket["name"] not in buckets]
    return Actual(buckets, names, _lacking(server, missing, buckets, names))


def _wanted(bucket: dict) -> list[str]:
    return [key for key in FEATURES if bucket["state"] == "present" and bucket.get(key) is not None]


def visible(server: Server) -> frozenset[str] | None:
    """Return the names of all buckets that the access key may list; none where it may not list them.

    Raises:
        PlatformError: the server cannot be reached or refuses the key, or is not an S3 server.
    """
    try:
        answer = server.call("list_buckets") or {}
    except answers.Denied:
        return None
    if not {"Buckets", "Owner"} & set(answer):
        raise answers.not_s3("its answer is not a list of buckets", server.name)
    return frozenset(item["Name"] for item in answer.get("Buckets", []))


def _bucket(server: Server, bucket: dict, names: frozenset[str] | None, everything: bool) -> Bucket | None:
    name = bucket["name"]
    if not exists(server, name, names):
        return None
    if bucket["state"] == "absent":
        return Bucket(content=contents.in_words(server, name))
    prefixes = [
        key
        for key in bucket["prefixes"]
        if (server.call("list_objects_v2", Bucket=name, Prefix=key, MaxKeys=1) or {}).get("Contents")
    ]
    read = read_features(server, name, _wanted(bucket), FEATURES if everything else ())
    return read._replace(prefixes=frozenset(prefixes))


def read_features(server: Server, name: str, needed: t.Iterable[str], wished: t.Iterable[str] = ()) -> Bucket:
    """Return the features of a bucket.

    Args:
        server: the server.
        name: the bucket's name.
        needed: what is asked for.
        wished: what is asked for where the access key may.

    Raises:
        PlatformError: the server cannot be reached or refuses something that is needed.
    """
    features, lacking, hidden = {}, set(), set()
    needed = list(needed)
    for key in [*needed, *(key for key in wished if key not in needed)]:
        feature = FEATURES[key]
        try:
            features[key] = feature.value_of(server.call(feature.read, feature.absent, Bucket=name) or {})
        except answers.Unsupported:
            lacking.add(key)
        except answers.Denied:
            if key in needed:
                raise
            hidden.add(key)
    return Bucket(features, frozenset(lacking), frozenset(hidden))


def exists(server: Server, name: str, names: frozenset[str] | None) -> bool:
    """Return whether a bucket exists.

    Args:
        server: the server.
        name: the bucket's name.
        names: as returned by `visible`.

    Raises:
        PlatformError: it belongs to somebody else, or the server cannot be reached or refuses.
    """
    if names is not None and name in names:
        return True
    try:
        return server.call("head_bucket", ("404", "NoSuchBucket"), Bucket=name) is not None
    except answers.Denied:
        raise PlatformError(
            DATA,
            "it belongs to another account, or the access key lacks the right to see it",
            "choose another name, or allow the key s3:ListBucket on it",
            where=f"bucket {name} on {server.name}",
        ) from None


def _lacking(
    server: Server, missing: list[dict], buckets: dict[str, Bucket], names: frozenset[str] | None
) -> frozenset[str]:
    # A bucket that does not exist has no features to ask for: what the server offers is learned from another one.
    wanted = {key for bucket in missing for key in _wanted(bucket)}
    lacking = {key for key in wanted for item in buckets.values() if key in item.lacking}
    unknown = sorted(wanted - lacking - {key for item in buckets.values() for key in item.features})
    example = min(buckets or names or (), default=missing[0]["name"] if missing else "")
    for key in unknown:
        feature = FEATURES[key]
        try:
            server.call(feature.read, (*feature.absent, "NoSuchBucket"), Bucket=example)
        except answers.Unsupported:
            lacking.add(key)
        except answers.Denied:
            # It may well be allowed on our own bucket.
            continue
    return frozenset(lacking)
