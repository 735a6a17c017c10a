# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Databases and what is in them, extensions, schemas and privileges: inspect and plan."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    DATA,
    PlatformError,
)
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import contents, privileges
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.connection import Server
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import (
    Ident,
    Statement,
    Text,
    check_name,
)

EMPTY: dict = {"databases": {}, "available": None, "roles": None, "public_creates": False}

# From this version on nobody but its owner may create in the schema public of a new database.
FIRST_CLOSED_VERSION = 150000

DATABASES = """
select datname as name, pg_get_userbyid(datdba) as owner, pg_encoding_to_char(encoding) as encoding,
       datcollate as locale, datconnlimit as connection_limit, shobj_description(d.oid, 'pg_database') as comment,
       coalesce((select setconfig from pg_db_role_setting where setdatabase = d.oid and setrole = 0), '{}') as settings,
       exists (select from aclexplode(coalesce(datacl, acldefault('d', datdba))) where grantee = 0) as public,
       (select count(*) from pg_stat_activity a where a.datname = d.datname and pid <> pg_backend_pid()) as sessions
from pg_database d where datname = any(%(names)s)
"""


def check(databases: list[dict]) -> None:
    """Refuse what cannot be meant.

    Raises:
        PlatformError: a name that PostgreSQL would not keep, or one declared twice.
    """
    names = [check_name(database["name"], "database") for database in databases]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise PlatformError(CONFIGURATION, "it is declared twice", "declare it once", where=f"database {twice[0]}")
    for database in databases:
        for schema in database["schemas"]:
            check_name(schema["name"], "schema")
        for grant in database["privileges"]:
            privileges.wanted(grant)


def inspect(server: Server, databases: list[dict]) -> dict:
    """Return the declared databases as they are, by name, the extensions on offer and the roles that exist."""
    found = {row["name"]: row for row in server.rows(DATABASES, {"names": [item["name"] for item in databases]})}
    for declared in databases:
        actual = found.get(declared["name"])
        if actual is None:
            continue
        actual["settings"] = dict(setting.split("=", 1) for setting in actual["settings"])
        if declared["state"] == "present":
            name = declared["name"]
            actual["extensions"] = {row["name"]: row for row in server.rows(contents.EXTENSIONS, database=name)}
            actual["schemas"] = {row["name"]: row for row in server.rows(contents.SCHEMAS, database=name)}
            actual["held"] = privileges.inspect(
                lambda query, parameters, name=name: server.rows(query, parameters, name), declared["privileges"]
            )
    offered = server.rows(
        "select name, array_agg(version::text) as versions from pg_available_extension_versions group by 1"
    )
    return {
        "databases": found,
        "available": {row["name"]: row["versions"] for row in offered},
        "roles": {row["rolname"] for row in server.rows("select rolname::text from pg_roles")},
        "public_creates": server.version < FIRST_CLOSED_VERSION,
    }


def plan(databases: list[dict], actual: dict) -> list[Step]:
    """Return the steps from what is to what is declared.

    Raises:
        PlatformError: something cannot be done in place; nothing of the plan is carried out then.
    """
    check(databases)
    steps: list[Step] = []
    for database in databases:
        found = actual["databases"].get(database["name"])
        if database["state"] == "absent":
            steps.extend(_drop(database, found))
            continue
        _refuse(database, found, actual)
        steps.extend(_database(database, found))
        steps.extend(contents.extensions(database, (found or {}).get("extensions", {})))
        steps.extend(contents.schemas(database, (found or {}).get("schemas", {})))
        steps.extend(_public(database, found, actual["public_creates"]))
        owner = database.get("owner") or (found or {}).get("owner")
        steps.extend(privileges.plan(database["name"], owner, database["privileges"], (found or {}).get("held", {})))
    return steps


def _refuse(database: dict, found: dict | None, actual: dict) -> None:
    where = f"database {database['name']}"
    owner = database.get("owner")
    if owner and actual["roles"] is not None and owner not in actual["roles"]:
        raise PlatformError(
            CONFIGURATION, f"its owner, role {owner}, does not exist", "declare the role first", where=where
        )
    for extension in database["extensions"]:
        offered = (actual["available"] or {}).get(extension["name"])
        if extension["state"] == "present" and actual["available"] is not None:
            contents.refuse_extension(extension, offered, sorted(actual["available"]), where)
    if found is None:
        return
    if owner and found["owner"] != owner and not database["reassign_owner"]:
        raise PlatformError(
            DATA,
            f"it belongs to role {found['owner']}, not to role {owner}",
            "find out whose data it is; then correct the declaration, or set reassign_owner to hand it over",
            where=where,
        )
    for fixed in ("encoding", "locale"):
        if database.get(fixed) and _folded(found[fixed]) != _folded(database[fixed]):
            raise PlatformError(
                DATA,
                f"its {fixed} is {found[fixed]}, not {database[fixed]}, and cannot be changed in place",
                "keep it as it is in the declaration, or dump, drop and restore the database",
                where=where,
            )


def _folded(value: str) -> str:
    return value.lower().replace("-", "")


def _drop(database: dict, found: dict | None) -> t.Iterator[Step]:
    if found is None:
        return
    name = database["name"]
    if found["sessions"] and not database["force"]:
        raise PlatformError(
            DATA, f"{found['sessions']} sessions use it", "end them, or set force to end them", where=f"database {name}"
        )
    text = "DROP DATABASE {} WITH (FORCE)" if database["force"] else "DROP DATABASE {}"
    yield contents.step(
        name, f"drop database {name}", Statement(text, (Ident(name),), alone=True), {"owner": found["owner"]}, {}
    )


def _database(database: dict, found: dict | None) -> t.Iterator[Step]:
    name = database["name"]
    if found is None:
        yield _create(database)
    elif database.get("owner") and found["owner"] != database["owner"]:
        statement = Statement("ALTER DATABASE {} OWNER TO {}", (Ident(name), Ident(database["owner"])))
        yield contents.step(
            name,
            f"hand database {name} over to {database['owner']}",
            statement,
            {"owner": found["owner"]},
            {"owner": database["owner"]},
        )
    found = found or {"connection_limit": -1, "settings": {}, "comment": None}
    limit = database.get("connection_limit")
    if limit is not None and found["connection_limit"] != limit:
        statement = Statement("ALTER DATABASE {} CONNECTION LIMIT {}", (Ident(name), Text(limit)))
        yield contents.step(
            name,
            f"set connection limit of database {name}",
            statement,
            {"connection_limit": found["connection_limit"]},
            {"connection_limit": limit},
        )
    for setting, value in sorted((database.get("settings") or {}).items()):
        wanted = None if value is None else str(value)
        if found["settings"].get(setting) != wanted:
            yield _setting(name, setting, found["settings"].get(setting), wanted)
    comment = database.get("comment")
    if comment is not None and (found["comment"] or "") != comment:
        statement = Statement("COMMENT ON DATABASE {} IS {}", (Ident(name), Text(comment or None)))
        yield contents.step(
            name, f"comment on database {name}", statement, {"comment": found["comment"]}, {"comment": comment}
        )


def _create(database: dict) -> Step:
    text, parts, after = "CREATE DATABASE {}", [Ident(database["name"])], {"present": True}
    # A locale or encoding of its own needs a template that has nothing in it.
    template = database.get("template") or ("template0" if database.get("encoding") or database.get("locale") else None)
    options = [
        ("OWNER", "owner", Ident),
        ("TEMPLATE", "template", Ident),
        ("ENCODING", "encoding", Text),
        ("LOCALE", "locale", Text),
    ]
    for word, key, kind in options:
        value = template if key == "template" else database.get(key)
        if value:
            text += f" {word} {{}}"
            parts.append(kind(value))
            after[key] = value
    return contents.step(
        database["name"], f"create database {database['name']}", Statement(text, tuple(parts), alone=True), {}, after
    )


def _setting(name: str, setting: str, before: str | None, after: str | None) -> Step:
    place = ".".join("{}" for dummy in setting.split("."))
    names = tuple(Ident(part) for part in setting.split("."))
    if after is None:
        statement = Statement(f"ALTER DATABASE {{}} RESET {place}", (Ident(name), *names))
    else:
        statement = Statement(f"ALTER DATABASE {{}} SET {place} TO {{}}", (Ident(name), *names, Text(after)))
    return contents.step(
        name,
        f"{'reset' if after is None else 'set'} {setting} of database {name}",
        statement,
        {setting: before},
        {setting: after},
    )


def _public(database: dict, found: dict | None, new_ones_are_open: bool) -> t.Iterator[Step]:
    if not database["revoke_public"]:
        return
    name = database["name"]
    if found is None or found["public"]:
        statement = Statement("REVOKE ALL ON DATABASE {} FROM PUBLIC", (Ident(name),))
        yield contents.step(
            name,
            f"revoke all on database {name} from PUBLIC",
            statement,
            {"PUBLIC may connect": True},
            {"PUBLIC may connect": False},
        )
    if new_ones_are_open if found is None else found["schemas"].get("public", {}).get("public_creates"):
        statement = Statement("REVOKE CREATE ON SCHEMA public FROM PUBLIC", (), name)
        yield contents.step(
            name,
            f"revoke create on schema public of {name} from PUBLIC",
            statement,
            {"PUBLIC may create": True},
            {"PUBLIC may create": False},
        )
