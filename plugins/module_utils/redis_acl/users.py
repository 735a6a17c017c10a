# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Users: inspect, plan and apply."""

from __future__ import annotations

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl import rules
from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl.connection import Server


def check(users: list[dict]) -> None:
    """Refuse what cannot be meant.

    Raises:
        PlatformError: a name that an ACL file cannot hold, one declared twice, or a user that nobody could be.
    """
    seen = set()
    for user in users:
        where = f"user {user['name']!r}"
        if not user["name"] or any(character.isspace() or character == "\0" for character in user["name"]):
            raise PlatformError(CONFIGURATION, "its name is empty or holds a space", "choose another", where=where)
        if user["name"] in seen:
            raise PlatformError(CONFIGURATION, "it is declared twice", "declare it once", where=where)
        seen.add(user["name"])
        if user["state"] == "present" and user["enabled"] and not user.get("password"):
            raise PlatformError(
                CONFIGURATION, "it has no password", "give it one, or set enabled to false", where=where
            )
        rules.from_declaration(user)


def inspect(server: Server) -> dict[str, rules.User]:
    """Return all users of the server by name."""
    return dict(rules.from_server(line) for line in server.call("ACL", "LIST"))


def plan(users: list[dict], actual: dict[str, rules.User], myself: str = "") -> list[Step]:
    """Return the steps from what is to what is declared.

    Args:
        users: the declared users.
        actual: all users of the server.
        myself: the user that is logged in; it is never disabled or removed.

    Raises:
        PlatformError: the plan would lock us out.
    """
    check(users)
    steps = []
    for item in users:
        name, found = item["name"], actual.get(item["name"])
        gone = item["state"] == "absent"
        if name == myself and (gone or not item["enabled"]):
            raise PlatformError(
                CONFIGURATION,
                "it is the user that this run is logged in as",
                "log in as another user",
                where=f"user {name}",
            )
        if gone:
            if found is not None:
                steps.append(Step(f"user {name}", f"delete user {name}", ("ACL", "DELUSER", name), _shown(found), {}))
            continue
        wanted = rules.from_declaration(item)
        if found != wanted:
            words = f"{'create' if found is None else 'change'} user {name}"
            # One command: no moment in which the user has half of its rights.
            command = ("ACL", "SETUSER", name, *rules.to_rules(wanted))
            new_password = found is None or found.passwords != wanted.passwords
            steps.append(
                Step(f"user {name}", words, command, _shown(found) if found else {}, _shown(wanted, new_password))
            )
    return steps


def _shown(user: rules.User, new_password: bool = False) -> dict:
    return {
        "enabled": user.enabled,
        "password": "(none needed)"
        if user.nopass
        else f"(secret, {'new' if new_password else 'old'})"
        if user.passwords
        else None,
        "keys": sorted(user.keys),
        "channels": sorted(user.channels),
        "commands": list(user.commands),
    }


def persist(server: Server) -> None:
    """Have the server keep its users over a restart.

    Raises:
        PlatformError: it has neither an ACL file nor a configuration file to write them to.
    """
    configured = server.call("CONFIG", "GET", "aclfile")
    path = configured.get("aclfile") if isinstance(configured, dict) else (configured[1:] or [""])[0]
    try:
        server.call(*(("ACL", "SAVE") if path else ("CONFIG", "REWRITE")))
    except PlatformError as error:
        raise PlatformError(
            error.category,
            f"the users are changed, but the server cannot keep them over a restart: {error.what}",
            "configure an aclfile that the server may write, and run again",
            where=server.name,
        ) from None
