# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Roles: inspect and plan."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    DATA,
    INTEGRATION,
    PlatformError,
)
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import scram, settings
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.connection import Server
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import (
    Ident,
    Statement,
    Text,
    check_name,
    check_names,
    is_text,
)

FLAGS = ("login", "superuser", "createdb", "createrole", "replication")
# What is not known (none) is not checked.
EMPTY: dict = {
    "roles": {},
    "ties": {},
    "known_roles": None,
    "known_settings": None,
    "login_role": None,
    "instants": {},
    "iterations": scram.DEFAULT_ITERATIONS,
}

ROLES = """
select r.rolname as name, rolcanlogin as login, rolsuper as superuser, rolcreatedb as createdb,
       rolcreaterole as createrole, rolreplication as replication, rolconnlimit as connection_limit,
       extract(epoch from coalesce(rolvaliduntil, 'infinity'))::text as valid_until,
       shobj_description(r.oid, 'pg_authid') as comment,
       array(select g.rolname::text from pg_auth_members m join pg_roles g on g.oid = m.roleid
             where m.member = r.oid) as member_of,
       coalesce((select setconfig from pg_db_role_setting where setdatabase = 0 and setrole = r.oid), '{}') as settings
from pg_roles r where rolname = any(%(names)s)
"""
# Memberships go with the role; everything else that refers to it has to go before.
TIES = """
select r.rolname as name, count(*) as objects,
       coalesce('database ' || coalesce(d.datname, (select datname from pg_database
                where s.classid = 'pg_database'::regclass and oid = s.objid)), 'the whole server') as place
from pg_shdepend s join pg_roles r on r.oid = s.refobjid left join pg_database d on d.oid = s.dbid
where s.refclassid = 'pg_authid'::regclass and s.classid <> 'pg_auth_members'::regclass and rolname = any(%(names)s)
group by 1, 3 order by 1, 3
"""


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
        for group in role.get("member_of") or []:
            check_name(group, "role")


def inspect(server: Server, roles: list[dict]) -> dict:
    """Return the declared roles as they are, and what the server makes of the declared times.

    Returns:
        `roles` by name (with `verifier`, or `accepts` where verifiers cannot be read), `ties` (how many objects refer
        to a role that is to be dropped, by role and place), `known_roles`, `known_settings`, `login_role`, `instants`
        (seconds since the epoch as text, by declared spelling) and `iterations` for new verifiers.

    Raises:
        PlatformError: the server cannot be asked, or a declared verifier cannot be compared with anything.
    """
    names = [role["name"] for role in roles]
    found = {row["name"]: row for row in server.rows(ROLES, {"names": names})}
    ties: dict[str, dict] = {}
    for row in server.rows(TIES, {"names": [role["name"] for role in roles if role["state"] == "absent"]}):
        ties.setdefault(row["name"], {})[row["place"]] = row["objects"]
    for actual in found.values():
        actual["settings"] = settings.parsed(actual["settings"])
    _inspect_passwords(server, roles, found)
    iterations = server.rows("select current_setting('scram_iterations', true) as iterations")[0]["iterations"]
    return {
        "roles": found,
        "ties": ties,
        "known_roles": server.role_names(),
        "known_settings": settings.known(server.rows) if any(role.get("settings") for role in roles) else None,
        "login_role": server.login_role,
        "instants": _instants(server, roles),
        "iterations": int(iterations or scram.DEFAULT_ITERATIONS),
    }


def _inspect_passwords(server: Server, roles: list[dict], found: dict[str, dict]) -> None:
    if server.can_read("pg_authid"):
        query = "select rolname as name, rolpassword as verifier from pg_authid where rolname = any(%(names)s)"
        for row in server.rows(query, {"names": list(found)}):
            found[row["name"]]["verifier"] = row["verifier"]
        return
    for role in roles:
        name, password = role["name"], role.get("password")
        if not password or name not in found:
            continue
        if scram.is_verifier(password):
            raise PlatformError(
                INTEGRATION,
                f"{server.login_role} may not read pg_authid, so a verifier cannot be compared",
                "declare the clear password, or log in as a superuser",
                where=f"role {name}",
            )
        found[name]["accepts"] = server.accepts(name, password)


def _instants(server: Server, roles: list[dict]) -> dict[str, str]:
    declared = sorted({role["valid_until"] for role in roles if role.get("valid_until")})
    query = (
        "select spelled, extract(epoch from spelled::timestamptz)::text as instant from unnest(%(declared)s) as spelled"
    )
    return {row["spelled"]: row["instant"] for row in server.rows(query, {"declared": declared})} if declared else {}


def plan(roles: list[dict], actual: dict) -> list[Step]:
    """Return the steps from what is to what is declared; an undeclared property (none) is left as it is.

    Raises:
        PlatformError: something cannot be done; nothing of the plan is carried out then.
    """
    check(roles)
    present = [role for role in roles if role["state"] == "present"]
    absent = [role["name"] for role in roles if role["state"] == "absent" and role["name"] in actual["roles"]]
    _refuse(present, absent, actual)
    steps: list[Step] = []
    for role in present:
        steps.extend(_properties(role, actual))
    # A role may be a member of one that is declared after it.
    for role in present:
        steps.extend(_memberships(role, actual))
    steps.extend(
        _step(name, f"drop role {name}", Statement("DROP ROLE {}", (Ident(name),)), {"present": True}, {})
        for name in absent
    )
    return steps


def _refuse(present: list[dict], absent: list[str], actual: dict) -> None:
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
    for name in absent:
        ties = actual["ties"].get(name)
        if name == actual["login_role"]:
            raise PlatformError(
                CONFIGURATION, "it cannot be dropped while logged in", "log in as another role", where=f"role {name}"
            )
        if ties:
            held = ", ".join(f"{count} in {place}" for place, count in ties.items())
            raise PlatformError(
                DATA,
                f"objects belong to it or grant it privileges: {held}",
                "drop these databases, or run REASSIGN OWNED and DROP OWNED for the role in each, and then drop it",
                where=f"role {name}",
            )


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
    yield from settings.plan("role", name, role.get("settings"), found["settings"])
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
    if until and (not found or found["valid_until"] != actual["instants"][until]):
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
    held = actual["roles"].get(name, {}).get("member_of", [])
    for group in role.get("member_of") or []:
        if group not in held:
            statement = Statement("GRANT {} TO {}", (Ident(group), Ident(name)))
            yield _step(name, f"grant role {group} to role {name}", statement, {}, {f"member of {group}": True})
