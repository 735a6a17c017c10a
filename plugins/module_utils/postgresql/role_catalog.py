# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Roles as they are."""

from __future__ import annotations

from ansible_collections.borgstack.platform.plugins.module_utils.errors import INTEGRATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import scram, settings
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.connection import Server
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.memberships import (
    FIRST_VERSION_WITH_GRANTORS,
)

ROLES = """
select r.rolname as name, rolcanlogin as login, rolsuper as superuser, rolcreatedb as createdb,
       rolcreaterole as createrole, rolreplication as replication, rolinherit as inherit, rolbypassrls as bypassrls,
       rolconnlimit as connection_limit, coalesce(rolvaliduntil, 'infinity')::text as valid_until,
       extract(epoch from coalesce(rolvaliduntil, 'infinity'))::text as valid_until_instant,
       coalesce(rolvaliduntil < now(), false) as is_expired,
       shobj_description(r.oid, 'pg_authid') as comment,
       coalesce((select setconfig from pg_db_role_setting where setdatabase = 0 and setrole = r.oid), '{}') as settings
from pg_roles r where %(names)s::text[] is null and rolname !~ '^pg_' or rolname = any(%(names)s) order by 1
"""
# Before version 16 every membership may be used. Since then who makes a role is given the right to grant it, and that
# alone, by the first superuser: this comes with making roles, and is no membership that anybody declares.
MEMBERSHIPS = """
select member, role, grantor, is_member from (
    select m.rolname as member, g.rolname as role, by.rolname as grantor, m.rolcreaterole and by.oid = 10 as is_makers,
           coalesce((to_jsonb(a)->>'inherit_option')::bool or (to_jsonb(a)->>'set_option')::bool, true) as is_member
    from pg_auth_members a join pg_roles m on m.oid = a.member join pg_roles g on g.oid = a.roleid
         left join pg_roles by on by.oid = a.grantor
    where %(names)s::text[] is null or m.rolname = any(%(names)s)
) memberships where is_member or not is_makers order by 1, 2, 3
"""
# From version 16 on nobody is dropped who granted a membership that stays.
GRANTED = """
select by.rolname as name, m.rolname as member, g.rolname as role, a.admin_option as admin,
       (to_jsonb(a)->>'inherit_option')::bool as inherit, (to_jsonb(a)->>'set_option')::bool as set
from pg_auth_members a join pg_roles m on m.oid = a.member join pg_roles g on g.oid = a.roleid
     join pg_roles by on by.oid = a.grantor
where by.rolname = any(%(names)s) and m.oid <> by.oid and g.oid <> by.oid order by 1, 2, 3
"""
GROUPS = """
select m.rolname as member, array_agg(distinct g.rolname::text) as groups
from pg_auth_members a join pg_roles m on m.oid = a.member join pg_roles g on g.oid = a.roleid group by 1
"""
# Memberships go with the role; everything else that refers to it has to go before.
TIES = """
select r.rolname as name, count(*) as objects,
       coalesce(d.datname, (select datname from pg_database
                            where s.classid = 'pg_database'::regclass and oid = s.objid)) as database
from pg_shdepend s join pg_roles r on r.oid = s.refobjid left join pg_database d on d.oid = s.dbid
where s.refclassid = 'pg_authid'::regclass and s.classid <> 'pg_auth_members'::regclass and rolname = any(%(names)s)
group by 1, 3 order by 1, 3
"""
INSTANTS = """
select spelled, extract(epoch from spelled::timestamptz)::text as instant, spelled::timestamptz < now() as is_past
from unnest(%(declared)s) as spelled
"""
# What is read for planning alone.
INTERNAL = ("valid_until_instant", "is_expired", "admin_of")


def inspect(server: Server, roles: list[dict], everything: bool = False) -> dict:
    """Return the declared roles as they are, and what the server makes of the declared times.

    Args:
        server: the server.
        roles: the declared ones.
        everything: without meaning here, where nothing is spared by reading less.

    Returns:
        `roles` by name (with `verifier`, or `accepts` where verifiers cannot be read), `ties` (how many objects refer
        to a role that is to be dropped, by role and database; none for the whole server), `known_roles`,
        `known_settings`, `wrong_settings` (why the server would not take a value), `login_role`, `login_database`,
        `version`, `instants` (`instant`, in seconds since the epoch as text, and whether it `is_past`, by declared
        spelling), `granted` (the memberships that a role which is to be dropped has granted), `groups` (the roles that
        each one is a member of), `iterations` for new verifiers, and `warnings`.

    Raises:
        PlatformError: the server cannot be asked, or a declared verifier cannot be compared with anything.
    """
    found = read(server, [role["name"] for role in roles])
    leaving = [role["name"] for role in roles if role["state"] == "absent"]
    ties: dict[str, dict] = {}
    for row in server.rows(TIES, {"names": leaving}) if leaving else []:
        ties.setdefault(row["name"], {})[row["database"]] = row["objects"]
    instants = _instants(server, roles)
    warnings = _inspect_passwords(server, roles, found, instants)
    iterations = server.rows("select current_setting('scram_iterations', true) as iterations")[0]["iterations"]
    return {
        "roles": found,
        "ties": ties,
        "known_roles": server.role_names(),
        "known_settings": settings.known(server.rows) if any(role.get("settings") for role in roles) else None,
        "wrong_settings": settings.wrong(server.rows, (role.get("settings") for role in roles)),
        "login_role": server.login_role,
        "login_database": server.login_database,
        "version": server.version,
        "instants": instants,
        "granted": _granted(server, leaving),
        "groups": {row["member"]: set(row["groups"]) for row in server.rows(GROUPS)},
        "warnings": warnings,
        "iterations": int(iterations or scram.DEFAULT_ITERATIONS),
    }


def read(server: Server, names: list[str] | None) -> dict[str, dict]:
    """Return roles as they are, by name, without passwords.

    Args:
        server: the server.
        names: those that are asked for; none for all but PostgreSQL's own.
    """
    found = {row["name"]: row for row in server.rows(ROLES, {"names": names})}
    for actual in found.values():
        actual["settings"] = settings.parsed(actual["settings"])
        actual["member_of"], actual["admin_of"] = {}, {}
    for row in server.rows(MEMBERSHIPS, {"names": names}):
        if row["member"] in found:
            kind = "member_of" if row["is_member"] else "admin_of"
            found[row["member"]][kind].setdefault(row["role"], []).append(row["grantor"])
    return found


def declarations(server: Server, names: list[str] | None) -> list[dict]:
    """Return roles as they would be declared, without passwords.

    Args:
        server: the server.
        names: those that are asked for; none for all but PostgreSQL's own.
    """
    return [
        {
            **{key: value for key, value in role.items() if key not in INTERNAL},
            "member_of": sorted(role["member_of"]),
            "comment": role["comment"] or "",
            "state": "present",
        }
        for role in read(server, names).values()
    ]


def _inspect_passwords(server: Server, roles: list[dict], found: dict[str, dict], instants: dict) -> list[str]:
    """Add to the roles what tells whether their passwords are as declared; return warnings about those that cannot."""
    if server.can_read("pg_authid"):
        query = "select rolname as name, rolpassword as verifier from pg_authid where rolname = any(%(names)s)"
        for row in server.rows(query, {"names": list(found)}):
            found[row["name"]]["verifier"] = row["verifier"]
        return []
    warnings = []
    for role in roles:
        name, password = role["name"], role.get("password")
        if not password or name not in found or role["state"] == "absent":
            continue
        if scram.is_verifier(password):
            raise PlatformError(
                INTEGRATION,
                f"{server.login_role} may not read pg_authid, so a verifier cannot be compared",
                "declare the clear password, or log in as a superuser",
                where=f"role {name}",
            )
        if not found[name]["is_expired"]:
            found[name]["accepts"] = server.accepts(name, password)
            continue
        # The server refuses an expired password, right or wrong. One that becomes valid again is set anew.
        until = role.get("valid_until")
        found[name]["accepts"] = not until or instants[until]["is_past"]
        if found[name]["accepts"]:
            warnings.append(
                f"the password of role {name} has expired, so whether it is the declared one cannot be told, and it is "
                "left as it is: declare a valid_until yet to come, or log in as a superuser"
            )
    return warnings


def _granted(server: Server, leaving: list[str]) -> dict[str, list[dict]]:
    granted: dict[str, list[dict]] = {}
    if leaving and server.version >= FIRST_VERSION_WITH_GRANTORS:
        for row in server.rows(GRANTED, {"names": leaving}):
            granted.setdefault(row["name"], []).append(row)
    return granted


def _instants(server: Server, roles: list[dict]) -> dict[str, dict]:
    declared = sorted({role["valid_until"] for role in roles if role.get("valid_until")})
    return {row["spelled"]: row for row in server.rows(INSTANTS, {"declared": declared})} if declared else {}
