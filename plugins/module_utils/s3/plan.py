# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Plan: from what is to what is declared, without a server."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import DATA, INTEGRATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.s3.features import FEATURES, own_tags
from ansible_collections.borgstack.platform.plugins.module_utils.s3.inspect import Actual, Bucket

CREATE, DELETE, WRITE, REMOVE, MARK = "create", "delete", "write", "remove", "mark"


def plan(buckets: list[dict], actual: Actual, skip_unsupported: bool = False) -> list[Step]:
    """Return the steps from what is to what is declared; an undeclared feature is left as it is.

    Args:
        buckets: the declared buckets, checked.
        actual: what the server is like.
        skip_unsupported: whether features that the server does not offer are left out.

    Raises:
        PlatformError: the server does not offer a feature, or a bucket that is to go is not empty.
    """
    missing = unsupported(buckets, actual)
    if missing and not skip_unsupported:
        quota = any(words.startswith("quota ") for words in missing)
        raise PlatformError(
            INTEGRATION,
            f"the server does not offer what is declared: {'; '.join(missing)}"
            f"{'; S3 has no request for a quota' if quota else ''}",
            "remove these options, or set skip_unsupported to have the rest"
            f"{'; set a quota with a tool of the server' if quota else ''}",
        )
    steps: list[Step] = []
    for bucket in buckets:
        found = actual.buckets.get(bucket["name"])
        if bucket["state"] == "absent":
            steps.extend(_absent(bucket, found))
        else:
            steps.extend(_present(bucket, found, _lacking(bucket, actual)))
    return steps


def unsupported(buckets: list[dict], actual: Actual) -> list[str]:
    """Return the declared features that the server does not offer, each with its buckets, in words."""
    declared_in: dict[str, list[str]] = {}
    for bucket in buckets:
        if bucket["state"] == "present":
            for key in _lacking(bucket, actual):
                if bucket.get(key) is not None:
                    declared_in.setdefault(key, []).append(bucket["name"])
    return sorted(f"{key} of {', '.join(names)}" for key, names in declared_in.items())


def _lacking(bucket: dict, actual: Actual) -> frozenset[str]:
    found = actual.buckets.get(bucket["name"])
    # S3 has no request for a quota, and what servers have instead is each one's own.
    return (actual.lacking if found is None else found.lacking) | {"quota"}


def _absent(bucket: dict, found: Bucket | None) -> t.Iterator[Step]:
    if found is None:
        return
    name = bucket["name"]
    if found.content and not bucket["force"]:
        raise not_empty(name, found.content)
    words = f"delete bucket {name}{' and all that is in it' if found.content else ''}"
    before = {"present": True, **({"holds": found.content} if found.content else {})}
    yield Step(f"bucket {name}", words, (DELETE, name, bucket["force"]), before)


def not_empty(name: str, content: str) -> PlatformError:
    """Return the refusal to delete a bucket that is not empty."""
    return PlatformError(
        DATA,
        f"it is not empty: it holds {content}",
        "empty it, or set force to delete what is in it",
        where=f"bucket {name}",
    )


def _present(bucket: dict, found: Bucket | None, lacking: frozenset[str]) -> t.Iterator[Step]:
    name = bucket["name"]
    subject = f"bucket {name}"
    if found is None:
        yield Step(subject, f"create bucket {name}", (CREATE, name, None), {}, {"present": True})
    is_now = Bucket() if found is None else found
    for key, feature in FEATURES.items():
        if bucket.get(key) is None or key in lacking:
            continue
        value = is_now.features.get(key)
        before, after = feature.comparable(value, bucket[key])
        if before != after:
            written = feature.written(bucket[key], value)
            kind = WRITE if written or not feature.remove else REMOVE
            shown = {} if found is None else {key: before}
            words = f"{_verb(key, after)} {key} of bucket {name}"
            yield Step(subject, words, (kind, name, (key, written)), shown, {key: after})
    for marker in bucket["prefixes"]:
        if marker not in is_now.prefixes:
            words = f"create prefix {marker} in bucket {name}"
            yield Step(subject, words, (MARK, name, marker), {}, {f"prefix {marker}": True})


def _verb(key: str, after: t.Any) -> str:
    if key == "versioning":
        return "enable" if after else "suspend"
    return "set" if after else "remove"


def undeclared(buckets: list[dict], actual: Actual) -> list[str]:
    """Return what exists and is not declared, in words: buckets, and features of declared buckets."""
    declared = {bucket["name"]: bucket for bucket in buckets}
    report = [f"bucket {name}" for name in actual.names or () if name not in declared]
    for name, found in actual.buckets.items():
        report += [
            f"{key} of bucket {name}"
            for key, value in found.features.items()
            if declared[name].get(key) is None and (own_tags(value) if key == "tags" else value is not None)
        ]
    return sorted(report)


def warnings(buckets: list[dict], actual: Actual, left_out: list[str], endpoint_url: str | None) -> list[str]:
    """Return what an operator should know although nothing failed, in words.

    Args:
        buckets: the declared buckets.
        actual: what the server is like.
        left_out: what the server does not offer, in words.
        endpoint_url: the server's address; AWS where it is none.
    """
    told = []
    if left_out:
        told.append(f"The server does not offer all that is declared; left out: {'; '.join(left_out)}.")
    dotted = [bucket["name"] for bucket in buckets if "." in bucket["name"] and bucket["state"] == "present"]
    if dotted and (endpoint_url or "https:").startswith("https:"):
        told.append(
            f"No wildcard certificate covers names with dots where applications address buckets as host names: "
            f"{', '.join(dotted)}. Have them use path style."
        )
    hidden = ["the list of buckets"] if actual.names is None else []
    hidden += [f"{key} of bucket {name}" for name, found in actual.buckets.items() for key in sorted(found.hidden)]
    if hidden:
        told.append(f"The access key may not ask for {', '.join(hidden)}; what is undeclared there is not reported.")
    return told
