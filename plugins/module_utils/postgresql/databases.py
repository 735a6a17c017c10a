# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Databases as a whole: inspect and plan; what is in them is left to `contents` and `privileges`."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    DATA,
    INTEGRATION,
    PREREQUISITE,
    PlatformError,
)
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import contents, privileges, settings
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.connection import Server
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import (
    Ident,
    Statement,
    Text,
    check_names,
)

# What is not known (none) is not checked.
EMPTY: dict = {
    "databases": {},
    "known_databases": None,
    "known_roles": None,
    "known_settings": None,
    "available": None,
    "encodings": {},
    "login_database": None,
    "public_creates": False,
}

# From this version on nobody but its owner may create in the schema public of a new database.
FIRST_CLOSED_VERSION = 150000

DATABASES = """
select datname as name, pg_get_userbyid(datdba) as owner, pg_encoding_to_char(encoding) as encoding,
       datcollate as locale, datconnlimit as connection_limit, datistemplate as is_template,
       shobj_description(d.oid, 'pg_database') as comment,
       coalesce((select setconfig from pg_db_role_setting where setdatabase = d.oid and setrole = 0), '{}') as settings,
       exists (select from aclexplode(coalesce(datacl, acldefault('d', datdba))) where grantee = 0) as public,
       (select count(*) from pg_stat_activity a where a.datname = d.datname and pid <> pg_backend_pid()
        and backend_type = 'client backend') as sessions
from pg_database d where datname = any(%(names)s)
"""
ENCODINGS = """
select spelled, pg_encoding_to_char(pg_char_to_encoding(spelled)) as encoding from unnest(%(spellings)s) as spelled
"""


def check(databases: list[dict]) -> None:
    """Refuse what cannot be meant.

    Raises:
        PlatformError: a name that PostgreSQL would not keep, one declared twice, or a privilege that there is not.
    """
    check_names([database["name"] for database in databases], "database")
    for database in databases:
        contents.check(database)
        for grant in database["privileges"]:
            privileges.wanted(grant)


def inspect(server: Server, databases: list[dict]) -> dict:
    """Return the declared databases as they are, and what the server has to offer.

    Returns:
        `databases` by name, those to be kept with their contents; `known_databases`, `known_roles`, `known_settings`,
        `available` (extensions), `encodings` (the server's name of each, empty where it has none, by declared
        spelling), `login_database`, and whether everybody `public_creates` in a new database.

    Raises:
        PlatformError: the server or one of the databases cannot be asked.
    """
    found = {row["name"]: row for row in server.rows(DATABASES, {"names": [item["name"] for item in databases]})}
    for declared in databases:
        actual = found.get(declared["name"])
        if actual is None:
            continue
        actual["settings"] = settings.parsed(actual["settings"])
        if declared["state"] == "present":
            actual.update(_inspect_inside(server, declared))
    return {
        "databases": found,
        "known_databases": {row["name"] for row in server.rows("select datname as name from pg_database")},
        "known_roles": server.role_names(),
        "known_settings": settings.known(server.rows) if any(item.get("settings") for item in databases) else None,
        "available": contents.available(server.rows) if any(item["extensions"] for item in databases) else None,
        "encodings": _encodings(server, databases),
        "login_database": server.login_database,
        "public_creates": server.version < FIRST_CLOSED_VERSION,
    }


def _encodings(server: Server, databases: list[dict]) -> dict[str, str]:
    spellings = sorted({database["encoding"] for database in databases if database.get("encoding")})
    rows = server.rows(ENCODINGS, {"spellings": spellings}) if spellings else []
    return {row["spelled"]: row["encoding"] for row in rows}


def _inspect_inside(server: Server, database: dict) -> dict:
    def rows(query: str, parameters: dict | None = None) -> list[dict]:
        return server.rows(query, parameters, database["name"])

    held = privileges.inspect(rows, database["privileges"], database.get("owner"))
    return {**contents.inspect(rows, database), "held": held}


def plan(databases: list[dict], actual: dict) -> list[Step]:
    """Return the steps from what is to what is declared; what is not declared is left as it is.

    Raises:
        PlatformError: something cannot be done in place; nothing of the plan is carried out then.
    """
    check(databases)
    steps: list[Step] = []
    templates = None if actual["known_databases"] is None else set(actual["known_databases"])
    for database in databases:
        found = actual["databases"].get(database["name"])
        if database["state"] == "absent":
            steps.extend(_drop(database, found, actual))
            continue
        _refuse(database, found, actual)
        if templates is not None:
            _refuse_template(database, found, templates)
            # The next one may be copied from this one.
            templates.add(database["name"])
        steps.extend(_database(database, found))
        inside = found or contents.of_a_new_database(database, actual["public_creates"])
        steps.extend(contents.plan(database, inside, actual["available"]))
        if database["revoke_public"] and (found is None or found["public"]):
            steps.append(_closed(database["name"]))
        owner = database.get("owner") or (found or {}).get("owner")
        steps.extend(privileges.plan(database, owner, inside))
    return steps


def _step(name: str, words: str, text: str, parts: tuple, before: dict, after: dict) -> Step:
    # Carried out inside of the database, it shares one transaction with what is done to the contents.
    return Step(f"database {name}", words, Statement(text, parts, name), before, after)


def _refuse(database: dict, found: dict | None, actual: dict) -> None:
    where = f"database {database['name']}"
    owner = database.get("owner")
    _refuse_unknown_roles(database, found, actual["known_roles"])
    settings.refuse_unknown(where, database.get("settings"), actual["known_settings"])
    encoding = actual["encodings"].get(database.get("encoding"))
    if encoding == "":
        raise PlatformError(
            CONFIGURATION, f"the server has no encoding {database['encoding']}", "correct its name", where=where
        )
    if found is None:
        return
    if owner and found["owner"] != owner and not database["reassign_owner"]:
        raise PlatformError(
            DATA,
            f"it belongs to role {found['owner']}, not to role {owner}",
            "find out whose data it is; then correct the declaration, or set reassign_owner to hand it over",
            where=where,
        )
    for fixed, declared in (("encoding", encoding or database.get("encoding")), ("locale", database.get("locale"))):
        if declared and _folded(found[fixed]) != _folded(declared):
            raise PlatformError(
                DATA,
                f"its {fixed} is {found[fixed]}, not {declared}, and cannot be changed in place",
                "keep it as it is in the declaration, or dump, drop and restore the database",
                where=where,
            )


def _refuse_unknown_roles(database: dict, found: dict | None, known: set[str] | None) -> None:
    uses = [("its owner", database.get("owner"))]
    uses += [(f"the owner of its schema {schema['name']}", schema["owner"]) for schema in database["schemas"]]
    for grant in database["privileges"]:
        uses += [("a holder of privileges", grant["role"]), ("a creator of objects", grant["creator"])]
    for use, role in uses:
        if role and known is not None and role not in known:
            present = f"; the database belongs to role {found['owner']}" if found else ""
            raise PlatformError(
                INTEGRATION,
                f"{use}, role {role}, does not exist{present}",
                "declare the role first; in check mode, name it in assume_roles where the same play would make it",
                where=f"database {database['name']}",
            )


def _refuse_template(database: dict, found: dict | None, templates: set[str]) -> None:
    template = database.get("template")
    if found is None and template and template not in templates:
        raise PlatformError(
            PREREQUISITE,
            f"its template {template} does not exist",
            "declare that database before this one, or correct its name",
            where=f"database {database['name']}",
        )


def _folded(value: str) -> str:
    return value.lower().replace("-", "")


def _drop(database: dict, found: dict | None, actual: dict) -> t.Iterator[Step]:
    if found is None:
        return
    name = database["name"]
    where = f"database {name}"
    if name == actual["login_database"] or found["is_template"]:
        reason = "a template" if found["is_template"] else "the database that is logged in to"
        raise PlatformError(
            CONFIGURATION, f"it is {reason} and cannot be dropped", "correct its name or login_db", where=where
        )
    if found["sessions"] and not database["force"]:
        raise PlatformError(
            DATA, f"{found['sessions']} sessions use it", "end them, or set force to end them", where=where
        )
    text = "DROP DATABASE {} WITH (FORCE)" if database["force"] else "DROP DATABASE {}"
    statement = Statement(text, (Ident(name),), alone=True)
    yield Step(where, f"drop database {name}", statement, {"owner": found["owner"]}, {})


def _database(database: dict, found: dict | None) -> t.Iterator[Step]:
    name, owner = database["name"], database.get("owner")
    if found is None:
        yield _create(database)
        found = {"owner": owner, "connection_limit": -1, "settings": {}, "comment": None}
    if owner and found["owner"] != owner:
        words, text = f"hand database {name} over to {owner}", "ALTER DATABASE {} OWNER TO {}"
        yield _step(name, words, text, (Ident(name), Ident(owner)), {"owner": found["owner"]}, {"owner": owner})
    limit = database.get("connection_limit")
    if limit is not None and found["connection_limit"] != limit:
        words, text = f"set connection limit of database {name}", "ALTER DATABASE {} CONNECTION LIMIT {}"
        before, after = {"connection_limit": found["connection_limit"]}, {"connection_limit": limit}
        yield _step(name, words, text, (Ident(name), Text(limit)), before, after)
    yield from settings.plan("database", name, database.get("settings"), found["settings"], name)
    comment = database.get("comment")
    if comment is not None and (found["comment"] or "") != comment:
        words, text = f"comment on database {name}", "COMMENT ON DATABASE {} IS {}"
        before, after = {"comment": found["comment"]}, {"comment": comment}
        yield _step(name, words, text, (Ident(name), Text(comment or None)), before, after)


def _closed(name: str) -> Step:
    words, text = f"revoke all on database {name} from PUBLIC", "REVOKE ALL ON DATABASE {} FROM PUBLIC"
    shown = "PUBLIC may connect"
    return _step(name, words, text, (Ident(name),), {shown: True}, {shown: False})


def _create(database: dict) -> Step:
    name = database["name"]
    text, parts, after = "CREATE DATABASE {}", [Ident(name)], {"present": True}
    # A locale or encoding of its own needs a template that has nothing in it.
    template = database.get("template") or ("template0" if database.get("encoding") or database.get("locale") else None)
    for key, kind in (("owner", Ident), ("template", Ident), ("encoding", Text), ("locale", Text)):
        value = template if key == "template" else database.get(key)
        if value:
            text += f" {key.upper()} {{}}"
            parts.append(kind(value))
            after[key] = value
    return Step(f"database {name}", f"create database {name}", Statement(text, tuple(parts), alone=True), {}, after)
