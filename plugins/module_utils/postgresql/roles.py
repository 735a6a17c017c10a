# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Roles: what is to be done."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import (
    bequests,
    memberships,
    role_catalog,
    role_refusals,
    scram,
    settings,
)
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import Ident, Statement, Text

FLAGS = ("login", "superuser", "createdb", "createrole", "replication", "inherit", "bypassrls")
# What is not known (none) is not checked.
EMPTY: dict = {
    "roles": {},
    "ties": {},
    "granted": {},
    "groups": {},
    "known_roles": None,
    "known_settings": None,
    "wrong_settings": {},
    "login_role": None,
    "login_database": "",
    "version": 0,
    "instants": {},
    "iterations": scram.DEFAULT_ITERATIONS,
}


check = role_refusals.check
references = role_refusals.references
inspect = role_catalog.inspect


def plan(roles: list[dict], actual: dict) -> list[Step]:
    """Return the steps from what is to what is declared; an undeclared property (none) is left as it is.

    Raises:
        PlatformError: something cannot be done; nothing of the plan is carried out then.
    """
    check(roles)
    present = [role for role in roles if role["state"] == "present"]
    leaving = [role for role in roles if role["state"] == "absent" and role["name"] in actual["roles"]]
    role_refusals.refuse(present, leaving, actual)
    steps: list[Step] = []
    for role in present:
        steps.extend(_properties(role, actual))
    # What goes first may be the way back of what comes. A role may be a member of one that is declared after it.
    for change in (memberships.revoked, memberships.granted):
        for role in present:
            steps.extend(change(role, actual))
    for role in leaving:
        steps.extend(bequests.plan(role["name"], role.get("reassign_to"), actual))
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
        held = memberships.grants(actual["roles"].get(name))
        found += [f"membership of role {name} in role {group}" for group in held if group not in groups]
    return sorted(found)


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
    if until and (not found or found["valid_until_instant"] != actual["instants"][until]["instant"]):
        yield "valid_until", "VALID UNTIL {}", (Text(until),), until
    password = role.get("password")
    if password and not _password_holds(password, found):
        verifier = (
            password if scram.is_verifier(password) else scram.verifier_of(password, iterations=actual["iterations"])
        )
        yield "password", "PASSWORD {}", (Text(verifier),), "(secret, new)"


def _password_holds(declared: str, found: dict) -> bool:
    return found["accepts"] if "accepts" in found else scram.matches(found.get("verifier"), declared)
