# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Databases as they are."""

from __future__ import annotations

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import (
    acting,
    content_catalog,
    privilege_catalog,
    settings,
)
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.connection import Server

# From this version on nobody but its owner may create in the schema public of a new database.
FIRST_CLOSED_VERSION = 150000
FIRST_VERSION_WITH_COLLATIONS = 150000

# The columns of locales differ from version to version.
DATABASES = """
select datname as name, pg_get_userbyid(datdba) as owner, pg_encoding_to_char(encoding) as encoding,
       case row->>'datlocprovider' when 'i' then 'icu' when 'b' then 'builtin' else 'libc' end as locale_provider,
       coalesce(row->>'datlocale', row->>'daticulocale', datcollate) as locale, datconnlimit as connection_limit,
       datistemplate as is_template, datallowconn as is_open, datconnlimit = -2 as is_broken,
       shobj_description(d.oid, 'pg_database') as comment,
       coalesce((select setconfig from pg_db_role_setting where setdatabase = d.oid and setrole = 0), '{}') as settings,
       exists (select from aclexplode(coalesce(datacl, acldefault('d', datdba))) where grantee = 0) as public,
       array(select subname::text from pg_subscription where subdbid = d.oid order by 1) as subscriptions,
       array(select slot_name::text from pg_replication_slots where database = datname and active
             order by 1) as active_slots,
       array(select slot_name::text from pg_replication_slots where database = datname and not active
             order by 1) as idle_slots,
       array(select gid from pg_prepared_xacts where database = datname order by 1) as prepared,
       (select count(*) from pg_stat_activity a where a.datname = d.datname and pid <> pg_backend_pid()
        and backend_type = 'client backend') as sessions
from pg_database d, to_jsonb(d) row
where %(names)s::text[] is null and not datistemplate or datname = any(%(names)s) order by 1
"""
# The oldest version records no versions of collations.
COLLATIONS = """
select datcollversion as recorded, pg_database_collation_actual_version(oid) as present
from pg_database where datname = %(name)s
"""
# Whose privileges each owner has.
POWERS = """
select r.rolname as name, array(select g.rolname::text from pg_roles g where pg_has_role(r.oid, g.oid, 'USAGE')) as has
from pg_roles r where r.rolname = any(%(names)s)
"""
ENCODINGS = """
select spelled, pg_encoding_to_char(pg_char_to_encoding(spelled)) as encoding from unnest(%(spellings)s) as spelled
"""
SIZES = """
select datname as name, pg_database_size(oid) as size from pg_database
where %(names)s::text[] is null and not datistemplate or datname = any(%(names)s)
"""
NOTHING_DECLARED: dict = {
    "extensions": [],
    "privileges": [],
    "reassign_objects_from": [],
    "role_settings": {},
    "owner": None,
}


def inspect(server: Server, databases: list[dict], everything: bool = False) -> dict:
    """Return the declared databases as they are, and what the server has to offer.

    Args:
        server: the server.
        databases: the declared ones.
        everything: whether privileges are read that nobody declared.

    Returns:
        `databases` by name, those to be kept with their contents; `known_databases`, `known_roles`, `known_settings`,
        `wrong_settings` (why the server would not take a value),
        `available` (extensions), `encodings` (the server's name of each, empty where it has none, by declared
        spelling), `templates` of new databases (with their `collations`, recorded and present, and what is `inside`;
        none where that cannot be seen), `has` (the roles whose privileges an owner has), `powers` (as returned by
        `acting.inspect`), `login_database`, `login_role`, `version`, and whether everybody `public_creates` in a new
        database.

    Raises:
        PlatformError: the server or one of the databases cannot be asked.
    """
    found = _read(server, [item["name"] for item in databases])
    for declared in databases:
        actual = found.get(declared["name"])
        if actual and declared["state"] == "present" and actual["is_open"] and not actual["is_broken"]:
            actual.update(_inside(server, declared, everything))
    sessions = [declared for item in databases for declared in (item["settings"], *item["role_settings"].values())]
    return {
        "databases": found,
        "known_databases": {row["name"] for row in server.rows("select datname as name from pg_database")},
        "known_roles": server.role_names(),
        "known_settings": settings.known(server.rows) if any(sessions) else None,
        "wrong_settings": settings.wrong(server.rows, sessions),
        "available": content_catalog.available(server.rows) if any(item["extensions"] for item in databases) else None,
        "encodings": _encodings(server, databases),
        "templates": _templates(server, databases, found),
        "has": _powers_of_owners(server, databases, found),
        "powers": acting.inspect(server, databases),
        "login_database": server.login_database,
        "login_role": server.login_role,
        "version": server.version,
        "public_creates": server.version < FIRST_CLOSED_VERSION,
    }


def declarations(server: Server, names: list[str] | None) -> list[dict]:
    """Return databases as they would be declared, with what is in them.

    Args:
        server: the server.
        names: those that are asked for; none for all but templates.
    """
    found = _read(server, names).values()
    return [_declaration(server, actual) for actual in found if actual["is_open"] and not actual["is_broken"]]


def unreadable(server: Server, names: list[str] | None) -> list[str]:
    """Return the names of databases that nobody can log in to; the arguments are those of `declarations`."""
    return [name for name, actual in _read(server, names).items() if actual["is_broken"] or not actual["is_open"]]


def template_of(database: dict) -> str:
    """Return the name of the template that a declared database is copied from."""
    # A locale or encoding of its own needs one that has nothing in it.
    own = any(database[key] for key in ("encoding", "locale", "locale_provider"))
    return database["template"] or ("template0" if own else "template1")


def sizes(server: Server, names: list[str] | None) -> dict[str, int]:
    """Return the sizes of databases in bytes, by name; the arguments are those of `declarations`."""
    return {row["name"]: row["size"] for row in server.rows(SIZES, {"names": names})}


def _declaration(server: Server, actual: dict) -> dict:
    inside = _inside(server, {**NOTHING_DECLARED, "name": actual["name"]}, everything=True)
    schemas = [
        {"name": name, "owner": None if schema["owner"].startswith("pg_") else schema["owner"], "state": "present"}
        for name, schema in inside["schemas"].items()
        if content_catalog.is_users(name) and not schema["of_extension"]
    ]
    extensions = [
        {key: extension[key] for key in ("name", "version", "schema")}
        for extension in inside["extensions"].values()
        if extension["name"] != "plpgsql"
    ]
    fixed = ("name", "owner", "encoding", "locale_provider", "locale", "connection_limit", "settings")
    public_creates = inside["schemas"].get("public", {"public_creates": False})["public_creates"]
    return {
        **{key: actual[key] for key in fixed},
        "comment": actual["comment"] or "",
        "role_settings": inside["role_settings"],
        "revoke_public": not actual["public"] and not public_creates,
        "extensions": extensions,
        "schemas": schemas,
        "privileges": privilege_catalog.declarations(inside["privileges"]),
        "state": "present",
    }


def _read(server: Server, names: list[str] | None) -> dict[str, dict]:
    found = {row["name"]: row for row in server.rows(DATABASES, {"names": names})}
    for actual in found.values():
        actual["settings"] = settings.parsed(actual["settings"])
    return found


def _templates(server: Server, databases: list[dict], found: dict[str, dict]) -> dict[str, dict]:
    new = [item for item in databases if item["state"] == "present" and item["name"] not in found]
    templates = _read(server, sorted({template_of(item) for item in new})) if new else {}
    for name, actual in templates.items():
        actual["collations"] = (None, None)
        if server.version >= FIRST_VERSION_WITH_COLLATIONS:
            row = server.rows(COLLATIONS, {"name": name})[0]
            actual["collations"] = (row["recorded"], row["present"])
        actual["inside"] = None
        recorded, present = actual["collations"]
        if actual["is_open"] and not actual["is_broken"] and recorded in (None, present):
            copies = [item for item in new if template_of(item) == name]
            extensions = [extension for item in copies for extension in item["extensions"]]
            owners = sorted({role for item in copies for role in item["reassign_objects_from"]})
            asked = {**NOTHING_DECLARED, "name": name, "extensions": extensions, "reassign_objects_from": owners}
            try:
                actual["inside"] = _inside(server, asked, everything=False)
            except PlatformError:
                # Who may copy a template need not be let in.
                continue
    # The last one has nothing in it, and lets nobody in.
    return {name: actual for name, actual in templates.items() if name != "template0"}


def _powers_of_owners(server: Server, databases: list[dict], found: dict[str, dict]) -> dict[str, set[str]]:
    closed = [item for item in databases if item["state"] == "present" and item["revoke_public"]]
    owners = {item["owner"] or found.get(item["name"], {}).get("owner") for item in closed}
    rows = server.rows(POWERS, {"names": sorted(filter(None, owners))}) if closed else []
    return {row["name"]: set(row["has"]) for row in rows}


def _encodings(server: Server, databases: list[dict]) -> dict[str, str]:
    spellings = sorted({database["encoding"] for database in databases if database["encoding"]})
    rows = server.rows(ENCODINGS, {"spellings": spellings}) if spellings else []
    return {row["spelled"]: row["encoding"] for row in rows}


def _inside(server: Server, database: dict, everything: bool) -> dict:
    def rows(query: str, parameters: dict | None = None) -> list[dict]:
        return server.rows(query, parameters, database["name"])

    return content_catalog.inspect(rows, database, everything)
