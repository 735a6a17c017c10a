# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Info: existing buckets in the shape in which they are declared."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.s3 import inspect
from ansible_collections.borgstack.platform.plugins.module_utils.s3.connection import CONCURRENCY, Server
from ansible_collections.borgstack.platform.plugins.module_utils.s3.features import FEATURES, own_tags


def describe(server: Server, names: list[str] | None = None, prefixes: bool = False, usage: bool = False) -> dict:
    """Return the server's buckets as they would be declared.

    Args:
        server: the server.
        names: only these; all that the access key may list where it is none.
        prefixes: whether the prefixes up to the first slash are wanted, too.
        usage: whether it is wanted how many objects there are.

    Returns:
        `buckets`, sorted by name; `unsupported`, the features that the server does not offer; and `usage` by name,
        where it is wanted.

    Raises:
        PlatformError: the server cannot be reached or refuses.
    """
    visible = inspect.visible(server)
    if names is None:
        if visible is None:
            raise PlatformError(
                CONFIGURATION,
                "the access key may not list all buckets",
                "name the buckets, or allow the key s3:ListAllMyBuckets",
                where=server.name,
            )
        wanted = sorted(visible)
    else:
        wanted = [name for name in sorted(set(names)) if inspect.exists(server, name, visible)]
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        found = list(pool.map(lambda name: inspect.read_features(server, name, FEATURES), wanted))
        buckets = [as_declared(name, item) for name, item in zip(wanted, found)]
        if prefixes:
            for bucket, keys in zip(buckets, pool.map(lambda name: _prefixes(server, name), wanted)):
                bucket["prefixes"] = keys
        counted = {"usage": dict(zip(wanted, pool.map(lambda name: _usage(server, name), wanted)))} if usage else {}
    return {"buckets": buckets, "unsupported": sorted({key for item in found for key in item.lacking}), **counted}


def as_declared(name: str, found: inspect.Bucket) -> dict:
    """Return a bucket as it would be declared: what is not set is left out."""
    features = {key: own_tags(value) if key == "tags" else value for key, value in found.features.items()}
    return {"name": name, **{key: value for key, value in features.items() if value not in (None, {})}}


def _prefixes(server: Server, name: str) -> list[str]:
    pages = server.pages("list_objects_v2", Bucket=name, Delimiter="/")
    return [item["Prefix"] for page in pages for item in page.get("CommonPrefixes", [])]


def _usage(server: Server, name: str) -> dict:
    pages = server.pages("list_objects_v2", Bucket=name)
    sizes = [item["Size"] for page in pages for item in page.get("Contents", [])]
    return {"objects": len(sizes), "bytes": sum(sizes)}
