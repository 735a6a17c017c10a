# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Users: inspect, plan and apply."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    PREREQUISITE,
    PlatformError,
)
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl import commands, rules
from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl.connection import Server


class Actual(t.NamedTuple):
    """What a server is like; by default an empty one that is not asked.

    Attributes:
        users: all its users by name.
        myself: the user that is logged in.
        vocabulary: its categories and commands; none where they are not known.
    """

    users: t.Mapping[str, rules.User]
    myself: str = ""
    vocabulary: frozenset[str] | None = None


def check(users: list[dict]) -> None:
    """Refuse what cannot be meant.

    Raises:
        PlatformError: a name that an ACL file cannot hold, one declared twice, or a user that nobody could be.
    """
    seen = set()
    for user in users:
        where = f"user {user['name']!r}"
        if not rules.is_storable(user["name"]):
            raise PlatformError(
                CONFIGURATION, "its name is empty, or holds a space or a quote", "choose another", where=where
            )
        if user["name"] in seen:
            raise PlatformError(CONFIGURATION, "it is declared twice", "declare it once", where=where)
        seen.add(user["name"])
        if user["state"] == "absent":
            if user["name"] == "default":
                raise PlatformError(
                    CONFIGURATION, "no server can be without it", "set enabled to false instead", where=where
                )
        elif user["enabled"] and not user.get("password"):
            raise PlatformError(
                CONFIGURATION, "it has no password", "give it one, or set enabled to false", where=where
            )


def inspect(server: Server) -> Actual:
    """Return what the server is like."""
    users = dict(rules.from_server(line) for line in server.call("ACL", "LIST"))
    categories = (f"@{category}" for category in server.call("ACL", "CAT"))
    return Actual(users, server.user, frozenset([*categories, *server.call("COMMAND LIST")]))


def plan(users: list[dict], actual: Actual) -> list[Step]:
    """Return the steps from what is to what is declared.

    Args:
        users: the declared users.
        actual: what the server is like.

    Raises:
        PlatformError: something that cannot be meant, that the server would refuse, or that would lock us out.
    """
    check(users)
    steps = []
    # Our own user comes last: a right that it loses may be needed for the others.
    for item in sorted(users, key=lambda user: user["name"] == actual.myself):
        name, found = item["name"], actual.users.get(item["name"])
        gone = item["state"] == "absent"
        if name == actual.myself and (gone or not item["enabled"]):
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
        _refuse_unknown(name, wanted, actual.vocabulary)
        if found != wanted:
            words = f"{'create' if found is None else 'change'} user {name}"
            # One command: no moment in which the user has half of its rights.
            command = ("ACL", "SETUSER", name, *rules.to_rules(wanted))
            before = _shown(found) if found else {}
            is_new = found is None or found.passwords != wanted.passwords
            steps.append(Step(f"user {name}", words, command, before, _shown(wanted, is_new)))
    return steps


def _refuse_unknown(name: str, user: rules.User, vocabulary: frozenset[str] | None) -> None:
    unknown = commands.unknown(user.commands, vocabulary) if vocabulary is not None else []
    if unknown:
        raise PlatformError(
            CONFIGURATION,
            f"the server knows no command or category {', '.join(rule[1:] for rule in unknown)}",
            "correct the declaration; ACL CAT and COMMAND LIST tell what there is",
            where=f"user {name}",
        )


def _shown(user: rules.User, new_password: bool = False) -> dict:
    shown = {
        "enabled": user.enabled,
        "password": _password_in_words(user, new_password),
        "keys": sorted(user.keys),
        "channels": sorted(user.channels),
        "commands": list(user.commands),
    }
    if user.beyond:
        shown["beyond"] = list(user.beyond)
    return shown


def _password_in_words(user: rules.User, is_new: bool) -> str | None:
    if user.nopass:
        return "(none needed)"
    if len(user.passwords) > 1:
        return f"({len(user.passwords)} secrets)"
    if user.passwords:
        return f"(secret, {'new' if is_new else 'old'})"
    return None


def way_to_persist(server: Server) -> tuple[str, str]:
    """Return the command that has the server keep its users over a restart.

    Raises:
        PlatformError: it has neither an ACL file nor a configuration file to write them to.
    """
    if server.call("CONFIG GET", "aclfile").get("aclfile"):
        return ("ACL", "SAVE")
    if server.call("INFO", "server").get("config_file"):
        return ("CONFIG", "REWRITE")
    raise PlatformError(
        PREREQUISITE,
        "it would forget its users at a restart: it has neither an ACL file nor a configuration file",
        "start it with an aclfile that it may write",
        where=server.name,
    )


def persist(server: Server, command: tuple[str, str], done: list[str]) -> None:
    """Have the server keep its users over a restart.

    Args:
        server: the server.
        command: as returned by `way_to_persist`.
        done: what was changed before, in words; a failure names it.

    Raises:
        PlatformError: the server cannot write its file.
    """
    try:
        server.call(*command)
    except PlatformError as error:
        raise PlatformError(
            PREREQUISITE,
            f"the server cannot keep its users over a restart: {error.what}",
            "let it write its aclfile or configuration file, and run again",
            where=server.name,
            done=done,
        ) from None
