# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Users: what is declared, what is, and the plan from one to the other."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.mongodb import scram
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step

EXTERNAL = "$external"
NOT_IN_A_DATABASES_NAME = frozenset('/\\. "$\0')
LONGEST_DATABASE_NAME = 63
MANAGING = frozenset({("root", "admin"), ("userAdminAnyDatabase", "admin"), ("__system", "admin")})


class Key(t.NamedTuple):
    """What a user is known by: the database that it logs in at, and its name."""

    database: str
    name: str


class Role(t.NamedTuple):
    """A role: its name, and the database that it belongs to."""

    name: str
    database: str


class User(t.NamedTuple):
    """A user as it is.

    Attributes:
        roles: what it may do.
        mechanisms: how it can log in.
        holds: whether it can log in with the declared password by SCRAM-SHA-256; none where none is declared.
    """

    roles: frozenset[Role] = frozenset()
    mechanisms: frozenset[str] = frozenset({scram.MECHANISM})
    holds: bool | None = None


class Actual(t.NamedTuple):
    """What a server is like; by default an empty one that is not asked.

    Attributes:
        users: all its users.
        myself: the user that is logged in.
        roles: the names of the roles of each database that is asked about; what is not in it is not checked.
        takes_one: whether nobody is logged in and the server only lets its first user be made.
    """

    users: t.Mapping[Key, User] = {}
    myself: Key | None = None
    roles: t.Mapping[str, frozenset[str]] = {}
    takes_one: bool = False


def key_of(user: dict) -> Key:
    """Return what a declared user is known by."""
    return Key(user["database"], user["name"])


def in_words(key: Key) -> str:
    """Return what a user is called in messages; a database's name has no spaces, so this is one user's only."""
    return f"user {key[1]} in database {key[0]}"


def roles_of(user: dict) -> frozenset[Role] | None:
    """Return a declared user's roles, or none where they are not declared."""
    if user.get("roles") is None:
        return None
    return frozenset(Role(role["role"], role.get("db") or user["database"]) for role in user["roles"])


def check(users: list[dict]) -> None:
    """Refuse what cannot be meant.

    Raises:
        PlatformError: a name that MongoDB would not keep, a user declared twice, or a password that nobody can log in
            with.
    """
    seen = set()
    for user in users:
        key = key_of(user)
        _check_name(user["name"], "its name", in_words(key))
        _check_database(user["database"], in_words(key))
        if user["database"] == "local":
            raise _refused(key, "MongoDB keeps no users in database local", "choose another database, such as admin")
        if key in seen:
            raise _refused(key, "it is declared twice", "declare it once")
        seen.add(key)
        for role, database in roles_of(user) or ():
            _check_name(role, "the name of one of its roles", in_words(key))
            _check_database(database, in_words(key))
        password = user.get("password")
        if password is None:
            continue
        if user["database"] == EXTERNAL:
            raise _refused(key, f"users in {EXTERNAL} log in without a password of MongoDB's", "leave password out")
        if not scram.is_usable(password):
            raise _refused(key, "its password is empty or has characters that SCRAM-SHA-256 refuses", "choose another")


def _check_name(name: str, what: str, where: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise PlatformError(CONFIGURATION, f"{what} is not valid UTF-8", "choose another", where=ascii(where)) from None
    if not name or "\0" in name:
        raise PlatformError(CONFIGURATION, f"{what} is empty or holds a zero byte", "choose another", where=where)


def _check_database(name: str, where: str) -> None:
    if name == EXTERNAL:
        return
    _check_name(name, "the name of its database", where)
    if NOT_IN_A_DATABASES_NAME & set(name) or len(name.encode()) > LONGEST_DATABASE_NAME:
        raise PlatformError(
            CONFIGURATION,
            f'{name!r} cannot be the name of a database: MongoDB allows no space and none of /\\."$ in it, and no more '
            f"than {LONGEST_DATABASE_NAME} bytes",
            "correct it",
            where=where,
        )


def _refused(key: Key, what: str, remedy: str) -> PlatformError:
    return PlatformError(CONFIGURATION, what, remedy, where=in_words(key))


def plan(users: list[dict], actual: Actual) -> list[Step]:
    """Return the steps from what is to what is declared; an undeclared property (none) is left as it is.

    Args:
        users: the declared users.
        actual: what the server is like.

    Raises:
        PlatformError: something that cannot be meant, that the server would refuse, or that would lock us out.
    """
    check(users)
    steps = []
    # Our own user comes last: what it loses may be needed for the others.
    for user in sorted(users, key=lambda user: key_of(user) == actual.myself):
        found = actual.users.get(key_of(user))
        if user["state"] == "absent":
            _refuse_suicide(user, actual)
            if found is not None:
                steps.append(_dropped(key_of(user), found))
            continue
        if found is None or roles_of(user) != found.roles:
            _refuse_unknown_roles(user, actual)
        if found is None:
            steps.append(_created(user))
        else:
            _refuse_disarmament(user, found, actual)
            steps.extend(_changed(user, found))
    if actual.takes_one:
        _refuse_more_than_an_administrator(users)
    return steps


def undeclared(users: list[dict], actual: Actual) -> list[str]:
    """Return the users that exist and are not declared, in words."""
    return sorted(in_words(key) for key in set(actual.users) - {key_of(user) for user in users})


def _refuse_unknown_roles(user: dict, actual: Actual) -> None:
    for role, database in sorted(roles_of(user) or ()):
        known = actual.roles.get(database)
        if known is not None and role not in known:
            raise _refused(
                key_of(user),
                f"database {database} has no role {role}",
                f"choose one of {', '.join(sorted(known)) or 'another database'}, or create it first",
            )


def _refuse_suicide(user: dict, actual: Actual) -> None:
    if key_of(user) == actual.myself:
        raise _refused(key_of(user), "it is the user that this run is logged in as", "log in as another user")


def _refuse_disarmament(user: dict, found: User, actual: Actual) -> None:
    wanted = roles_of(user)
    if key_of(user) != actual.myself or wanted is None or wanted & MANAGING or found.roles <= wanted:
        return
    raise _refused(
        key_of(user),
        "it is the user that this run is logged in as, and would lose "
        f"{', '.join(_shown_roles(found.roles - wanted))} without another role that manages users",
        "let it keep userAdminAnyDatabase on admin, or log in as another user",
    )


def _refuse_more_than_an_administrator(users: list[dict]) -> None:
    only = users[0] if len(users) == 1 else None
    if (
        only
        and only["state"] == "present"
        and only["database"] == "admin"
        and (roles_of(only) or frozenset()) & MANAGING
    ):
        return
    raise PlatformError(
        CONFIGURATION,
        "the server has no user yet, and lets one be made by nobody in particular only if it is its administrator",
        "declare one user alone, in database admin and with the role root or userAdminAnyDatabase; then log in as it",
    )


def _created(user: dict) -> Step:
    key, roles = key_of(user), roles_of(user) or frozenset()
    after: dict = {"roles": _shown_roles(roles)}
    command: dict = {"createUser": user["name"]}
    if user["database"] != EXTERNAL:
        if user.get("password") is None:
            raise _refused(key, "it does not exist yet and has no password", "give it one")
        command.update(_credentials(user["password"]))
        after["password"] = "(secret, new)"
    command["roles"] = _sent_roles(roles)
    return Step(in_words(key), f"create {in_words(key)}", (user["database"], command), {}, after)


def _changed(user: dict, found: User) -> t.Iterator[Step]:
    key, roles = key_of(user), roles_of(user)
    command: dict = {"updateUser": user["name"]}
    before: dict = {}
    after: dict = {}
    if found.holds is False:
        command.update(_credentials(user["password"]))
        before["password"], after["password"] = "(secret, old)", "(secret, new)"
        if found.mechanisms != {scram.MECHANISM}:
            before["mechanisms"], after["mechanisms"] = sorted(found.mechanisms), [scram.MECHANISM]
    if roles is not None and roles != found.roles:
        command["roles"] = _sent_roles(roles)
        before["roles"], after["roles"] = _shown_roles(found.roles), _shown_roles(roles)
    if after:
        words = f"change {', '.join(after)} of {in_words(key)}"
        yield Step(in_words(key), words, (user["database"], command), before, after)


def _dropped(key: Key, found: User) -> Step:
    before = {"roles": _shown_roles(found.roles)}
    return Step(in_words(key), f"remove {in_words(key)}", (key[0], {"dropUser": key[1]}), before, {})


def _credentials(password: str) -> dict:
    # The server makes the verifier: it takes none from outside, and none of this mechanism made by a client.
    return {"pwd": password, "mechanisms": [scram.MECHANISM], "digestPassword": True}


def _sent_roles(roles: frozenset[Role]) -> list[dict]:
    return [{"role": role, "db": database} for role, database in sorted(roles)]


def _shown_roles(roles: frozenset[Role]) -> list[str]:
    return [f"{role} on {database}" for role, database in sorted(roles)]
