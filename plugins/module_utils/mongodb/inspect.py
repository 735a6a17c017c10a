# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Users as a server has them."""

from __future__ import annotations

from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    INTEGRATION,
    PlatformError,
)
from ansible_collections.borgstack.platform.plugins.module_utils.mongodb import scram, users
from ansible_collections.borgstack.platform.plugins.module_utils.mongodb.connection import Server

OPEN = "authorization is disabled on the server: anybody who reaches it may do anything, with or without these users"
CLOSE_IT = "set security.authorization to enabled in its configuration, and restart it"


def actual(server: Server, declared: list[dict]) -> users.Actual:
    """Return what a server is like, as far as the declared users need it.

    Raises:
        PlatformError: the server cannot be asked, or its users would protect nothing.
    """
    if server.is_open and server.user:
        raise PlatformError(CONFIGURATION, OPEN, CLOSE_IT, where=server.name)
    if not server.is_open and not server.user and server.welcomes_a_first_user():
        return users.Actual(takes_one=True)
    documents = all_users(server)
    if server.is_open and documents:
        raise PlatformError(CONFIGURATION, OPEN, CLOSE_IT, where=server.name)
    passwords = {users.key_of(user): user.get("password") for user in declared if user["state"] == "present"}
    found = {}
    for document in documents:
        key = users.Key(document["db"], document["user"])
        found[key] = _user(document)._replace(holds=_holds(server, document, passwords.get(key)))
    return users.Actual(found, server.user, _known_roles(server, declared))


def all_users(server: Server) -> list[dict]:
    """Return the documents of all users of a server; one that lets anybody in gets a warning.

    Raises:
        PlatformError: the server cannot be asked.
    """
    if not server.is_open and not server.user:
        raise PlatformError(
            INTEGRATION, "the server wants a login", "set login_user and login_password", where=server.name
        )
    if server.is_open:
        server.warnings.append(f"{server.name}: {OPEN}. What to do: {CLOSE_IT}.")
    return server.run("admin", {"usersInfo": {"forAllDBs": True}, "showCredentials": True})["users"]


def as_declared(documents: list[dict], names: list[str] | None) -> list[dict]:
    """Return users in the shape that they are declared in.

    Args:
        documents: as returned by `all_users`.
        names: only users of these names; all where it is none.
    """
    keyed = {users.Key(document["db"], document["user"]): _user(document) for document in documents}
    return [
        {
            "name": name,
            "database": database,
            "roles": [{"role": role, "db": place} for role, place in sorted(user.roles)],
            "state": "present",
        }
        for (database, name), user in sorted(keyed.items())
        if names is None or name in names
    ]


def _user(document: dict) -> users.User:
    roles = frozenset(users.Role(role["role"], role["db"]) for role in document.get("roles", []))
    return users.User(roles, frozenset(document.get("mechanisms", [])))


def _holds(server: Server, document: dict, password: str | None) -> bool | None:
    if password is None:
        return None
    # What is stored answers at once, without a line in the server's log and wherever the user may log in from.
    if scram.matches(document.get("credentials", {}), password):
        return True
    if scram.MECHANISM not in document.get("mechanisms", []):
        return False
    return server.accepts(document["db"], document["user"], password)


def _known_roles(server: Server, declared: list[dict]) -> dict[str, frozenset[str]]:
    places = {place for user in declared if user["state"] == "present" for _role, place in users.roles_of(user) or ()}
    known = {}
    for place in sorted(places):
        answer = {} if place == users.EXTERNAL else server.run(place, {"rolesInfo": 1, "showBuiltinRoles": True})
        known[place] = frozenset(role["role"] for role in answer.get("roles", []))
    return known
