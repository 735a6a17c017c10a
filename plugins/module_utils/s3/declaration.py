# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Declared buckets: what can be meant, in the form that plan and apply read."""

from __future__ import annotations

import ipaddress
import re
import typing as t
import unicodedata

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.s3 import policy
from ansible_collections.borgstack.platform.plugins.module_utils.s3.features import FEATURES, SYSTEM_TAG

NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
LONGEST_KEY = 1024
LONGEST_TAG = {"key": 128, "value": 256}
# Beside letters, numbers and spaces of all languages.
IN_TAGS = frozenset("_.:/=+-@")
# The shapes that comparing relies on; all others are checked by the client library where there is one.
SHAPES: dict[str, type] = {
    "AllowedHeaders": list,
    "And": dict,
    "ExposeHeaders": list,
    "Filter": dict,
    "Tags": list,
}


def checked(buckets: list[dict]) -> list[dict]:
    """Return the declared buckets in the types of S3's API and with the keys of their prefixes' markers.

    Args:
        buckets: the module's option.

    Raises:
        PlatformError: a name that S3 does not allow, one declared twice, or a property that cannot be meant.
    """
    names = [bucket["name"] for bucket in buckets]
    for name in names:
        if not NAME.fullmatch(name) or ".." in name or _is_address(name):
            raise _wrong(
                f"{name!r} is not a bucket name",
                "use 3 to 63 lower-case letters, digits, dots and dashes, and no address",
                name,
            )
        if names.count(name) > 1:
            raise _wrong("it is declared twice", "declare it once", name)
    return [_checked(bucket) for bucket in buckets]


def _checked(bucket: dict) -> dict:
    name, known = bucket["name"], dict(bucket)
    _check_policy(name, bucket.get("policy"))
    for key, feature in FEATURES.items():
        if bucket.get(key) is not None:
            _check_shapes(name, key, bucket[key])
            known[key] = feature.declared(bucket[key])
    _check_lifecycle(name, known.get("lifecycle"))
    _check_tags(name, bucket.get("tags"))
    # One marker may be spelled in several ways.
    known["prefixes"] = list(dict.fromkeys(_marker(name, prefix) for prefix in bucket.get("prefixes") or []))
    return known


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _check_shapes(name: str, place: str, value: t.Any) -> None:
    if isinstance(value, list):
        for item in value:
            _check_shapes(name, place, item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if place != "tags" and key in SHAPES and not isinstance(item, SHAPES[key]):
                kind = "list" if SHAPES[key] is list else "dictionary"
                raise _wrong(f"{key} in its {place} is not a {kind}", "write it as in S3's API", name)
            _check_shapes(name, place, item)


def _check_policy(name: str, document: dict | None) -> None:
    if not document:
        return
    statements = document.get("Statement")
    statements = [statements] if isinstance(statements, dict) else statements
    if not isinstance(statements, list) or not statements or not all(isinstance(item, dict) for item in statements):
        raise _wrong("its policy has no Statement", "give one, or a list of them; {} removes the policy", name)
    for statement in statements:
        condition = statement.get("Condition", {})
        if not isinstance(condition, dict) or not all(isinstance(tests, dict) for tests in condition.values()):
            raise _wrong("a Condition in its policy has no keys", "give it as {operator: {key: value}}", name)


def _check_lifecycle(name: str, rules: list[dict] | None) -> None:
    rules = rules or []
    labels = [rule["ID"] for rule in rules if rule.get("ID")]
    if len(set(labels)) < len(labels):
        raise _wrong("two rules of its lifecycle have the same ID", "give each its own, or none", name)
    if any(rule.get("Status") not in ("Enabled", "Disabled") for rule in rules):
        raise _wrong("a rule of its lifecycle has no Status", "set it to Enabled or Disabled", name)


def _check_tags(name: str, tags: dict | None) -> None:
    for key, value in (tags or {}).items():
        if str(key).lower().startswith(SYSTEM_TAG):
            raise _wrong(f"only AWS may set a tag like {key}", "choose another", name)
        if isinstance(value, (dict, list)):
            raise _wrong(f"its tag {key} is not a text", "give one text", name)
        for part, text in (("key", str(key)), ("value", policy.text(value))):
            wrong = _wrong_in_tag(part, text)
            if wrong:
                raise _wrong(f"the {part} of its tag {key} {wrong}", "choose one that S3 takes", name)


def _wrong_in_tag(part: str, text: str) -> str:
    if part == "key" and not text:
        return "is empty"
    if len(text) > LONGEST_TAG[part]:
        return f"is longer than {LONGEST_TAG[part]} characters"
    for character in text:
        if character not in IN_TAGS and unicodedata.category(character)[0] not in "LNZ":
            return f"has {character!r}, which S3 does not take there"
    return ""


def _marker(name: str, prefix: str) -> str:
    key = prefix.strip("/") + "/"
    parts = key[:-1].split("/")
    if any(part in ("", ".", "..") for part in parts) or "\\" in key or "\0" in key:
        # Servers that keep objects in a file system take these for places in it.
        raise _wrong(f"{prefix!r} is not a prefix that all servers keep", "name each of its parts", name)
    if len(key.encode("utf-8", "surrogatepass")) > LONGEST_KEY:
        raise _wrong(f"a prefix is longer than {LONGEST_KEY} bytes", "shorten it", name)
    return key


def _wrong(what: str, remedy: str, name: str) -> PlatformError:
    return PlatformError(CONFIGURATION, what, remedy, where=f"bucket {name}")
