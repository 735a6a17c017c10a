# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Databases as a whole: what is to be done; what is in them is left to `contents`, `ownership` and `privileges`."""

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
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import (
    contents,
    database_catalog,
    ownership,
    privileges,
    settings,
)
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
    "version": 0,
}

LOCALES = {"icu": "ICU_LOCALE", "builtin": "BUILTIN_LOCALE"}
OF_POSTGRESQL = {"postgres", "template0", "template1"}
# The first version that has each provider of locales.
PROVIDERS = {"libc": 0, "icu": 150000, "builtin": 170000}


def check(databases: list[dict]) -> None:
    """Refuse what cannot be meant.

    Raises:
        PlatformError: a name that PostgreSQL would not keep, one declared twice, or a provider without a locale.
    """
    check_names([database["name"] for database in databases], "database")
    for database in databases:
        contents.check(database)
        if database["locale_provider"] in ("icu", "builtin") and not database["locale"]:
            raise PlatformError(
                CONFIGURATION,
                f"the locale provider {database['locale_provider']} has no locale of its own",
                "declare a locale, such as en-US for icu or C.UTF-8 for builtin",
                where=f"database {database['name']}",
            )


inspect = database_catalog.inspect


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
        steps.extend(_database(database, found, actual["version"]))
        inside = found or contents.of_a_new_database(database, actual["public_creates"])
        owner = database.get("owner") or (found or {}).get("owner")
        steps.extend(ownership.plan(database, owner, inside))
        steps.extend(contents.plan(database, inside, actual["available"]))
        for role, declared in database["role_settings"].items():
            sessions = settings.of_role_in_database(role, database["name"])
            steps.extend(settings.plan(sessions, declared, inside["role_settings"].get(role, {})))
        if database["revoke_public"] and (found is None or found["public"]):
            steps.append(_closed(database["name"]))
        steps.extend(privileges.plan(database, owner, inside, actual["version"]))
    return steps


def undeclared(databases: list[dict], actual: dict) -> list[str]:
    """Return in words what exists without being declared: databases, and what is in the declared ones."""
    strangers = (actual["known_databases"] or set()) - {item["name"] for item in databases} - OF_POSTGRESQL
    found = [f"database {name}" for name in strangers]
    for database in databases:
        inside = actual["databases"].get(database["name"])
        if inside and database["state"] == "present":
            found += contents.undeclared(database, inside)
            owner = database.get("owner") or inside["owner"]
            found += privileges.undeclared(database, owner, inside, actual["version"])
    return sorted(found)


def _step(name: str, words: str, text: str, parts: tuple, before: dict, after: dict) -> Step:
    # Carried out inside of the database, it shares one transaction with what is done to the contents.
    return Step(f"database {name}", words, Statement(text, parts, name), before, after)


def _refuse(database: dict, found: dict | None, actual: dict) -> None:
    where = f"database {database['name']}"
    owner = database.get("owner")
    _refuse_unknown_roles(database, found, actual["known_roles"])
    for declared in (database.get("settings"), *database["role_settings"].values()):
        settings.refuse_unknown(where, declared, actual["known_settings"])
    provider = database["locale_provider"]
    if provider and actual["version"] and actual["version"] < PROVIDERS[provider]:
        raise PlatformError(
            PREREQUISITE,
            f"the server's version {actual['version'] // 10000} has no locale provider {provider}",
            f"upgrade the server to {PROVIDERS[provider] // 10000}, or declare another provider",
            where=where,
        )
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
    wanted = {"encoding": encoding or database["encoding"], "locale": database["locale"], "locale_provider": provider}
    for fixed, declared in wanted.items():
        if declared and _folded(found[fixed]) != _folded(declared):
            raise PlatformError(
                DATA,
                f"its {fixed.replace('_', ' ')} is {found[fixed]}, not {declared}, and cannot be changed in place",
                "keep it as it is in the declaration, or dump, drop and restore the database",
                where=where,
            )


def _refuse_unknown_roles(database: dict, found: dict | None, known: set[str] | None) -> None:
    uses = [("its owner", database.get("owner"))]
    uses += [(f"the owner of its schema {schema['name']}", schema["owner"]) for schema in database["schemas"]]
    uses += [("a role with settings", role) for role in database["role_settings"]]
    uses += [("an owner of objects", role) for role in database["reassign_objects_from"]]
    for grant in database["privileges"]:
        holder = None if grant["role"] == privileges.EVERYBODY else grant["role"]
        uses += [("a holder of privileges", holder), ("a creator of objects", grant["creator"])]
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
    return value.lower().replace("-", "").replace("_", "")


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


def _database(database: dict, found: dict | None, version: int) -> t.Iterator[Step]:
    name, owner = database["name"], database.get("owner")
    if found is None:
        yield _create(database, version)
        found = {"owner": owner, "connection_limit": -1, "settings": {}, "comment": None}
    if owner and found["owner"] != owner:
        words, text = f"hand database {name} over to {owner}", "ALTER DATABASE {} OWNER TO {}"
        yield _step(name, words, text, (Ident(name), Ident(owner)), {"owner": found["owner"]}, {"owner": owner})
    limit = database.get("connection_limit")
    if limit is not None and found["connection_limit"] != limit:
        words, text = f"set connection limit of database {name}", "ALTER DATABASE {} CONNECTION LIMIT {}"
        before, after = {"connection_limit": found["connection_limit"]}, {"connection_limit": limit}
        yield _step(name, words, text, (Ident(name), Text(limit)), before, after)
    yield from settings.plan(settings.of_database(name), database.get("settings"), found["settings"])
    comment = database.get("comment")
    if comment is not None and (found["comment"] or "") != comment:
        words, text = f"comment on database {name}", "COMMENT ON DATABASE {} IS {}"
        before, after = {"comment": found["comment"]}, {"comment": comment}
        yield _step(name, words, text, (Ident(name), Text(comment or None)), before, after)


def _closed(name: str) -> Step:
    words, text = f"revoke all on database {name} from PUBLIC", "REVOKE ALL ON DATABASE {} FROM PUBLIC"
    shown = "PUBLIC may connect"
    return _step(name, words, text, (Ident(name),), {shown: True}, {shown: False})


def _create(database: dict, version: int) -> Step:
    name, provider = database["name"], database["locale_provider"]
    # A locale or encoding of its own needs a template that has nothing in it.
    own = any(database[key] for key in ("encoding", "locale", "locale_provider"))
    # The oldest version knows one provider, and no word for it.
    spoken = provider if version >= PROVIDERS["icu"] or provider != "libc" else None
    clauses = (
        ("owner", "OWNER {}", Ident, database["owner"]),
        ("template", "TEMPLATE {}", Ident, database["template"] or ("template0" if own else None)),
        ("encoding", "ENCODING {}", Text, database["encoding"]),
        ("locale_provider", "LOCALE_PROVIDER {}", Text, spoken),
        ("locale", f"{LOCALES.get(provider, 'LOCALE')} {{}}", Text, database["locale"]),
    )
    given = [clause for clause in clauses if clause[3]]
    text = " ".join(["CREATE DATABASE {}", *(text for _key, text, _kind, _value in given)])
    parts = (Ident(name), *(kind(value) for _key, _text, kind, value in given))
    after = {"present": True, **{key: value for key, _text, _kind, value in given}}
    return Step(f"database {name}", f"create database {name}", Statement(text, parts, alone=True), {}, after)
