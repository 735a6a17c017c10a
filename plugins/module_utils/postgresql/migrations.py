# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Migrations: which of the declared ones a database's ledger does not hold yet, and in what order they run."""

from __future__ import annotations

from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    DATA,
    PlatformError,
)
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import migration_ledger, migration_text
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.connection import Server
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.migration_ledger import (
    TABLE,
    VERSION,
    Ledger,
)
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import (
    Ident,
    Quoted,
    Statement,
    Text,
    check_name,
    is_text,
)
from ansible_collections.borgstack.platform.plugins.module_utils.references import Reference, refuse_missing

# What is not known (none) is not checked.
EMPTY: dict = {"ledgers": {}, "known_databases": None, "known_roles": None}
LONGEST_SHOWN = 120

# The server itself refuses a COMMIT in a text that is run this way, so a migration cannot end the transaction that its
# row in the ledger belongs to. What an earlier one left set in the session is gone.
MIGRATE = """
RESET ALL;
SET LOCAL ROLE {role};
SET LOCAL search_path = "$user", public;
SELECT pg_catalog.set_config('borgstack.migration', {{}}, true);
DO 'BEGIN EXECUTE pg_catalog.current_setting(''borgstack.migration''); END';
SET LOCAL ROLE NONE;
"""
# A text that may not run in a transaction is sent as it is, between these.
PREPARE = 'RESET ALL; SET ROLE {role}; SET search_path = "$user", public'
RETURN = "RESET ALL; SET ROLE NONE; "
RECORD = "INSERT INTO {}.{} (version, name, checksum, applied_at) VALUES ({}, {}, {}, pg_catalog.now())"


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
                raise PlatformError(CONFIGURATION, what, remedy, where=ledger.where)
            seen.add(int(migration["version"]))


def _what_is_wrong(migration: dict, seen: set[int]) -> tuple[str, str] | None:
    version = migration["version"]
    if not VERSION.fullmatch(version):
        return f"the version {version[:140]!r} is not 1 to 128 digits", "number it, for example by date and time"
    if int(version) in seen:
        return f"the version {version} is declared twice", "give one of the two migrations another version"
    if not migration["sql"].strip() or not is_text(migration["sql"] + migration["name"]):
        return f"migration {_words(migration)} has no text that can be run", "write its SQL, as valid UTF-8"
    if migration_text.BACKWARD.search(migration["sql"]):
        return f"migration {_words(migration)} also holds its way back", "declare the part before migrate:down alone"
    command = migration_text.command_of_psql(migration["sql"])
    if command:
        line, text = command
        return (
            f"line {line} of migration {_words(migration)} is for psql; the server does not know {text}",
            "take out what is meant for psql, such as what a dump begins and ends with",
        )
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
        "ledgers": {place: migration_ledger.read(server, place) for place in places},
        "known_databases": known,
        "known_roles": server.role_names(),
    }


def plan(databases: list[dict], actual: dict) -> list[Step]:
    """Return a step for each migration that is pending, in order of version.

    Raises:
        PlatformError: the ledger and the declaration contradict each other; nothing of the plan is carried out then.
    """
    check(databases)
    refuse_missing(references(databases, actual), {kind: actual[f"known_{kind}s"] for kind in ("database", "role")})
    steps: list[Step] = []
    for place, declared in _by_ledger(databases).items():
        ledger = actual["ledgers"].get(place, migration_ledger.NONE)
        pending = [item for item in declared if _is_pending(place, item, ledger)]
        if pending:
            steps.extend(migration_ledger.keep(place, ledger))
            steps.extend(_migrated(place, item) for item in pending)
    return steps


def references(databases: list[dict], actual: dict) -> list[Reference]:
    """Return what the declared migrations need: their databases, and the roles that they run as."""
    found = []
    for database in databases:
        where = f"database {database['name']}"
        found.append(Reference("database", database["name"], "what is to be migrated", where))
        if database["role"]:
            found.append(Reference("role", database["role"], "who its migrations are to run as", where))
    return found


def undeclared(databases: list[dict], actual: dict) -> list[str]:
    """Return in words what has been applied without being declared (any more)."""
    found = []
    for place, declared in _by_ledger(databases).items():
        strangers = set(actual["ledgers"].get(place, migration_ledger.NONE)["applied"]) - {
            int(item["version"]) for item in declared
        }
        found += [f"migration {version} of database {place.database}" for version in sorted(strangers)]
    return found


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


def _is_pending(place: Ledger, migration: dict, ledger: dict) -> bool:
    version, applied = int(migration["version"]), ledger["applied"]
    if version in applied:
        kept = applied[version]
        if kept is not None and not migration_text.is_known_as(migration["sql"], kept):
            raise PlatformError(
                DATA,
                f"the text of migration {_words(migration)} has changed since it was applied",
                "put the text back as it was, and write what is to change into a new migration",
                where=place.where,
            )
        return False
    newest = max(applied, default=-1)
    if version < newest and not migration["allow_out_of_order"]:
        raise PlatformError(
            CONFIGURATION,
            f"migration {_words(migration)} was never applied, but a newer one, {newest}, has been",
            "give it a newer version, or set allow_out_of_order if it does not matter which of them comes first",
            where=place.where,
        )
    return True


def _migrated(place: Ledger, migration: dict) -> Step:
    version, name, sql = migration["version"], migration["name"], migration_text.readable(migration["sql"])
    row = (Text(version), Text(name), Text(migration_text.checksum(sql)))
    make = _in_transaction if migration_text.runs_in_transaction(sql) else _by_itself
    short = sql.strip() if len(sql.strip()) <= LONGEST_SHOWN else ""
    words = f"migrate database {place.database} to {_words(migration)}"
    after = {f"migration {version}": f"{name}: {short}" if short else name}
    return Step(place.where, words, make(place, migration["role"], sql, row), {}, after)


def _in_transaction(place: Ledger, role: str | None, sql: str, row: tuple[Text, ...]) -> Statement:
    parts = (Text(sql), Ident(place.schema), Ident(TABLE), *row)
    # NONE is the role that has logged in.
    text = MIGRATE.format(role="{}" if role else "NONE") + RECORD
    return Statement(text, (Ident(role), *parts) if role else parts, place.database, whole=True)


def _by_itself(place: Ledger, role: str | None, sql: str, row: tuple[Text, ...]) -> Statement:
    before = Statement(PREPARE.format(role="{}" if role else "NONE"), (Ident(role),) if role else ())
    after = Statement(RETURN + RECORD, (Ident(place.schema), Ident(TABLE), *row))
    return Statement("{}", (Quoted(sql),), place.database, alone=True, given=True, before=(before,), after=(after,))


def _words(migration: dict) -> str:
    return f"{migration['version']} {migration['name']}"
