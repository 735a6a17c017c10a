# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Roles: what is to be done."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    DATA,
    PlatformError,
)
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import role_catalog, scram, settings
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import (
    Ident,
    Statement,
    Text,
    check_name,
    check_names,
    is_text,
)

FLAGS = ("login", "superuser", "createdb", "createrole", "replication", "inherit", "bypassrls")
# From this version on a membership knows who granted it, and only that grant is revoked.
FIRST_VERSION_WITH_GRANTORS = 160000
# What is not known (none) is not checked.
EMPTY: dict = {
    "roles": {},
    "ties": {},
    "known_roles": None,
    "known_settings": None,
    "login_role": None,
    "login_database": "",
    "version": 0,
    "instants": {},
    "iterations": scram.DEFAULT_ITERATIONS,
}


def check(roles: list[dict]) -> None:
    """Refuse what cannot be meant.

    Raises:
        PlatformError: a name that PostgreSQL would not keep, one declared twice, a reserved one, or a password that
            nobody could log in with.
    """
    check_names([role["name"] for role in roles], "role")
    for role in roles:
        name = role["name"]
        if name.startswith("pg_") or name in ("public", "none"):
            raise PlatformError(
                CONFIGURATION, "the name is reserved by PostgreSQL", "choose another", where=f"role {name}"
            )
        if not is_text(role.get("password") or ""):
            raise PlatformError(
                CONFIGURATION,
                "its password holds a zero byte or is not valid UTF-8",
                "choose another password",
                where=f"role {name}",
            )
        for other in (*(role.get("member_of") or []), *([role["reassign_to"]] if role.get("reassign_to") else [])):
            check_name(other, "role")


inspect = role_catalog.inspect


def plan(roles: list[dict], actual: dict) -> list[Step]:
    """Return the steps from what is to what is declared; an undeclared property (none) is left as it is.

    Raises:
        PlatformError: something cannot be done; nothing of the plan is carried out then.
    """
    check(roles)
    present = [role for role in roles if role["state"] == "present"]
    leaving = [role for role in roles if role["state"] == "absent" and role["name"] in actual["roles"]]
    _refuse_what_cannot_be_kept(present, actual)
    _refuse_what_cannot_go(leaving, present, actual)
    steps: list[Step] = []
    for role in present:
        steps.extend(_properties(role, actual))
    # A role may be a member of one that is declared after it.
    for role in present:
        steps.extend(_memberships(role, actual))
    for role in leaving:
        steps.extend(_bequests(role["name"], role.get("reassign_to"), actual))
    for role in leaving:
        name = role["name"]
        steps.append(_step(name, f"drop role {name}", Statement("DROP ROLE {}", (Ident(name),)), {"present": True}, {}))
    return steps


def undeclared(roles: list[dict], actual: dict) -> list[str]:
    """Return in words the roles and memberships that exist without being declared."""
    declared = {role["name"]: set(role.get("member_of") or []) for role in roles}
    strangers = (actual["known_roles"] or set()) - set(declared) - {actual["login_role"]}
    found = [f"role {name}" for name in strangers if not name.startswith("pg_")]
    for name, groups in declared.items():
        held = actual["roles"].get(name, {"member_of": {}})["member_of"]
        found += [f"membership of role {name} in role {group}" for group in held if group not in groups]
    return sorted(found)


def _refuse_what_cannot_be_kept(present: list[dict], actual: dict) -> None:
    declared = {role["name"] for role in present}
    for role in present:
        subject = f"role {role['name']}"
        settings.refuse_unknown(subject, role.get("settings"), actual["known_settings"])
        for group in role.get("member_of") or []:
            if actual["known_roles"] is not None and group not in declared | actual["known_roles"]:
                raise PlatformError(
                    CONFIGURATION,
                    f"it is to be a member of role {group}, which does not exist",
                    "declare that role too",
                    where=subject,
                )


def _refuse_what_cannot_go(leaving: list[dict], present: list[dict], actual: dict) -> None:
    staying = ({role["name"] for role in present} | (actual["known_roles"] or set())) - {
        role["name"] for role in leaving
    }
    for role in leaving:
        name, heir = role["name"], role.get("reassign_to")
        if name == actual["login_role"]:
            raise PlatformError(
                CONFIGURATION, "it cannot be dropped while logged in", "log in as another role", where=f"role {name}"
            )
        if heir and heir not in staying:
            raise PlatformError(
                CONFIGURATION,
                f"what it owns is to go to role {heir}, which does not exist or is to be dropped",
                "correct reassign_to",
                where=f"role {name}",
            )
        ties = actual["ties"].get(name)
        if ties and not heir:
            held = ", ".join(f"{count} in {_place(database)}" for database, count in ties.items())
            raise PlatformError(
                DATA,
                f"objects belong to it or grant it privileges: {held}",
                "set reassign_to to the role that is to own them; its privileges are revoked then",
                where=f"role {name}",
            )


def _bequests(name: str, heir: str | None, actual: dict) -> t.Iterator[Step]:
    """Yield a step for each database that holds something of a role that goes."""
    ties = actual["ties"].get(name, {})
    if not ties or not heir:
        return
    # What belongs to the whole server is handed over from any database.
    for database in [database for database in ties if database] or [actual["login_database"]]:
        text = "REASSIGN OWNED BY {} TO {}; DROP OWNED BY {}"
        words = f"hand what role {name} owns in database {database} over to role {heir}, and revoke its privileges"
        before = {_place(place): f"{count} objects" for place, count in ties.items() if place in (database, None)}
        after = dict.fromkeys(before, f"of role {heir}, or revoked")
        yield _step(name, words, Statement(text, (Ident(name), Ident(heir), Ident(name)), database), before, after)


def _place(database: str | None) -> str:
    return "the whole server" if database is None else f"database {database}"


def _step(name: str, words: str, statement: Statement, before: dict, after: dict) -> Step:
    return Step(f"role {name}", words, statement, before, after)


def _properties(role: dict, actual: dict) -> t.Iterator[Step]:
    name = role["name"]
    found = actual["roles"].get(name)
    changes = list(_attributes(role, found or {}, actual))
    clauses = " ".join(["{}", *(clause for _key, clause, _parts, _after in changes)])
    parts = (Ident(name), *(part for _key, _clause, parts, _after in changes for part in parts))
    after = {key: shown for key, _clause, _parts, shown in changes}
    if found is None:
        yield _step(
            name, f"create role {name}", Statement(f"CREATE ROLE {clauses}", parts), {}, {"present": True, **after}
        )
    elif changes:
        before = {key: "(secret, old)" if key == "password" else found[key] for key in after}
        words = f"change {', '.join(after)} of role {name}"
        yield _step(name, words, Statement(f"ALTER ROLE {clauses}", parts), before, after)
    found = found or {"settings": {}, "comment": None}
    yield from settings.plan(settings.of_role(name), role.get("settings"), found["settings"])
    comment = role.get("comment")
    if comment is not None and (found["comment"] or "") != comment:
        statement = Statement("COMMENT ON ROLE {} IS {}", (Ident(name), Text(comment or None)))
        yield _step(name, f"comment on role {name}", statement, {"comment": found["comment"]}, {"comment": comment})


def _attributes(role: dict, found: dict, actual: dict) -> t.Iterator[tuple[str, str, tuple, t.Any]]:
    """Yield each attribute that differs: its name, its clause, the clause's literals, and what the diff shows."""
    for flag in FLAGS:
        if role.get(flag) is not None and found.get(flag) != role[flag]:
            yield flag, flag.upper() if role[flag] else f"NO{flag.upper()}", (), role[flag]
    limit = role.get("connection_limit")
    if limit is not None and found.get("connection_limit") != limit:
        yield "connection_limit", "CONNECTION LIMIT {}", (Text(limit),), limit
    until = role.get("valid_until")
    if until and (not found or found["valid_until_instant"] != actual["instants"][until]):
        yield "valid_until", "VALID UNTIL {}", (Text(until),), until
    password = role.get("password")
    if password and not _password_holds(password, found):
        verifier = (
            password if scram.is_verifier(password) else scram.verifier_of(password, iterations=actual["iterations"])
        )
        yield "password", "PASSWORD {}", (Text(verifier),), "(secret, new)"


def _password_holds(declared: str, found: dict) -> bool:
    return found["accepts"] if "accepts" in found else scram.matches(found.get("verifier"), declared)


def _memberships(role: dict, actual: dict) -> t.Iterator[Step]:
    name = role["name"]
    held = actual["roles"].get(name, {"member_of": {}})["member_of"]
    declared = role.get("member_of") or []
    for group in declared:
        if group not in held:
            statement = Statement("GRANT {} TO {}", (Ident(group), Ident(name)))
            yield _step(name, f"grant role {group} to role {name}", statement, {}, {f"member of {group}": True})
    for group, grantors in held.items() if role.get("exclusive_memberships") else ():
        if group not in declared:
            text, parts = "REVOKE {} FROM {}", (Ident(group), Ident(name))
            if actual["version"] >= FIRST_VERSION_WITH_GRANTORS:
                text = "; ".join([f"{text} GRANTED BY {{}}"] * len(grantors))
                parts = tuple(part for grantor in grantors for part in (*parts, Ident(grantor)))
            words = f"revoke role {group} from role {name}"
            yield _step(
                name, words, Statement(text, parts), {f"member of {group}": True}, {f"member of {group}": False}
            )
