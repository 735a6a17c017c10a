# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is in a database, as it is: schemas, extensions, and who owns its objects."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import privilege_catalog, settings
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.privilege_catalog import Rows

SCHEMAS = """
select nspname as name, pg_get_userbyid(nspowner) as owner,
       exists (select from aclexplode(coalesce(nspacl, acldefault('n', nspowner)))
               where grantee = 0 and privilege_type = 'CREATE') as public_creates,
       array(select r.rolname::text from aclexplode(coalesce(nspacl, acldefault('n', nspowner)))
             join pg_roles r on r.oid = grantee where privilege_type in ('CREATE', 'USAGE')
             group by 1 having count(distinct privilege_type) = 2) as creators,
       (select count(*) from pg_depend where refclassid = 'pg_namespace'::regclass and refobjid = n.oid
        and deptype = 'n') as objects,
       exists (select from pg_depend where classid = 'pg_namespace'::regclass and objid = n.oid
               and deptype = 'e') as of_extension
from pg_namespace n
"""
EXTENSIONS = """
select extname as name, extversion as version, nspname as schema, extrelocatable as relocatable,
       array(select target from pg_extension_update_paths(extname) where extname = any(%(versioned)s)
             and source = extversion and path is not null) as reachable
from pg_extension join pg_namespace n on n.oid = extnamespace order by 1
"""
AVAILABLE = """
select v.name::text, v.version, v.version = a.default_version as is_default,
       coalesce(v.requires::text[], '{}') as requires
from pg_available_extension_versions v join pg_available_extensions a using (name)
"""
ROLE_SETTINGS = """
select rolname as role, setconfig as settings from pg_db_role_setting join pg_roles r on r.oid = setrole
where setdatabase = (select oid from pg_database where datname = current_database()) order by 1
"""
# What PostgreSQL's own REASSIGN OWNED would hand over, but of this database only, and also of its first superuser.
# Members of extensions, sequences of columns and functions of types follow those that they belong to. Some kinds can
# only belong to superusers: foreign-data wrappers, event triggers and subscriptions.
OWNED = r"""
select pg_get_userbyid(owner) as owner, i.type, i.name,
       -- What counts rows has no arguments, but wants a star in their place.
       case when i.type = 'aggregate' then regexp_replace(i.identity, '\(\)$', '(*)') else i.identity end as identity
from (select 'pg_class'::regclass as class, oid, relowner as owner, relkind from pg_class
      where relkind in ('r', 'p', 'v', 'm', 'f', 'S')
      union all select 'pg_proc'::regclass, oid, proowner, null from pg_proc
      union all select 'pg_type'::regclass, t.oid, typowner, case typtype when 'm' then 'M'::"char" end
                from pg_type t left join pg_class c on c.oid = typrelid
                where typtype in ('b', 'e', 'd', 'r') or not typisdefined or relkind = 'c'
                      -- Before version 17 these do not follow their ranges.
                      or typtype = 'm' and current_setting('server_version_num')::int < 170000
      union all select 'pg_language'::regclass, oid, lanowner, null from pg_language
      union all select 'pg_namespace'::regclass, oid, nspowner, null from pg_namespace
      union all select 'pg_collation'::regclass, oid, collowner, null from pg_collation
      union all select 'pg_conversion'::regclass, oid, conowner, null from pg_conversion
      union all select 'pg_operator'::regclass, oid, oprowner, null from pg_operator
      union all select 'pg_opclass'::regclass, oid, opcowner, null from pg_opclass
      union all select 'pg_opfamily'::regclass, oid, opfowner, null from pg_opfamily
      union all select 'pg_ts_dict'::regclass, oid, dictowner, null from pg_ts_dict
      union all select 'pg_ts_config'::regclass, oid, cfgowner, null from pg_ts_config
      union all select 'pg_statistic_ext'::regclass, oid, stxowner, null from pg_statistic_ext
      union all select 'pg_largeobject'::regclass, oid, lomowner, null from pg_largeobject_metadata
      union all select 'pg_publication'::regclass, oid, pubowner, null from pg_publication
      union all select 'pg_foreign_server'::regclass, oid, srvowner, null from pg_foreign_server
     ) o, pg_identify_object(class, o.oid, 0) i
where (o.oid >= 16384 or class = 'pg_largeobject'::regclass) and pg_get_userbyid(owner) = any(%(owners)s)
  and (i.schema is null or i.schema !~ '^pg_(toast|temp)')
  -- What depends on its columns alone, as a partitioned table does on those of its key, follows nobody.
  and not exists (select from pg_depend d where d.classid = o.class and d.objid = o.oid and d.objsubid = 0
                  and (deptype = 'e' or (deptype = 'i' and relkind is distinct from 'M')
                       or (deptype = 'a' and relkind = 'S' and refobjsubid > 0)))
order by i.type <> 'schema', i.type, i.identity
"""


def inspect(rows: Rows, database: dict, everything: bool = False) -> dict:
    """Return what is in a database, as far as its declaration asks for it.

    Args:
        rows: runs a query with parameters in the database.
        database: the declaration.
        everything: whether privileges and settings are read that nobody declared.

    Returns:
        `schemas` and `extensions` by name, `role_settings` by role, `owned` (the objects to be handed over, by owner)
        and `privileges`; `certain`, since nothing of it is guessed.
    """
    # Finding the ways from version to version is costly: it is done only where a version is declared.
    versioned = [extension["name"] for extension in database["extensions"] if extension["version"]]
    schemas = {row["name"]: row for row in rows(SCHEMAS)}
    owned: dict[str, list[dict]] = {}
    owners = database["reassign_objects_from"]
    for row in rows(OWNED, {"owners": owners}) if owners else []:
        owned.setdefault(row["owner"], []).append(row)
    return {
        "certain": True,
        "schemas": schemas,
        "extensions": {row["name"]: row for row in rows(EXTENSIONS, {"versioned": versioned})},
        "role_settings": _role_settings(rows) if everything or database["role_settings"] else {},
        "owned": owned,
        "privileges": _privileges(rows, database, filter(is_users, schemas) if everything else None),
    }


def _privileges(rows: Rows, database: dict, schemas: t.Iterable[str] | None) -> privilege_catalog.Privileges:
    declared = {grant["schema"] for grant in database["privileges"]}
    creators = set(filter(None, [database["owner"], *(grant["creator"] for grant in database["privileges"])]))
    if schemas is not None:
        return privilege_catalog.inspect(rows, declared.union(schemas), creators)
    if not declared:
        return privilege_catalog.Privileges({}, {})
    return privilege_catalog.inspect(rows, declared, creators, {grant["on"] for grant in database["privileges"]})


def is_users(schema: str) -> bool:
    """Tell whether a schema is none of PostgreSQL's own; `public` is not."""
    return not schema.startswith("pg_") and schema != "information_schema"


def _role_settings(rows: Rows) -> dict[str, dict[str, str]]:
    return {row["role"]: settings.parsed(row["settings"]) for row in rows(ROLE_SETTINGS)}


def available(rows: Rows) -> dict[str, dict]:
    """Return the extensions that the server has: by name, their `default` version and, by version, what each requires.

    Args:
        rows: runs a query.
    """
    offers: dict[str, dict] = {}
    for row in rows(AVAILABLE):
        offer = offers.setdefault(row["name"], {"default": None, "requires": {}})
        offer["requires"][row["version"]] = row["requires"]
        if row["is_default"]:
            offer["default"] = row["version"]
    return offers
