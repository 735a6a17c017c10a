# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Privileges as they are, counted for all objects of a kind together."""

from __future__ import annotations

import typing as t

Rows = t.Callable[..., list]
EVERYBODY = "PUBLIC"
KINDS = ("database", "schema", "all_tables", "all_sequences", "all_functions", "default")

OBJECTS = """
select 'database' as place, null::name as schema, null as kind, null::name as creator, oid as object, datdba as owner,
       coalesce(datacl, acldefault('d', datdba)) as acl
from pg_database where datname = current_database() and 'database' = any(%(kinds)s)
union all
select 'schema', nspname, null, null, oid, nspowner, coalesce(nspacl, acldefault('n', nspowner))
from pg_namespace where nspname = any(%(schemas)s) and 'schema' = any(%(kinds)s)
union all
select case relkind when 'S' then 'all_sequences' else 'all_tables' end, nspname, null, null, c.oid, relowner,
       coalesce(relacl, acldefault(case relkind when 'S' then 's' else 'r' end::"char", relowner))
from pg_class c join pg_namespace n on n.oid = relnamespace
where relkind in ('r', 'v', 'm', 'p', 'f', 'S') and nspname = any(%(schemas)s)
  and '{all_tables,all_sequences}' && %(kinds)s
union all
select 'all_functions', nspname, null, null, p.oid, proowner, coalesce(proacl, acldefault('f', proowner))
from pg_proc p join pg_namespace n on n.oid = pronamespace
where prokind <> 'p' and nspname = any(%(schemas)s) and 'all_functions' = any(%(kinds)s)
union all
select 'default', nspname, case defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' else 'functions' end,
       pg_get_userbyid(defaclrole), d.oid, defaclrole, defaclacl
from pg_default_acl d join pg_namespace n on n.oid = defaclnamespace
where defaclobjtype in ('r', 'S', 'f') and nspname = any(%(schemas)s) and 'default' = any(%(kinds)s)
union all
select 'default', null, kind, rolname, r.oid, r.oid,
       coalesce(defaclacl, acldefault(case code when 'S' then 's' else code end::"char", r.oid))
from pg_roles r cross join (values ('r', 'tables'), ('S', 'sequences'), ('f', 'functions')) kinds (code, kind)
     left join pg_default_acl d on defaclrole = r.oid and defaclnamespace = 0 and defaclobjtype = code::"char"
where 'default' = any(%(kinds)s) and (d.oid is not null or rolname = any(%(creators)s)
      or r.oid = (select datdba from pg_database where datname = current_database()))
"""
# One row without a role for each place, with the number of its objects; one for each privilege of each role there.
HELD = f"""
with objects as ({OBJECTS})
select place, schema, kind, creator, null as role, null as privilege, count(*) as objects, 0 as grantable,
       0 as of_others, null::text[] as grantors
from objects group by 1, 2, 3, 4
union all
select place, schema, kind, creator, case when a.grantee = 0 then 'PUBLIC' else holder.rolname end, a.privilege_type,
       count(distinct object), count(distinct object) filter (where is_grantable),
       count(distinct object) filter (where a.grantee <> owner),
       array_agg(distinct by.rolname::text) filter (where a.grantor <> owner)
from objects, aclexplode(acl) a
     left join pg_roles holder on holder.oid = a.grantee left join pg_roles by on by.oid = a.grantor
where a.grantee = 0 or holder.oid is not null
group by 1, 2, 3, 4, 5, 6
"""


class Place(t.NamedTuple):
    """What privileges are on, as a grant declares it; none for what has no meaning there.

    Attributes:
        on: kind of objects.
        schema: their schema; none for future objects in all schemas.
        kind: kind of future objects.
        creator: who will create these.
    """

    on: str
    schema: str | None = None
    kind: str | None = None
    creator: str | None = None


class Held(t.NamedTuple):
    """A privilege that a role holds at a place.

    Attributes:
        objects: on how many objects.
        grantable: on how many of them it may grant it to others.
        of_others: how many of them it does not own.
        grantors: who granted it, but for the owners.
    """

    objects: int
    grantable: int = 0
    of_others: int = 0
    grantors: tuple = ()


class Privileges(t.NamedTuple):
    """All privileges in a database, as far as they have been asked for.

    Attributes:
        objects: how many objects there are at a place.
        held: by place, role (`PUBLIC` for everybody) and privilege.
    """

    objects: dict
    held: dict


def inspect(
    rows: Rows, schemas: t.Collection[str], creators: t.Collection[str], kinds: t.Collection[str] = KINDS
) -> Privileges:
    """Return the privileges on the database, on some of its schemas, and on what is in them.

    Args:
        rows: runs a query with parameters in the database.
        schemas: the schemas.
        creators: roles whose future objects are asked for, beside those of the database's owner.
        kinds: what they are on; a schema may hold thousands of functions, which are not looked at for nothing.
    """
    found = Privileges({}, {})
    asked = {"schemas": sorted(schemas), "creators": sorted(creators), "kinds": sorted(kinds)}
    for row in rows(HELD, asked):
        place = Place(row["place"], row["schema"], row["kind"], row["creator"])
        if row["role"] is None:
            found.objects[place] = row["objects"]
            continue
        held = Held(row["objects"], row["grantable"], row["of_others"], tuple(row["grantors"] or ()))
        found.held.setdefault(place, {}).setdefault(row["role"], {})[row["privilege"]] = held
    return found


def declarations(found: Privileges) -> list[dict]:
    """Return as grants what roles hold on all objects of a place, those left out that `holders` leaves out."""
    grants = []
    for place, role, privileges in holders(found):
        whole = {name: held for name, held in privileges.items() if held.objects == found.objects[place]}
        for grantable in (False, True):
            listed = sorted(name for name, held in whole.items() if (held.grantable == held.objects) is grantable)
            grant = {"role": role, "on": place.on, "privileges": listed, "grant_option": grantable, "state": "present"}
            if place.schema is not None:
                grant["schema"] = place.schema
            if place.on == "default":
                grant.update(schema=place.schema or "", objects=place.kind, creator=place.creator)
            if listed:
                grants.append(grant)
    return grants


def holders(found: Privileges) -> t.Iterator[tuple[Place, str, dict[str, Held]]]:
    """Yield the place, the role and the privileges of those that hold some that PostgreSQL did not give them itself."""
    for place in sorted(found.held, key=str):
        for role, privileges in sorted(found.held[place].items()):
            given = {
                name: held
                for name, held in privileges.items()
                if held.of_others and not (role == EVERYBODY and is_everybodys(place, name))
            }
            if given:
                yield place, role, given


def is_everybodys(place: Place, privilege: str) -> bool:
    """Tell whether PostgreSQL itself gives a privilege to everybody."""
    return (
        (place.on == "database" and privilege in ("CONNECT", "TEMPORARY"))
        or (place.on == "schema" and place.schema == "public")
        or place.on == "all_functions"
        or (place.on == "default" and place.schema is None and place.kind == "functions")
    )
