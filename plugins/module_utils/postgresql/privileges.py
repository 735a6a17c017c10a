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
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import (
    closing,
    contents,
    privilege_catalog,
)
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.privilege_catalog import (
    EVERYBODY,
    Held,
    Place,
    Privileges,
    is_everybodys,
)
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.privilege_kinds import (
    in_words,
    place_of,
    wanted,
)
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import Ident, Quoted, Statement

NOTHING = Held(0)


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
    granted: set[tuple] = set()
    for grant in database["privileges"]:
        place, asked = place_of(grant, owner), wanted(grant, version)
        is_new = _comes(database, grant, inside) or _is_future_of_a_new_role(place, found)
        kept.setdefault((place, grant["role"]), set()).update(asked)
        held = found.held.get(place, {}).get(grant["role"], {})
        if grant["state"] == "present":
            objects = found.objects.get(place, 1 if place.on == "default" else 0)
            change = {name for name in asked if is_new or _lacks(held.get(name, NOTHING), objects, grant)}
            # What is declared twice is granted once.
            change -= {name for name in asked if (place, grant["role"], name, grant["grant_option"]) in granted}
            granted |= {(place, grant["role"], name, grant["grant_option"]) for name in change}
            if change:
                yield _granted(database["name"], place, grant, _listed(change))
        else:
            _refuse_what_is_given_everywhere(database, owner, grant, asked, found, version)
            is_given = grant["role"] == EVERYBODY and is_new
            change = {name for name in asked if name in held or (is_given and is_everybodys(place, name))}
            if change:
                grantors = _grantors(held, change)
                yield _revoked(database["name"], place, grant["role"], _listed(change), grantors)
    public = (Place("schema", "public"), owner)
    if public[0] in {place for place, _role in kept}:
        kept.setdefault(public, set()).update(closing.kept(database, owner))
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
    declared.setdefault((Place("schema", "public"), owner), set()).update(closing.kept(database, owner))
    found = []
    for place, role, privileges in privilege_catalog.holders(inside["privileges"]):
        listed = sorted(set(privileges) - declared.get((place, role), set()))
        if listed:
            found.append(f"privilege {', '.join(listed)} of {role} on {in_words(database['name'], place)}")
    return found


def _is_future_of_a_new_role(place: Place, found: Privileges) -> bool:
    """Tell whether a place that each role has, whatever it holds, is not there: its role is yet to be made."""
    return place.on == "default" and place.schema is None and place not in found.objects


def _refuse_what_is_given_everywhere(
    database: dict, owner: str | None, grant: dict, asked: frozenset[str], found: Privileges, version: int
) -> None:
    """Refuse to take from one schema's future objects what those of all schemas have: PostgreSQL adds the two up."""
    place, role = place_of(grant, owner), grant["role"]
    if place.on != "default" or place.schema is None:
        return
    everywhere = place._replace(schema=None)
    by_nature = role == EVERYBODY and _is_future_of_a_new_role(everywhere, found)
    given = set(found.held.get(everywhere, {}).get(role, {}))
    given |= {name for name in asked if by_nature and is_everybodys(everywhere, name)}
    for other in database["privileges"]:
        if (place_of(other, owner), other["role"], other["state"]) == (everywhere, role, "absent"):
            given -= wanted(other, version)
    listed = sorted(given & asked)
    if listed:
        raise PlatformError(
            CONFIGURATION,
            f"{role} has {', '.join(listed)} on {in_words(database['name'], everywhere)}, and taking it from those of "
            f"schema {place.schema} alone would have no effect",
            "declare this privilege absent with schema: '' (all schemas); then grant it in those where it is meant",
            where=f"database {database['name']}",
        )


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
    if on == "default" and not schema:
        return "privileges" not in inside
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
    # What a template brings is not granted yet.
    copied = inside["schemas"].get(schema, {}).get("objects", 0) if "privileges" not in inside else 0
    return not inside["certain"] or copied > 0


def _granted(database: str, place: Place, grant: dict, listed: str) -> Step:
    option = " WITH GRANT OPTION" if grant["grant_option"] else ""
    prefix, target, parts = _target(database, place)
    text = f"{prefix}GRANT {listed} ON {target} TO {{}}{option}"
    role, where = grant["role"], in_words(database, place)
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
    where = in_words(database, place)
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
        creator = () if place.creator is None else (Ident(place.creator),)
        schema = () if place.schema is None else (Ident(place.schema),)
        prefix = f"ALTER DEFAULT PRIVILEGES {'FOR ROLE {} ' if creator else ''}{'IN SCHEMA {} ' if schema else ''}"
        return prefix, place.kind.upper(), (*creator, *schema)
    return "", f"{place.on.replace('_', ' ').upper()} IN SCHEMA {{}}", (Ident(place.schema),)
