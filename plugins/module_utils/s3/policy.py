# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Bucket policies compared by what they mean, not by how they are spelled."""

from __future__ import annotations

import decimal
import json
import re
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.s3.labels import spelled, without_foreign
from ansible_collections.borgstack.platform.plugins.module_utils.texts import text_of

ACCOUNT = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):root")


def texts_in_conditions(policy: dict) -> dict:
    """Return a policy whose conditions hold texts only: some servers refuse numbers and truth values there."""
    if not policy:
        return {}
    return {**policy, "Statement": [_with_texts(statement) for statement in _statements(policy)]}


def _with_texts(statement: dict) -> dict:
    if "Condition" not in statement:
        return statement
    known = {
        operator: {key: _texts(value) for key, value in tests.items()}
        for operator, tests in statement["Condition"].items()
    }
    return {**statement, "Condition": known}


def _texts(value: t.Any) -> t.Any:
    return [text(item) for item in value] if isinstance(value, list) else text(value)


def text(value: t.Any) -> str:
    """Return a value as S3 spells it."""
    return "" if value is None else text_of(value)


def comparable(found: dict, wanted: dict) -> tuple[dict, dict]:
    """Return two policies in the one spelling that all policies of the same meaning share.

    Args:
        found: the policy that is set, empty where none is.
        wanted: the declared one; its labels (Id, Sid) are the only ones that count.
    """
    is_now, will_be = _canonical(found), _canonical(wanted)
    if is_now:
        is_now = {key: value for key, value in is_now.items() if key != "Id" or key in will_be}
        known = without_foreign(is_now["Statement"], "Sid", will_be.get("Statement", []))
        is_now["Statement"] = _distinct(known)
    return is_now, will_be


def _canonical(policy: dict) -> dict:
    if not policy:
        return {}
    known = {key: value for key, value in policy.items() if key != "Id" or value}
    known["Version"] = policy.get("Version", "2008-10-17")
    known["Statement"] = _distinct(_statement(statement) for statement in _statements(policy))
    return known


def _statements(policy: dict) -> list[dict]:
    statements = policy.get("Statement", [])
    return [statements] if isinstance(statements, dict) else statements


def _distinct(statements: t.Iterable[dict]) -> list[dict]:
    return [json.loads(item) for item in sorted({spelled(statement) for statement in statements})]


def _statement(statement: dict) -> dict:
    known = {}
    for element, value in statement.items():
        if element in ("Action", "NotAction"):
            # S3 does not tell actions apart by case.
            known[element] = sorted({item.lower() for item in _list(value)})
        elif element in ("Resource", "NotResource"):
            known[element] = _list(value)
        elif element in ("Principal", "NotPrincipal"):
            known[element] = _principals(value)
        elif element == "Condition":
            known[element] = {operator: _tests(operator, tests) for operator, tests in value.items() if tests}
        else:
            known[element] = value
    # What is empty says nothing, and some servers leave it out.
    return {element: value for element, value in known.items() if value not in ("", {}, None)}


def _principals(value: t.Any) -> dict:
    # Everybody is one and the same in all three spellings.
    kinds = value if isinstance(value, dict) else {"AWS": value}
    # An account stands for its root, and AWS answers with that.
    return {kind: sorted({ACCOUNT.sub(r"\1", name) for name in _list(names)}) for kind, names in kinds.items()}


def _tests(operator: str, tests: dict) -> dict:
    known: dict[str, set] = {}
    for key, values in tests.items():
        known.setdefault(key.lower(), set()).update(_condition_text(operator, item) for item in _list(values))
    return {key: sorted(values) for key, values in known.items()}


def _condition_text(operator: str, value: str) -> str:
    # A set operator or a suffix changes which values are looked at, not what a value means.
    kind = operator.rpartition(":")[2]
    if kind.startswith("Bool") or kind == "Null":
        return value.lower()
    if kind.startswith("Numeric"):
        try:
            return format(decimal.Decimal(value).normalize(), "f")
        except decimal.InvalidOperation:
            return value
    return value


def _list(value: t.Any) -> list[str]:
    return sorted({text(item) for item in (value if isinstance(value, list) else [value])})
