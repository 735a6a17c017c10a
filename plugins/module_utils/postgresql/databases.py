# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Databases as a whole: what is to be done; what is in them is left to `contents`, `ownership` and `privileges`."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import (
    acting,
    closing,
    contents,
    database_catalog,
    database_refusals,
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
    "wrong_settings": {},
    "available": None,
    "encodings": {},
    "templates": {},
    "has": {},
    "powers": None,
    "login_database": None,
    "login_role": None,
    "public_creates": False,
    "version": 0,
}

LOCALES = {"icu": "ICU_LOCALE", "builtin": "BUILTIN_LOCALE"}
OF_POSTGRESQL = {"postgres", "template0", "template1"}
FIRST_VERSION_WITH_PROVIDERS = 150000


def check(databases: list[dict]) -> None:
    """Refuse what cannot be meant.

    Raises:
        PlatformError: a name that PostgreSQL would not keep, one declared twice, or a declaration that contradicts
            itself.
    """
    check_names([database["name"] for database in databases], "database")
    for database in databases:
        contents.check(database)
        database_refusals.check(database)


references = database_refusals.references
inspect = database_catalog.inspect


def plan(databases: list[dict], actual: dict) -> list[Step]:
    """Return the steps from what is to what is declared; what is not declared is left as it is.

    Raises:
        PlatformError: something cannot be done in place; nothing of the plan is carried out then.
    """
    check(databases)
    steps: list[Step] = []
    there = None if actual["known_databases"] is None else set(actual["known_databases"])
    for database in databases:
        name, found = database["name"], actual["databases"].get(database["name"])
        if database["state"] == "absent":
            steps.extend(_drop(database, found, actual))
            (there or set()).discard(name)
            continue
        database_refusals.refuse(database, found, actual)
        if there is not None:
            if found is None:
                database_refusals.refuse_template(database, there, actual)
            # The next one may be copied from this one.
            there.add(name)
        inside = found or contents.of_a_new_database(database, actual["templates"], actual["public_creates"])
        steps.extend(acting.plan(steps, acting.owners_of(database, found, inside), actual))
        steps.extend(_database(database, found, actual["version"]))
        owner = database["owner"] or (found or {}).get("owner")
        steps.extend(ownership.plan(database, owner, inside))
        steps.extend(contents.plan(database, inside, actual["available"]))
        for role, declared in database["role_settings"].items():
            sessions = settings.of_role_in_database(role, name)
            steps.extend(settings.plan(sessions, declared, inside["role_settings"].get(role, {})))
        steps.extend(closing.plan(database, found, owner, inside, actual["has"].get(owner, set())))
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


def _drop(database: dict, found: dict | None, actual: dict) -> t.Iterator[Step]:
    if found is None:
        return
    name = database["name"]
    database_refusals.refuse_drop(database, found, actual)
    text = "DROP DATABASE {} WITH (FORCE)" if database["force"] else "DROP DATABASE {}"
    statement = Statement(text, (Ident(name),), alone=True)
    before, words = {"owner": found["owner"]}, f"drop database {name}"
    if found["idle_slots"]:
        # The server drops them with it, and with them what their readers have not fetched.
        before["replication slots"] = ", ".join(found["idle_slots"])
        words += f" with its replication slots {before['replication slots']}"
    yield Step(f"database {name}", words, statement, before, {})


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


def _create(database: dict, version: int) -> Step:
    name, provider = database["name"], database["locale_provider"]
    template = database_catalog.template_of(database)
    # The oldest version knows one provider, and no word for it.
    spoken = provider if version >= FIRST_VERSION_WITH_PROVIDERS or provider != "libc" else None
    clauses = (
        ("owner", "OWNER {}", Ident, database["owner"]),
        ("template", "TEMPLATE {}", Ident, None if template == "template1" else template),
        ("encoding", "ENCODING {}", Text, database["encoding"]),
        ("locale_provider", "LOCALE_PROVIDER {}", Text, spoken),
        ("locale", f"{LOCALES.get(provider, 'LOCALE')} {{}}", Text, database["locale"]),
    )
    given = [clause for clause in clauses if clause[3]]
    text = " ".join(["CREATE DATABASE {}", *(text for _key, text, _kind, _value in given)])
    parts = (Ident(name), *(kind(value) for _key, _text, kind, value in given))
    after = {"present": True, **{key: value for key, _text, _kind, value in given}}
    return Step(f"database {name}", f"create database {name}", Statement(text, parts, alone=True), {}, after)
