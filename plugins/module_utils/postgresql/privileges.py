# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Privileges in a database: what is lacking, and the statements that grant or revoke it."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import Ident, Statement

# By what a grant is `on`: the kinds of relations that it means, its words in SQL, and all privileges there are.
RELATIONS = {
    "all_tables": (
        "rvmpf",
        "ALL TABLES IN SCHEMA {}",
        {"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"},
    ),
    "all_sequences": ("S", "ALL SEQUENCES IN SCHEMA {}", {"SELECT", "USAGE", "UPDATE"}),
}
ALL = {
    "database": {"CONNECT", "CREATE", "TEMPORARY"},
    "schema": {"USAGE", "CREATE"},
    "all_functions": {"EXECUTE"},
    "default": RELATIONS["all_tables"][2],
    **{on: known for on, (_kinds, _words, known) in RELATIONS.items()},
}

# One row an object and grantee; an object without grants has a row with neither.
QUERIES = {
    "database": """select datname as object, r.rolname as role, a.privilege_type as privilege
        from pg_database d left join lateral aclexplode(coalesce(datacl, acldefault('d', datdba))) a on true
        left join pg_roles r on r.oid = a.grantee where datname = current_database()""",
    "schema": """select nspname as object, r.rolname as role, a.privilege_type as privilege
        from pg_namespace left join lateral aclexplode(coalesce(nspacl, acldefault('n', nspowner))) a on true
        left join pg_roles r on r.oid = a.grantee where nspname = %(schema)s""",
    "relations": """select relname as object, r.rolname as role, a.privilege_type as privilege
        from pg_class c join pg_namespace n on n.oid = relnamespace
        left join lateral aclexplode(
          coalesce(relacl, acldefault(case relkind when 'S' then 's' else 'r' end::"char", relowner))) a on true
        left join pg_roles r on r.oid = a.grantee
        where nspname = %(schema)s and strpos(%(kinds)s, relkind::text) > 0""",
    "all_functions": """select p.oid::regprocedure::text as object, r.rolname as role, a.privilege_type as privilege
        from pg_proc p join pg_namespace n on n.oid = pronamespace
        left join lateral aclexplode(coalesce(proacl, acldefault('f', proowner))) a on true
        left join pg_roles r on r.oid = a.grantee where nspname = %(schema)s and prokind <> 'p'""",
    "default": """select 'tables' as object, r.rolname as role, a.privilege_type as privilege
        from (select 1) one left join pg_default_acl d on defaclobjtype = 'r'
          and defaclnamespace = (select oid from pg_namespace where nspname = %(schema)s)
          and defaclrole = (select datdba from pg_database where datname = current_database())
        left join lateral aclexplode(defaclacl) a on true left join pg_roles r on r.oid = a.grantee""",
}


def wanted(grant: dict) -> set[str]:
    """Return the privileges of a declared grant, spelled as the catalog spells them.

    Raises:
        PlatformError: one is not known for what it is on.
    """
    known = ALL[grant["on"]]
    asked = {privilege.upper() for privilege in grant["privileges"]}
    asked = {"TEMPORARY" if privilege == "TEMP" else privilege for privilege in asked}
    if asked & {"ALL", "ALL PRIVILEGES"}:
        return set(known)
    if asked - known:
        raise PlatformError(
            CONFIGURATION,
            f"{', '.join(sorted(asked - known))} cannot be granted on {grant['on']}",
            f"choose from {', '.join(sorted(known))} or ALL",
            where=f"privileges of role {grant['role']}",
        )
    return asked


def inspect(rows: t.Callable[[str, dict], list[dict]], grants: list[dict]) -> dict[tuple, dict[str, set]]:
    """Return by (on, schema, role) what the role holds: a set of privileges for each object.

    Args:
        rows: runs a query with parameters in the database.
        grants: the declared ones.
    """
    held: dict[tuple, dict[str, set]] = {}
    for grant in grants:
        on, schema = grant["on"], grant["schema"]
        kinds = RELATIONS.get(on, ("",))[0]
        objects: dict[str, set] = {}
        for row in rows(QUERIES["relations" if kinds else on], {"schema": schema, "kinds": kinds}):
            privileges = objects.setdefault(row["object"], set())
            if row["role"] == grant["role"]:
                privileges.add(row["privilege"])
        held[on, schema, grant["role"]] = objects
    return held


def plan(database: str, owner: str | None, grants: list[dict], held: dict[tuple, dict[str, set]]) -> t.Iterator[Step]:
    """Yield a step for each grant that is not as declared; default privileges are for objects of `owner`."""
    for grant in grants:
        on, schema, role = grant["on"], grant["schema"], grant["role"]
        asked = wanted(grant)
        # In a database that is yet to be made there are no objects, but there will be itself and its schemas.
        objects = held.get((on, schema, role), {} if on in RELATIONS or on == "all_functions" else {"": set()})
        if grant["state"] == "present":
            change = {privilege for privileges in objects.values() for privilege in asked - privileges}
        else:
            change = {privilege for privileges in objects.values() for privilege in asked & privileges}
        if change:
            yield _step(database, owner, grant, sorted(change))


def _step(database: str, owner: str | None, grant: dict, change: list[str]) -> Step:
    verb, preposition = ("GRANT", "TO") if grant["state"] == "present" else ("REVOKE", "FROM")
    schema, role = Ident(grant["schema"]), Ident(grant["role"])
    # Only privileges that the catalog knows get here: they are our own words.
    listed = ", ".join(change)
    on = grant["on"]
    if on == "database":
        text, parts = f"{verb} {listed} ON DATABASE {{}} {preposition} {{}}", (Ident(database), role)
    elif on == "default":
        creator = "FOR ROLE {} " if owner else ""
        text = f"ALTER DEFAULT PRIVILEGES {creator}IN SCHEMA {{}} {verb} {listed} ON TABLES {preposition} {{}}"
        parts = (*([Ident(owner)] if owner else []), schema, role)
    else:
        words = {"schema": "SCHEMA {}", "all_functions": "ALL FUNCTIONS IN SCHEMA {}"}.get(on) or RELATIONS[on][1]
        text, parts = f"{verb} {listed} ON {words} {preposition} {{}}", (schema, role)
    place = {"database": f"database {database}"}.get(on, f"{on.replace('_', ' ')} of {database}.{grant['schema']}")
    words = f"{verb.lower()} {listed} on {place} {preposition.lower()} {grant['role']}"
    present = verb == "GRANT"
    shown = f"{grant['role']}: {listed} on {place}"
    return Step(f"database {database}", words, Statement(text, parts, database), {shown: not present}, {shown: present})
