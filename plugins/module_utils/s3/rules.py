# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Lifecycle and CORS rules compared by what they mean, not by how they are spelled."""

from __future__ import annotations

import datetime
import re
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.s3.labels import spelled, without_foreign

NUMBERS = {
    "Days",
    "DaysAfterInitiation",
    "MaxAgeSeconds",
    "NewerNoncurrentVersions",
    "NoncurrentDays",
    "ObjectSizeGreaterThan",
    "ObjectSizeLessThan",
}
# Where an element says the same whether it is empty or missing; a zero is how SeaweedFS spells "no maximum age".
EMPTY = (None, [], {}, "", 0)


def as_written(value: t.Any, key: str = "") -> t.Any:
    """Return declared rules in the types of S3's API: templates and dates give texts where it wants numbers."""
    if isinstance(value, dict):
        return {name: as_written(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [as_written(item, key) for item in value]
    if key in NUMBERS and isinstance(value, str) and re.fullmatch(r"\d+", value):
        return int(value)
    if key == "ExpiredObjectDeleteMarker" and isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if key == "Status" and isinstance(value, str):
        return value.capitalize()
    if key == "AllowedMethods" and isinstance(value, str):
        return value.upper()
    return value


def as_read(value: t.Any) -> t.Any:
    """Return a server's rules as they are declared: dates as texts."""
    if isinstance(value, dict):
        known = {key: as_read(item) for key, item in value.items()}
        # An empty value of a tag may be left out by a server, and must be given to it.
        return {**known, "Value": ""} if set(known) == {"Key"} else known
    if isinstance(value, list):
        return [as_read(item) for item in value]
    return _date(value) if isinstance(value, datetime.datetime) else value


def comparable_lifecycles(found: list[dict], wanted: list[dict]) -> tuple[list, list]:
    """Return two lists of lifecycle rules without regard to spelling and order.

    Args:
        found: the rules that are set.
        wanted: the declared ones; a rule's ID counts only where it is declared, because servers give IDs of their own.
    """
    is_now, will_be = ([_lifecycle_rule(rule) for rule in rules] for rules in (found, wanted))
    return sorted(without_foreign(is_now, "ID", will_be), key=spelled), sorted(will_be, key=spelled)


def _lifecycle_rule(rule: dict) -> dict:
    plain = _plain({key: value for key, value in rule.items() if key not in ("Filter", "Prefix")})
    chosen = rule.get("Filter") or {}
    both = {**chosen, **chosen.get("And", {})}
    # One prefix can be said in three places, one tag in two.
    tags = both.get("Tags", []) + ([both["Tag"]] if "Tag" in both else [])
    plain["Filter"] = _plain(
        {
            "Prefix": both.get("Prefix") or rule.get("Prefix"),
            "Tags": tags,
            "ObjectSizeGreaterThan": both.get("ObjectSizeGreaterThan"),
            "ObjectSizeLessThan": both.get("ObjectSizeLessThan"),
        }
    )
    return plain


def comparable_cors(found: list[dict], wanted: list[dict]) -> tuple[list, list]:
    """Return two lists of CORS rules without regard to spelling; their order counts, because the first match rules.

    Args:
        found: the rules that are set.
        wanted: the declared ones; a rule's ID counts only where it is declared.
    """
    is_now, will_be = ([_cors_rule(rule) for rule in rules] for rules in (found, wanted))
    return without_foreign(is_now, "ID", will_be), will_be


def _cors_rule(rule: dict) -> dict:
    plain = _plain(rule)
    for key in ("AllowedHeaders", "ExposeHeaders"):
        if key in plain:
            # Names of headers have no case.
            plain[key] = sorted({str(name).lower() for name in plain[key]})
    return plain


def _plain(value: t.Any, key: str = "") -> t.Any:
    if isinstance(value, dict):
        known = {name: _plain(item, name) for name, item in value.items()}
        return {name: item for name, item in known.items() if item not in EMPTY}
    if isinstance(value, list):
        return sorted((_plain(item) for item in value), key=spelled)
    return _date(value) if key == "Date" else value


def _date(value: t.Any) -> t.Any:
    if isinstance(value, str):
        try:
            value = datetime.datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", value))
        except ValueError:
            return value
    if not isinstance(value, datetime.datetime):
        return value
    if value.tzinfo is None:
        value = value.replace(tzinfo=datetime.timezone.utc)
    return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
