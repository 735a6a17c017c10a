# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What cannot be meant, found before a server is asked."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.directus.inspect import OPERATION
from ansible_collections.borgstack.platform.plugins.module_utils.directus.plan import with_secrets
from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError

# By kind: the option that holds it, and what one of it is known by.
KEYS: dict[str, tuple[str, tuple[str, ...]]] = {
    "field": ("fields", ("collection", "field")),
    "policy": ("policies", ("name",)),
    "user": ("users", ("email",)),
    "flow": ("flows", ("name",)),
}
PERMISSION = ("collection", "action")


def check(declared: dict[str, list[dict]]) -> None:
    """Refuse what cannot be meant, or contradicts itself.

    Args:
        declared: `fields`, `policies`, `users` and `flows`.

    Raises:
        PlatformError: an object is declared twice, lacks what it needs, or needs what is declared nowhere.
    """
    for kind, (option, keys) in KEYS.items():
        seen = set()
        for item in declared[option]:
            where = f"{kind} {'.'.join(item[key] for key in keys)}"
            # Directus itself knows users by their address in any spelling.
            key = tuple(item[key].casefold() if kind == "user" else item[key] for key in keys)
            if not all(key):
                raise _wrong("it has no name", "give it one", where)
            if key in seen:
                raise _wrong("it is declared twice", "declare it once", where)
            seen.add(key)
    policies = {item["name"] for item in declared["policies"]}
    for item in declared["policies"]:
        _check_permissions(item)
    tokens: dict[str, str] = {}
    for item in declared["users"]:
        _check_user(item, policies, tokens)
    for item in declared["flows"]:
        if item.get("state") == "absent":
            continue
        where = f"flow {item['name']}"
        _check_operation(item["operation"], where, set())
        with_secrets(item["operation"], item.get("secrets") or {}, where)


def _check_permissions(policy: dict) -> None:
    for one in policy["permissions"]:
        missing = [key for key in PERMISSION if not one.get(key)]
        if missing:
            raise _wrong(f"one of its permissions has no {missing[0]}", "complete it", f"policy {policy['name']}")


def _check_user(user: dict, policies: set[str], tokens: dict[str, str]) -> None:
    where = f"user {user['email']}"
    unknown = sorted(set(user["policies"]) - policies)
    if unknown:
        raise _wrong(f"its policy {unknown[0]} is not declared", "declare it in `policies`, too", where)
    token = user.get("token")
    if token:
        other = tokens.setdefault(token, user["email"])
        if other != user["email"]:
            # Each would take it from the other, at every run.
            raise _wrong(f"it has the same token as {other}", "give each a token of its own", where)


def _check_operation(operation: t.Any, where: str, keys: set[str]) -> None:
    if not isinstance(operation, dict):
        raise _wrong("one of its operations is no dictionary", "describe it, or leave it out", where)
    missing = [key for key in OPERATION if operation.get(key) is None]
    if missing:
        raise _wrong(f"its operation {operation.get('key') or '?'} has no {missing[0]}", "complete it", where)
    if operation["key"] in keys:
        raise _wrong(f"two of its operations have the key {operation['key']}", "give each its own", where)
    keys.add(operation["key"])
    for branch in ("resolve", "reject"):
        if branch in operation:
            _check_operation(operation[branch], where, keys)


def _wrong(what: str, remedy: str, where: str) -> PlatformError:
    return PlatformError(CONFIGURATION, what, remedy, where=where)
