# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The properties of a bucket that S3-compatible servers have or lack, each with its own requests."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.s3 import policy, rules

# AWS's own tags, which only AWS may set; a request that leaves them out is refused.
SYSTEM_TAG = "aws:"


class Feature(t.NamedTuple):
    """How a property is read, compared and written.

    Attributes:
        read: the method that asks for it.
        absent: the error codes that mean that it is not set.
        value_of: its value, as it is declared, in the answer of `read` or in none; none where it was never set.
        declared: the declared value in the types of S3's API.
        comparable: what is set and what is declared, in spellings that are equal where their meanings are.
        written: what is to be set, from what is declared and what is set.
        write: the method that sets it.
        arguments_of: the arguments of `write`.
        remove: the method that removes it; empty where a value takes its place.
    """

    read: str
    absent: tuple
    value_of: t.Callable[[dict], t.Any]
    declared: t.Callable[[t.Any], t.Any]
    comparable: t.Callable[[t.Any, t.Any], tuple]
    written: t.Callable[[t.Any, t.Any], t.Any]
    write: str
    arguments_of: t.Callable[[t.Any], dict]
    remove: str


def _as_declared(wanted: t.Any, _found: t.Any) -> t.Any:
    return wanted


def _versioning(answer: dict) -> bool | None:
    # A bucket that was never versioned has no status.
    return {"Enabled": True, "Suspended": False}.get(answer.get("Status", ""))


def _policy(answer: dict) -> dict | None:
    return json.loads(answer["Policy"]) if answer.get("Policy") else None


def _tags(answer: dict) -> dict | None:
    # Some servers leave out an empty value.
    return {tag["Key"]: tag.get("Value", "") for tag in answer.get("TagSet", [])} or None


def own_tags(tags: dict | None) -> dict:
    """Return the tags without those of AWS itself."""
    return {key: value for key, value in (tags or {}).items() if not key.startswith(SYSTEM_TAG)}


def _system_tags(tags: dict | None) -> dict:
    return {key: value for key, value in (tags or {}).items() if key.startswith(SYSTEM_TAG)}


FEATURES = {
    "versioning": Feature(
        "get_bucket_versioning",
        (),
        _versioning,
        bool,
        lambda found, wanted: (bool(found), wanted),
        _as_declared,
        "put_bucket_versioning",
        lambda on: {"VersioningConfiguration": {"Status": "Enabled" if on else "Suspended"}},
        "",
    ),
    "lifecycle": Feature(
        "get_bucket_lifecycle_configuration",
        ("NoSuchLifecycleConfiguration",),
        lambda answer: rules.as_read(answer.get("Rules")) or None,
        rules.as_written,
        lambda found, wanted: rules.comparable_lifecycles(found or [], wanted),
        _as_declared,
        "put_bucket_lifecycle_configuration",
        lambda wanted: {"LifecycleConfiguration": {"Rules": wanted}},
        "delete_bucket_lifecycle",
    ),
    "cors": Feature(
        "get_bucket_cors",
        ("NoSuchCORSConfiguration",),
        lambda answer: answer.get("CORSRules") or None,
        rules.as_written,
        lambda found, wanted: rules.comparable_cors(found or [], wanted),
        _as_declared,
        "put_bucket_cors",
        lambda wanted: {"CORSConfiguration": {"CORSRules": wanted}},
        "delete_bucket_cors",
    ),
    "policy": Feature(
        "get_bucket_policy",
        ("NoSuchBucketPolicy",),
        _policy,
        policy.texts_in_conditions,
        lambda found, wanted: policy.comparable(found or {}, wanted),
        _as_declared,
        "put_bucket_policy",
        lambda wanted: {"Policy": json.dumps(wanted)},
        "delete_bucket_policy",
    ),
    "tags": Feature(
        "get_bucket_tagging",
        ("NoSuchTagSet",),
        _tags,
        lambda tags: {str(key): policy.text(value) for key, value in tags.items()},
        lambda found, wanted: (own_tags(found), wanted),
        lambda wanted, found: {**_system_tags(found), **wanted},
        "put_bucket_tagging",
        lambda wanted: {"Tagging": {"TagSet": [{"Key": key, "Value": value} for key, value in wanted.items()]}},
        "delete_bucket_tagging",
    ),
}
