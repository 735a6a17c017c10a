# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Bucket policies and rules compared by what they mean, not by how they are spelled."""

from __future__ import annotations

import json
import typing as t

# Servers answer with these for what was never set; a zero is how SeaweedFS spells "no maximum age".
EMPTY = (None, [], {}, "", 0)

# Elements of a statement where one string stands for a list of one, and the order of a list means nothing.
SETS = {"Action", "NotAction", "Resource", "NotResource"}


def canonical_policy(policy: dict | str | None) -> dict:
    """Return a policy in the one spelling that all policies of the same meaning share."""
    if not policy:
        return {}
    document = json.loads(policy) if isinstance(policy, str) else policy
    statements = document.get("Statement", [])
    statements = [statements] if isinstance(statements, dict) else statements
    known = [_statement(statement) for statement in statements]
    return {"Version": document.get("Version", "2008-10-17"), "Statement": sorted(known, key=_spelled)}


def _statement(statement: dict) -> dict:
    known = {}
    for element, value in statement.items():
        if element in SETS:
            # S3 does not tell actions apart by case.
            values = _set(value)
            known[element] = sorted({item.lower() for item in values}) if "Action" in element else values
        elif element in ("Principal", "NotPrincipal"):
            known[element] = {"AWS": ["*"]} if value == "*" else {kind: _set(names) for kind, names in value.items()}
        elif element == "Condition":
            known[element] = {
                operator: {key.lower(): _set(values) for key, values in tests.items()}
                for operator, tests in value.items()
            }
        else:
            known[element] = value
    return known


def _set(value: t.Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return sorted({_text(item) for item in values})


def _text(value: t.Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def canonical_rules(rules: t.Iterable[dict]) -> list:
    """Return lifecycle or CORS rules without regard to their order, to the order in their lists, or to empty values."""
    return sorted((_plain(rule) for rule in rules), key=_spelled)


def _plain(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if item not in EMPTY}
    if isinstance(value, (list, tuple, set)):
        return sorted((_plain(item) for item in value), key=_spelled)
    return value


def _spelled(value: t.Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
