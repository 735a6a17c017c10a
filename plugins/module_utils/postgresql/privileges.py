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
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import contents, privilege_catalog
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.privilege_catalog import (
    EVERYBODY,
    Held,
    Place,
    Privileges,
    is_everybodys,
)
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import Ident, Quoted, Statement

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
# By what a default privilege is for.
FUTURE = {"tables": ON_TABLES, "sequences": ON_SEQUENCES, "functions": ON_FUNCTIONS}
# From this version on tables have one more.
FIRST_VERSION_WITH_MAINTAIN = 170000
NOTHING = Held(0)


def wanted(grant: dict, version: int = 0) -> frozenset[str]:
    """Return the privileges of a declared grant, spelled as the catalog spells them.

    Args:
        grant: the declared one.
        version: the server's, as a number; 0 for any that is supported.

    Raises:
        PlatformError: one is not known for what it is on.
    """
    known = FUTURE[grant["objects"]] if grant["on"] == "default" else KNOWN[grant["on"]]
    if known is ON_TABLES and version >= FIRST_VERSION_WITH_MAINTAIN:
        known |= {"MAINTAIN"}
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


def place_of(grant: dict, owner: str | None) -> Place:
    """Return what a declared grant is on.

    Args:
        grant: the declared one.
        owner: whom the database will belong to; default privileges are for what it creates, if for no other's.
    """
    if grant["on"] == "database":
        return Place("database")
    if grant["on"] == "default":
        return Place("default", grant["schema"], grant["objects"], grant["creator"] or owner)
    return Place(grant["on"], grant["schema"])


def plan(database: dict, owner: str | None, inside: dict, version: int = 0) -> t.Iterator[Step]:
    """Yield a step for each grant that is not as declared, and for those beside them where these exclude others.

    Args:
        database: the declaration.
        owner: whom it will belong to; none where that is the login role.
        inside: as returned by `content_catalog.inspect` or `contents.of_a_new_database`, with `privileges` where it
            exists.
        version: the server's, as a number; 0 where it is not known.

    Raises:
        PlatformError: a grant is on a schema that there will not be.
    """
    found = inside.get("privileges", Privileges({}, {}))
    kept: dict[tuple, set] = {}
    for grant in database["privileges"]:
        place, asked = place_of(grant, owner), wanted(grant, version)
        is_new = _comes(database, grant, inside)
        kept.setdefault((place, grant["role"]), set()).update(asked)
        held = found.held.get(place, {}).get(grant["role"], {})
        if grant["state"] == "present":
            objects = found.objects.get(place, 1 if place.on == "default" else 0)
            change = {name for name in asked if is_new or _lacks(held.get(name, NOTHING), objects, grant)}
            if change:
                yield _granted(database["name"], place, grant, _listed(change))
        else:
            is_given = grant["role"] == EVERYBODY and is_new
            change = {name for name in asked if name in held or (is_given and is_everybodys(place, name))}
            if change:
                grantors = _grantors(held, change)
                yield _revoked(database["name"], place, grant["role"], _listed(change), grantors)
    if database["exclusive_privileges"]:
        yield from _intruders(database["name"], kept, found)


def undeclared(database: dict, owner: str | None, inside: dict, version: int) -> list[str]:
    """Return in words the privileges that roles hold without being declared to.

    Args:
        database: the declaration.
        owner: whom it belongs to.
        inside: as returned by `content_catalog.inspect`.
        version: the server's, as a number.
    """
    declared: dict[tuple, set] = {}
    for grant in database["privileges"]:
        key = (place_of(grant, owner), grant["role"])
        declared.setdefault(key, set()).update(wanted(grant, version))
    found = []
    for place, role, privileges in privilege_catalog.holders(inside["privileges"]):
        listed = sorted(set(privileges) - declared.get((place, role), set()))
        if listed:
            found.append(f"privilege {', '.join(listed)} of {role} on {_in_words(database['name'], place)}")
    return found


def _lacks(held: Held, objects: int, grant: dict) -> bool:
    return held.objects < objects or (grant["grant_option"] and held.grantable < objects)


def _grantors(held: dict[str, Held], privileges: t.Iterable[str]) -> list[str]:
    return sorted({grantor for name in privileges for grantor in held.get(name, NOTHING).grantors})


def _listed(privileges: t.Collection[str]) -> str:
    # Only privileges that the catalog knows get here: they are our own words.
    return ", ".join(sorted(privileges))


def _intruders(database: str, kept: dict[tuple, set], found: Privileges) -> t.Iterator[Step]:
    """Yield a step for each role that holds what nobody declared, at places where anything is declared.

    What everybody holds is another matter: PostgreSQL gives it with each new object.
    """
    for place in dict.fromkeys(place for place, _role in kept):
        for role, privileges in sorted(found.held.get(place, {}).items()):
            too_much = {
                name for name, held in privileges.items() if held.of_others and name not in kept.get((place, role), ())
            }
            if too_much and role != EVERYBODY:
                yield _revoked(database, place, role, _listed(too_much), _grantors(privileges, too_much))


def _comes(database: dict, grant: dict, inside: dict) -> bool:
    """Tell whether what a grant is on is not there yet, all or some of it, but will be or may be when it is made."""
    on, schema = grant["on"], grant["schema"]
    if on != "database" and inside["certain"] and schema not in contents.schema_names(database, inside):
        raise PlatformError(
            PREREQUISITE,
            f"role {grant['role']} is to hold privileges in schema {schema}, which does not exist",
            "declare that schema",
            where=f"database {database['name']}",
        )
    # What is handed over takes the privileges of its old owner with it.
    if any(inside.get("owned", {}).get(grant["role"], ())):
        return True
    there = "privileges" in inside and (on != "schema" or schema in inside["schemas"])
    return not there if on in ("database", "schema", "default") else _is_brought(database, schema, inside)


def _is_brought(database: dict, schema: str, inside: dict) -> bool:
    """Tell whether a template, or an extension to be created or updated, may bring objects into a schema."""
    for extension in database["extensions"]:
        actual = inside["extensions"].get(extension["name"])
        changes = actual is None or extension["version"] not in (None, actual["version"])
        if extension["state"] == "present" and changes and extension["schema"] in (None, schema):
            return True
    return not inside["certain"]


def _granted(database: str, place: Place, grant: dict, listed: str) -> Step:
    option = " WITH GRANT OPTION" if grant["grant_option"] else ""
    prefix, target, parts = _target(database, place)
    text = f"{prefix}GRANT {listed} ON {target} TO {{}}{option}"
    role, where = grant["role"], _in_words(database, place)
    words = f"grant {listed} on {where} to {role}{option.lower()}"
    shown = f"{role}: {listed} on {where}"
    statement = Statement(text, (*parts, _role(role)), database)
    return Step(f"database {database}", words, statement, {shown: False}, {shown: True})


def _revoked(database: str, place: Place, role: str, listed: str, grantors: list[str]) -> Step:
    prefix, target, parts = _target(database, place)
    text = f"{prefix}REVOKE {listed} ON {target} FROM {{}}"
    parts = (*parts, _role(role))
    # Only who granted something can take it back; what is revoked by a superuser counts as revoked by the owner.
    texts = [f"SET LOCAL ROLE {{}}; {text}; RESET ROLE" for _grantor in grantors]
    every = [part for grantor in grantors for part in (Ident(grantor), *parts)]
    where = _in_words(database, place)
    shown = f"{role}: {listed} on {where}"
    statement = Statement("; ".join([*texts, text]), (*every, *parts), database)
    words = f"revoke {listed} on {where} from {role}"
    return Step(f"database {database}", words, statement, {shown: True}, {shown: False})


def _role(name: str) -> Ident | Quoted:
    return Quoted(EVERYBODY) if name == EVERYBODY else Ident(name)


def _target(database: str, place: Place) -> tuple[str, str, tuple[Ident, ...]]:
    """Return what stands before GRANT or REVOKE, what stands after ON, and the names in both."""
    if place.on == "database":
        return "", "DATABASE {}", (Ident(database),)
    if place.on == "schema":
        return "", "SCHEMA {}", (Ident(place.schema),)
    if place.on == "default":
        if place.creator is None:
            return "ALTER DEFAULT PRIVILEGES IN SCHEMA {} ", place.kind.upper(), (Ident(place.schema),)
        prefix = "ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA {} "
        return prefix, place.kind.upper(), (Ident(place.creator), Ident(place.schema))
    return "", f"{place.on.replace('_', ' ').upper()} IN SCHEMA {{}}", (Ident(place.schema),)


def _in_words(database: str, place: Place) -> str:
    if place.on == "database":
        return f"database {database}"
    if place.on == "schema":
        return f"schema {database}.{place.schema}"
    kind = f"future {place.kind}" if place.on == "default" else place.on.replace("_", " ")
    return f"{kind} of {database}.{place.schema}"
