# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Privileges in a database: what is lacking, and the statements that grant or revoke it."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    PREREQUISITE,
    PlatformError,
)
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import contents
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import Ident, Statement

# All privileges that every supported version has.
ON_TABLES = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"})
ON_SEQUENCES = frozenset({"SELECT", "USAGE", "UPDATE"})
ON_FUNCTIONS = frozenset({"EXECUTE"})
KNOWN = {
    "database": frozenset({"CONNECT", "CREATE", "TEMPORARY"}),
    "schema": frozenset({"USAGE", "CREATE"}),
    "all_tables": ON_TABLES,
    "all_sequences": ON_SEQUENCES,
    "all_functions": ON_FUNCTIONS,
}
# By what a default privilege is for: the catalog's letter, and the privileges there are.
FUTURE = {"tables": ("r", ON_TABLES), "sequences": ("S", ON_SEQUENCES), "functions": ("f", ON_FUNCTIONS)}

# One row an object and grantee; an object without grants has a row with neither.
RELATIONS = """select relname as object, r.rolname as role, a.privilege_type as privilege
    from pg_class c join pg_namespace n on n.oid = relnamespace
    left join lateral aclexplode(
      coalesce(relacl, acldefault(case relkind when 'S' then 's' else 'r' end::"char", relowner))) a on true
    left join pg_roles r on r.oid = a.grantee
    where nspname = %(schema)s and strpos(%(kinds)s, relkind::text) > 0"""
QUERIES = {
    "database": """select datname as object, r.rolname as role, a.privilege_type as privilege
        from pg_database d left join lateral aclexplode(coalesce(datacl, acldefault('d', datdba))) a on true
        left join pg_roles r on r.oid = a.grantee where datname = current_database()""",
    "schema": """select nspname as object, r.rolname as role, a.privilege_type as privilege
        from pg_namespace left join lateral aclexplode(coalesce(nspacl, acldefault('n', nspowner))) a on true
        left join pg_roles r on r.oid = a.grantee where nspname = %(schema)s""",
    "all_tables": RELATIONS,
    "all_sequences": RELATIONS,
    "all_functions": """select p.oid::regprocedure::text as object, r.rolname as role, a.privilege_type as privilege
        from pg_proc p join pg_namespace n on n.oid = pronamespace
        left join lateral aclexplode(coalesce(proacl, acldefault('f', proowner))) a on true
        left join pg_roles r on r.oid = a.grantee where nspname = %(schema)s and prokind <> 'p'""",
    "default": """select 'future' as object, r.rolname as role, a.privilege_type as privilege
        from (select 1) one left join pg_default_acl d on defaclobjtype = %(future)s::"char"
          and defaclnamespace = (select oid from pg_namespace where nspname = %(schema)s)
          and pg_get_userbyid(defaclrole) = coalesce(%(creator)s, (select pg_get_userbyid(datdba)
                                                     from pg_database where datname = current_database()))
        left join lateral aclexplode(defaclacl) a on true left join pg_roles r on r.oid = a.grantee""",
}
# The kinds of relations that a grant on all of them means: views, materialized, partitioned and foreign tables too.
KINDS = {"all_tables": "rvmpf", "all_sequences": "S"}


def wanted(grant: dict) -> frozenset[str]:
    """Return the privileges of a declared grant, spelled as the catalog spells them.

    Raises:
        PlatformError: one is not known for what it is on.
    """
    known = FUTURE[grant["objects"]][1] if grant["on"] == "default" else KNOWN[grant["on"]]
    asked = {privilege.upper() for privilege in grant["privileges"]}
    if asked & {"ALL", "ALL PRIVILEGES"}:
        return known
    asked = {"TEMPORARY" if privilege == "TEMP" else privilege for privilege in asked}
    if asked - known:
        raise PlatformError(
            CONFIGURATION,
            f"{', '.join(sorted(asked - known))} cannot be granted on {grant['on']}",
            f"choose from {', '.join(sorted(known))} or ALL",
            where=f"privileges of role {grant['role']}",
        )
    return frozenset(asked)


def inspect(rows: contents.Rows, grants: list[dict], owner: str | None) -> list[dict[str, set]]:
    """Return for each declared grant what its role holds: a set of privileges for each object.

    Args:
        rows: runs a query with parameters in the database.
        grants: the declared ones.
        owner: the declared owner of the database; default privileges are for what it creates, if for no other's.
    """
    held: list[dict[str, set]] = []
    for grant in grants:
        parameters = {
            "schema": grant["schema"],
            "kinds": KINDS.get(grant["on"], ""),
            "future": FUTURE[grant["objects"]][0],
            "creator": grant["creator"] or owner,
        }
        objects: dict[str, set] = {}
        for row in rows(QUERIES[grant["on"]], parameters):
            privileges = objects.setdefault(row["object"], set())
            if row["role"] == grant["role"]:
                privileges.add(row["privilege"])
        held.append(objects)
    return held


def plan(database: dict, owner: str | None, inside: dict) -> t.Iterator[Step]:
    """Yield a step for each grant that is not as declared.

    Args:
        database: the declaration.
        owner: whom it will belong to; none where that is the login role.
        inside: as returned by `contents.inspect` or `contents.of_a_new_database`, with what is `held` where it exists.

    Raises:
        PlatformError: a grant is on a schema that there will not be.
    """
    grants = database["privileges"]
    for grant, held in zip(grants, inside.get("held", [{} for _grant in grants])):
        objects = {**_to_come(database, grant, inside), **held}
        asked = wanted(grant)
        if grant["state"] == "present":
            change = {privilege for privileges in objects.values() for privilege in asked - privileges}
        else:
            change = {privilege for privileges in objects.values() for privilege in asked & privileges}
        if change:
            yield _step(database["name"], grant["creator"] or owner, grant, sorted(change))


def _to_come(database: dict, grant: dict, inside: dict) -> dict[str, set]:
    """Return an object for those that are not there yet, but will be or may be when the grant is made."""
    on, schema = grant["on"], grant["schema"]
    if on != "database" and inside["certain"] and schema not in contents.schema_names(database, inside):
        raise PlatformError(
            PREREQUISITE,
            f"role {grant['role']} is to hold privileges in schema {schema}, which does not exist",
            "declare that schema",
            where=f"database {database['name']}",
        )
    there = "held" in inside and (on != "schema" or schema in inside["schemas"])
    comes = not there if on in ("database", "schema", "default") else _is_brought(database, schema, inside)
    return {"to come": set()} if comes else {}


def _is_brought(database: dict, schema: str, inside: dict) -> bool:
    """Tell whether a template, or an extension to be created or updated, may bring objects into a schema."""
    for extension in database["extensions"]:
        actual = inside["extensions"].get(extension["name"])
        changes = actual is None or extension["version"] not in (None, actual["version"])
        if extension["state"] == "present" and changes and extension["schema"] in (None, schema):
            return True
    return not inside["certain"]


def _step(database: str, creator: str | None, grant: dict, change: list[str]) -> Step:
    verb, preposition = ("GRANT", "TO") if grant["state"] == "present" else ("REVOKE", "FROM")
    on, schema = grant["on"], grant["schema"]
    prefix, parts = "", (Ident(schema),)
    if on == "database":
        place, target, parts = f"database {database}", "DATABASE {}", (Ident(database),)
    elif on == "schema":
        place, target = f"schema {database}.{schema}", "SCHEMA {}"
    elif on == "default":
        place, target = f"future {grant['objects']} of {database}.{schema}", grant["objects"].upper()
        prefix = "ALTER DEFAULT PRIVILEGES IN SCHEMA {} "
        if creator:
            prefix, parts = "ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA {} ", (Ident(creator), *parts)
    else:
        kind = on.replace("_", " ")
        place, target = f"{kind} of {database}.{schema}", f"{kind.upper()} IN SCHEMA {{}}"
    # Only privileges that the catalog knows get here: they are our own words.
    listed = ", ".join(change)
    text = f"{prefix}{verb} {listed} ON {target} {preposition} {{}}"
    words = f"{verb.lower()} {listed} on {place} {preposition.lower()} {grant['role']}"
    shown = f"{grant['role']}: {listed} on {place}"
    granted = verb == "GRANT"
    return Step(
        f"database {database}",
        words,
        Statement(text, (*parts, Ident(grant["role"])), database),
        {shown: not granted},
        {shown: granted},
    )
