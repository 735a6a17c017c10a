# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a server tells of itself and its users, and how it keeps them over a restart."""

from __future__ import annotations

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PREREQUISITE, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl import rules
from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl.connection import Server
from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl.users import ACL_SAVE, CONFIG_REWRITE, Actual


def identify(server: Server) -> tuple[str, tuple[int, ...]]:
    """Return which server it is, `redis` or `valkey`, and its version.

    Raises:
        PlatformError: it is too old.
    """
    told = server.call("HELLO")
    known = told if isinstance(told, dict) else dict(zip(told[::2], told[1::2]))
    version = tuple(int(part) for part in known["version"].split(".")[:3])
    if version < (7,):
        raise PlatformError(
            PREREQUISITE,
            f"it is {known['server']} {known['version']}, whose users have no selectors",
            "use Redis 7 or later, or Valkey",
            where=server.name,
        )
    return known["server"], version


def users_of(server: Server) -> dict[str, rules.User]:
    """Return all users by name."""
    return dict(rules.from_server(line) for line in server.call("ACL", "LIST"))


def inspect(server: Server) -> Actual:
    """Return what the server is like.

    Raises:
        PlatformError: it is too old, or could not keep users over a restart.
    """
    kind, version = identify(server)
    persistence = _way_to_persist(server)
    users = users_of(server)
    # A Valkey can be set to call itself an older Redis; its users tell.
    is_new_valkey = (kind == "valkey" and version >= (9, 1)) or any(_is_limited(user) for user in users.values())
    categories = server.call("ACL", "CAT")
    commands = server.call("COMMAND LIST")
    return Actual(
        users,
        server.user,
        frozenset([*(f"@{category}" for category in categories), *commands]),
        # Redis keeps rules since 7.2, and Valkey always did.
        members=_members(server, categories, commands) if version < (7, 2) else None,
        persistence=persistence,
        limits_databases=is_new_valkey,
        can_skip_sanitizing=not is_new_valkey or not all(user.sanitize_payload for user in users.values()),
    )


def persist(server: Server, command: tuple[str, str], done: list[str]) -> None:
    """Have the server keep its users over a restart.

    Args:
        server: the server.
        command: the one that `inspect` found.
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


def _way_to_persist(server: Server) -> tuple[str, str]:
    if server.call("CONFIG GET", "aclfile").get("aclfile"):
        return ACL_SAVE
    if server.call("INFO", "server").get("config_file"):
        return CONFIG_REWRITE
    raise PlatformError(
        PREREQUISITE,
        "it would forget its users at a restart: it has neither an ACL file nor a configuration file",
        "start it with an aclfile that it may write",
        where=server.name,
    )


def _members(server: Server, categories: list[str], commands: list[str]) -> dict[str, frozenset[str]]:
    parents = {command.partition("|")[0] for command in commands if "|" in command}
    members = {f"@{category}": frozenset(server.call("ACL", "CAT", category)) - parents for category in categories}
    everything = frozenset(commands) - parents
    members["@all"] = everything
    for command in commands:
        members[command] = frozenset(one for one in everything if one == command or one.startswith(f"{command}|"))
    return members


def _is_limited(user: rules.User) -> bool:
    return any(selector.databases is not None for selector in (user.rights, *user.selectors))
