# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Migrations: which of the declared ones a database's ledger does not hold yet, and in what order they run."""

from __future__ import annotations

import hashlib
import re
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    DATA,
    INTEGRATION,
    PlatformError,
)
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.connection import Server
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import (
    Ident,
    Statement,
    Text,
    check_name,
    is_text,
)

# What is not known (none) is not checked.
EMPTY: dict = {"ledgers": {}, "known_databases": None, "known_roles": None}

TABLE = "schema_migrations"
COLUMNS = ("version", "name", "checksum", "applied_at")
NO_LEDGER: dict = {"has_schema": False, "columns": [], "applied": {}}
VERSION = re.compile("[0-9]{1,128}")
# What a file of dbmate holds after it would undo what came before.
BACKWARD = re.compile(r"^--\s*migrate:down", re.MULTILINE)
LONGEST_SHOWN = 120

LEDGER = """
select exists (select from pg_namespace where nspname = %(schema)s) as has_schema,
       array(select attname::text from pg_attribute where attnum > 0 and not attisdropped
             and attrelid = to_regclass(format('%%I.%%I', %(schema)s, %(table)s))) as columns
"""
# A ledger that was begun by another tool has the first column alone.
APPLIED = "select version, to_jsonb(ledger)->>'checksum' as checksum from {}.{} ledger"

# The server itself refuses a COMMIT in a text that is run this way, so a migration cannot end the transaction that its
# row in the ledger belongs to. What an earlier one left set in the session is gone.
MIGRATE = """
RESET ALL;
SET LOCAL ROLE {role};
SET LOCAL search_path = "$user", public;
SELECT pg_catalog.set_config('borgstack.migration', {{}}, true);
DO 'BEGIN EXECUTE pg_catalog.current_setting(''borgstack.migration''); END';
SET LOCAL ROLE NONE;
INSERT INTO {{}}.{{}} (version, name, checksum, applied_at) VALUES ({{}}, {{}}, {{}}, pg_catalog.now())
"""


class Ledger(t.NamedTuple):
    """Where is kept which migrations have been applied."""

    database: str
    schema: str


def check(databases: list[dict]) -> None:
    """Refuse what cannot be meant.

    Raises:
        PlatformError: a name, a version or a text that cannot be, or a version that is there twice.
    """
    for database in databases:
        check_name(database["name"], "database")
        check_name(database["schema"], "schema")
    for ledger, declared in _by_ledger(databases).items():
        seen: set[int] = set()
        for migration in declared:
            wrong = _what_is_wrong(migration, seen)
            if wrong:
                what, remedy = wrong
                raise PlatformError(CONFIGURATION, what, remedy, where=_where(ledger))
            seen.add(int(migration["version"]))


def _what_is_wrong(migration: dict, seen: set[int]) -> tuple[str, str] | None:
    version = migration["version"]
    if not VERSION.fullmatch(version):
        return f"the version {version[:140]!r} is not 1 to 128 digits", "number it, for example by date and time"
    if int(version) in seen:
        return f"the version {version} is declared twice", "give one of the two migrations another version"
    if not migration["sql"].strip() or not is_text(migration["sql"] + migration["name"]):
        return f"migration {_words(migration)} has no text that can be run", "write its SQL, as valid UTF-8"
    if BACKWARD.search(migration["sql"]):
        return f"migration {_words(migration)} also holds its way back", "declare the part before migrate:down alone"
    return None


def inspect(server: Server, databases: list[dict], everything: bool = False) -> dict:
    """Return what the ledgers of the declared databases hold.

    Args:
        server: the server.
        databases: the declared ones.
        everything: without meaning here; a ledger is always read as a whole.

    Returns:
        `ledgers`, `known_databases` and `known_roles`.

    Raises:
        PlatformError: the server or one of the databases cannot be asked.
    """
    known = {row["name"] for row in server.rows("select datname as name from pg_database")}
    places = [ledger for ledger in _by_ledger(databases) if ledger.database in known]
    return {
        "ledgers": {place: _read(server, place) for place in places},
        "known_databases": known,
        "known_roles": server.role_names(),
    }


def _read(server: Server, place: Ledger) -> dict:
    found = server.rows(LEDGER, {"schema": place.schema, "table": TABLE}, place.database)[0]
    applied = {}
    if "version" in found["columns"]:
        ledger = Statement(APPLIED, (Ident(place.schema), Ident(TABLE)))
        rows = [row for row in server.rows(ledger, database=place.database) if VERSION.fullmatch(row["version"])]
        applied = {int(row["version"]): row["checksum"] for row in rows}
    return {**found, "applied": applied}


def plan(databases: list[dict], actual: dict) -> list[Step]:
    """Return a step for each migration that is pending, in order of version.

    Raises:
        PlatformError: the ledger and the declaration contradict each other; nothing of the plan is carried out then.
    """
    check(databases)
    for database in databases:
        _refuse_unknown(database, actual)
    steps: list[Step] = []
    for place, declared in _by_ledger(databases).items():
        ledger = actual["ledgers"].get(place, NO_LEDGER)
        pending = [item for item in declared if _is_pending(place, item, ledger)]
        if pending:
            steps.extend(_kept(place, ledger))
            steps.extend(_migrated(place, item) for item in pending)
    return steps


def undeclared(databases: list[dict], actual: dict) -> list[str]:
    """Return in words what has been applied without being declared (any more)."""
    found = []
    for place, declared in _by_ledger(databases).items():
        strangers = set(actual["ledgers"].get(place, NO_LEDGER)["applied"]) - {
            int(item["version"]) for item in declared
        }
        found += [f"migration {version} of database {place.database}" for version in sorted(strangers)]
    return found


def checksum(sql: str) -> str:
    """Return what a text is known by; blank space around it does not count."""
    return hashlib.sha256(sql.strip().encode()).hexdigest()


def _by_ledger(databases: list[dict]) -> dict[Ledger, list[dict]]:
    """Return the migrations of each ledger in order; several declarations may share one."""
    ledgers: dict[Ledger, list[dict]] = {}
    for database in databases:
        own = {"role": database["role"], "allow_out_of_order": database["allow_out_of_order"]}
        migrations = [{**migration, **own} for migration in database["migrations"]]
        ledgers.setdefault(Ledger(database["name"], database["schema"]), []).extend(migrations)
    # Before they are checked, any text may stand for a version.
    return {
        place: sorted(found, key=lambda item: int(item["version"]) if VERSION.fullmatch(item["version"]) else 0)
        for place, found in ledgers.items()
    }


def _refuse_unknown(database: dict, actual: dict) -> None:
    where = f"database {database['name']}"
    known = actual["known_databases"]
    if known is not None and database["name"] not in known:
        raise PlatformError(
            INTEGRATION,
            "it does not exist",
            "declare the database first; in check mode, name it in assume_databases where the same play would make it",
            where=where,
        )
    role, known = database["role"], actual["known_roles"]
    if role and known is not None and role not in known:
        raise PlatformError(
            INTEGRATION,
            f"the role that its migrations are to run as, {role}, does not exist",
            "declare the role first; in check mode, name it in assume_roles where the same play would make it",
            where=where,
        )


def _is_pending(place: Ledger, migration: dict, ledger: dict) -> bool:
    version, applied = int(migration["version"]), ledger["applied"]
    if version in applied:
        if applied[version] not in (None, checksum(migration["sql"])):
            raise PlatformError(
                DATA,
                f"the text of migration {_words(migration)} has changed since it was applied",
                "put the text back as it was, and write what is to change into a new migration",
                where=_where(place),
            )
        return False
    newest = max(applied, default=-1)
    if version < newest and not migration["allow_out_of_order"]:
        raise PlatformError(
            CONFIGURATION,
            f"migration {_words(migration)} was never applied, but a newer one, {newest}, has been",
            "give it a newer version, or set allow_out_of_order if it does not matter which of them comes first",
            where=_where(place),
        )
    return True


def _kept(place: Ledger, ledger: dict) -> t.Iterator[Step]:
    """Yield a step where there is no ledger, or one that does not hold all that is kept here."""
    table = f"{place.schema}.{TABLE}"
    missing = [column for column in COLUMNS if column not in ledger["columns"]]
    if ledger["columns"] and "version" in missing:
        raise PlatformError(
            DATA,
            f"the table {table} is no ledger of migrations: it has no column version",
            "choose another schema for the ledger",
            where=_where(place),
        )
    parts = (Ident(place.schema), Ident(TABLE))
    if not ledger["columns"]:
        text = "CREATE TABLE {}.{} (version varchar(128) PRIMARY KEY, name text, checksum text, applied_at timestamptz)"
        if not ledger["has_schema"]:
            text, parts = f"CREATE SCHEMA {{}}; {text}", (Ident(place.schema), *parts)
        words = f"begin a ledger of migrations, {table}, in database {place.database}"
    elif missing:
        # In this order, whatever of them is missing: the names are ours, and the types are what they are above.
        types = {"name": "text", "checksum": "text", "applied_at": "timestamptz"}
        text = "ALTER TABLE {}.{} " + ", ".join(f"ADD COLUMN {column} {types[column]}" for column in missing)
        words = f"take over the ledger of migrations {table} in database {place.database}"
    else:
        return
    statement = Statement(text, parts, place.database, whole=True)
    yield Step(_where(place), words, statement, {}, {f"table {table}": list(COLUMNS)})


def _migrated(place: Ledger, migration: dict) -> Step:
    version, name, sql = migration["version"], migration["name"], migration["sql"]
    # NONE is the role that has logged in.
    role = migration["role"]
    text = MIGRATE.format(role="{}" if role else "NONE")
    parts = (Text(sql), Ident(place.schema), Ident(TABLE), Text(version), Text(name), Text(checksum(sql)))
    statement = Statement(text, (Ident(role), *parts) if role else parts, place.database, whole=True)
    short = sql.strip() if len(sql.strip()) <= LONGEST_SHOWN else ""
    words = f"migrate database {place.database} to {_words(migration)}"
    return Step(_where(place), words, statement, {}, {f"migration {version}": f"{name}: {short}" if short else name})


def _words(migration: dict) -> str:
    return f"{migration['version']} {migration['name']}"


def _where(place: Ledger) -> str:
    return f"database {place.database}"
