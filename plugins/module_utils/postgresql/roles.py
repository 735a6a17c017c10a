# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Roles: inspect and plan."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import scram
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.connection import Server
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import (
    Ident,
    Statement,
    Text,
    check_name,
)

FLAGS = ("login", "superuser", "createdb", "createrole", "replication")
EMPTY: dict = {"roles": {}, "instants": {}, "iterations": scram.DEFAULT_ITERATIONS}

ROLES = """
select r.rolname as name, rolcanlogin as login, rolsuper as superuser, rolcreatedb as createdb,
       rolcreaterole as createrole, rolreplication as replication, rolconnlimit as connection_limit,
       extract(epoch from rolvaliduntil)::text as valid_until, shobj_description(r.oid, 'pg_authid') as comment,
       array(select g.rolname::text from pg_auth_members m join pg_roles g on g.oid = m.roleid
             where m.member = r.oid) as member_of,
       coalesce((select setconfig from pg_db_role_setting where setdatabase = 0 and setrole = r.oid), '{}') as settings
from pg_roles r where rolname = any(%(names)s)
"""


def check(roles: list[dict]) -> None:
    """Refuse what cannot be meant.

    Raises:
        PlatformError: a name that PostgreSQL would not keep, one declared twice, or a reserved one.
    """
    seen = set()
    for role in roles:
        name = check_name(role["name"], "role")
        if name.startswith("pg_") or name in ("public", "none"):
            raise PlatformError(
                CONFIGURATION, "the name is reserved by PostgreSQL", "choose another", where=f"role {name}"
            )
        if name in seen:
            raise PlatformError(CONFIGURATION, "it is declared twice", "declare it once", where=f"role {name}")
        seen.add(name)
        for group in role.get("member_of") or []:
            check_name(group, "role")


def inspect(server: Server, roles: list[dict]) -> dict:
    """Return the declared roles as they are, and what the server makes of the declared times.

    Returns:
        `roles` by name (with `verifier`, or `accepts` where verifiers cannot be read), `instants` (seconds since the
        epoch as text, by declared spelling) and `iterations` for new verifiers.
    """
    names = [role["name"] for role in roles]
    found = {row["name"]: row for row in server.rows(ROLES, {"names": names})}
    readable = server.can_read("pg_authid")
    if readable:
        query = "select rolname as name, rolpassword as verifier from pg_authid where rolname = any(%(names)s)"
        for row in server.rows(query, {"names": names}):
            found[row["name"]]["verifier"] = row["verifier"]
    for role in roles:
        actual = found.get(role["name"])
        if actual and not readable and role.get("password"):
            actual["accepts"] = server.accepts(role["name"], role["password"])
    for actual in found.values():
        actual["settings"] = dict(setting.split("=", 1) for setting in actual["settings"])
    iterations = server.rows("select current_setting('scram_iterations', true) as iterations")[0]["iterations"]
    return {
        "roles": found,
        "instants": _instants(server, roles),
        "iterations": int(iterations or scram.DEFAULT_ITERATIONS),
    }


def _instants(server: Server, roles: list[dict]) -> dict[str, str]:
    declared = sorted({role["valid_until"] for role in roles if role.get("valid_until")})
    query = (
        "select spelled, extract(epoch from spelled::timestamptz)::text as instant from unnest(%(declared)s) as spelled"
    )
    return {row["spelled"]: row["instant"] for row in server.rows(query, {"declared": declared})} if declared else {}


def plan(roles: list[dict], actual: dict) -> list[Step]:
    """Return the steps from what is to what is declared; an undeclared property (none) is left as it is."""
    check(roles)
    steps: list[Step] = []
    # Memberships last: a role may be a member of one that is declared after it.
    for part in (_attributes, _memberships):
        for role in roles:
            if role["state"] == "present":
                steps.extend(part(role, actual))
    absent = [role["name"] for role in roles if role["state"] == "absent" and role["name"] in actual["roles"]]
    steps.extend(
        _step(name, f"drop role {name}", Statement("DROP ROLE {}", (Ident(name),)), {"present": True}, {})
        for name in absent
    )
    return steps


def _step(name: str, words: str, statement: Statement, before: dict, after: dict) -> Step:
    return Step(f"role {name}", words, statement, before, after)


def _attributes(role: dict, actual: dict) -> t.Iterator[Step]:
    name = role["name"]
    found = actual["roles"].get(name)
    before, after, clauses, parts = {}, {}, [], []
    for flag in FLAGS:
        if role.get(flag) is not None and (found is None or found[flag] != role[flag]):
            clauses.append(flag.upper() if role[flag] else f"NO{flag.upper()}")
            before[flag], after[flag] = (found or {}).get(flag), role[flag]
    limit = role.get("connection_limit")
    if limit is not None and (found is None or found["connection_limit"] != limit):
        clauses.append("CONNECTION LIMIT {}")
        parts.append(Text(limit))
        before["connection_limit"], after["connection_limit"] = (found or {}).get("connection_limit"), limit
    until = role.get("valid_until")
    if until and (found is None or found["valid_until"] != actual["instants"].get(until)):
        clauses.append("VALID UNTIL {}")
        parts.append(Text(until))
        before["valid_until"], after["valid_until"] = (found or {}).get("valid_until"), until
    if role.get("password") and not _password_holds(role["password"], found):
        clauses.append("PASSWORD {}")
        parts.append(Text(_verifier(role["password"], actual["iterations"])))
        before["password"], after["password"] = "(secret, old)", "(secret, new)"
    if found is None:
        statement = Statement(" ".join(["CREATE ROLE {}", *clauses]), (Ident(name), *parts))
        yield _step(name, f"create role {name}", statement, {}, {"present": True, **after})
    elif clauses:
        statement = Statement(" ".join(["ALTER ROLE {}", *clauses]), (Ident(name), *parts))
        yield _step(name, f"change {', '.join(after)} of role {name}", statement, before, after)
    yield from _settings(role, (found or {}).get("settings", {}))
    comment = role.get("comment")
    if comment is not None and ((found or {}).get("comment") or "") != comment:
        statement = Statement("COMMENT ON ROLE {} IS {}", (Ident(name), Text(comment or None)))
        yield _step(
            name, f"comment on role {name}", statement, {"comment": (found or {}).get("comment")}, {"comment": comment}
        )


def _password_holds(declared: str, found: dict | None) -> bool:
    if found is None:
        return False
    return found["accepts"] if "accepts" in found else scram.matches(found.get("verifier"), declared)


def _verifier(declared: str, iterations: int) -> str:
    return declared if scram.is_verifier(declared) else scram.verifier_of(declared, iterations=iterations)


def _settings(role: dict, found: dict) -> t.Iterator[Step]:
    for setting, value in sorted((role.get("settings") or {}).items()):
        wanted = None if value is None else str(value)
        if found.get(setting) == wanted:
            continue
        # A setting's name may have two parts, which are quoted one by one.
        place = ".".join("{}" for dummy in setting.split("."))
        names = tuple(Ident(part) for part in setting.split("."))
        if wanted is None:
            statement = Statement(f"ALTER ROLE {{}} RESET {place}", (Ident(role["name"]), *names))
        else:
            statement = Statement(f"ALTER ROLE {{}} SET {place} TO {{}}", (Ident(role["name"]), *names, Text(wanted)))
        words = f"{'reset' if wanted is None else 'set'} {setting} of role {role['name']}"
        yield _step(role["name"], words, statement, {setting: found.get(setting)}, {setting: wanted})


def _memberships(role: dict, actual: dict) -> t.Iterator[Step]:
    name = role["name"]
    held = actual["roles"].get(name, {}).get("member_of", [])
    for group in role.get("member_of") or []:
        if group not in held:
            statement = Statement("GRANT {} TO {}", (Ident(group), Ident(name)))
            yield _step(name, f"grant role {group} to role {name}", statement, {}, {f"member of {group}": True})
