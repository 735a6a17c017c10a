# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The ledger of a history of migrations: a table, begun here or by another tool."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import DATA, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.connection import Server
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import Ident, Statement

TABLE = "schema_migrations"
TYPES = {"version": "varchar(128)", "name": "text", "checksum": "text", "applied_at": "timestamptz"}
COLUMNS = tuple(TYPES)
# What else a column may be for our rows to fit in: by the server's own categories of types.
CATEGORIES = {"version": "S", "name": "S", "checksum": "S", "applied_at": "D"}
NONE: dict = {"has_schema": False, "columns": [], "strange": [], "applied": {}}
VERSION = re.compile("[0-9]{1,128}")

LEDGER = """
select exists (select from pg_namespace where nspname = %(schema)s) as has_schema,
       (select relkind in ('r', 'p') from pg_class where oid = to_regclass(format('%%I.%%I', %(schema)s, %(table)s)))
           as is_table
"""
LEDGER_COLUMNS = """
select attname::text as name, format_type(atttypid, atttypmod) as type, typcategory as category,
       attnotnull and not atthasdef and attidentity = '' as is_needed
from pg_attribute join pg_type on pg_type.oid = atttypid
where attnum > 0 and not attisdropped and attrelid = to_regclass(format('%%I.%%I', %(schema)s, %(table)s))
order by attnum
"""
# A ledger that was begun by another tool has the first column alone.
APPLIED = "select version, to_jsonb(ledger)->>'checksum' as checksum from {}.{} ledger"


class Ledger(t.NamedTuple):
    """Where is kept which migrations have been applied."""

    database: str
    schema: str

    @property
    def where(self) -> str:
        """Its place for messages."""
        return f"database {self.database}"


def read(server: Server, place: Ledger) -> dict:
    """Return what a ledger holds, and what makes rows of ours not fit into it.

    Raises:
        PlatformError: the server cannot be asked.
    """
    asked = {"schema": place.schema, "table": TABLE}
    found = server.rows(LEDGER, asked, place.database)[0]
    columns = server.rows(LEDGER_COLUMNS, asked, place.database)
    names, strange = [column["name"] for column in columns], _strange(columns)
    if found["is_table"] is False:
        strange.append("it is no table")
    if names and "version" not in names:
        strange.append("it has no column version")
    applied = {}
    if "version" in names and not strange:
        ledger = Statement(APPLIED, (Ident(place.schema), Ident(TABLE)))
        rows = server.rows(ledger, database=place.database)
        applied = {int(row["version"]): row["checksum"] for row in rows if VERSION.fullmatch(row["version"] or "")}
    return {"has_schema": found["has_schema"], "columns": names, "strange": strange, "applied": applied}


def _strange(columns: list[dict]) -> list[str]:
    """Return in words what makes rows of ours not fit into a table."""
    words = []
    for column in columns:
        name, wanted = column["name"], CATEGORIES.get(column["name"])
        if wanted and column["category"] != wanted:
            words.append(f"its column {name} is {column['type']}, not {TYPES[name]}")
        elif not wanted and column["is_needed"]:
            words.append(f"its column {name} cannot be left empty")
    return words


def keep(place: Ledger, ledger: dict) -> t.Iterator[Step]:
    """Yield a step where there is no ledger, or one that does not hold all that is kept here.

    Raises:
        PlatformError: it is somebody else's.
    """
    table = f"{place.schema}.{TABLE}"
    missing = [column for column in COLUMNS if column not in ledger["columns"]]
    if ledger["strange"]:
        raise PlatformError(
            DATA,
            f"{table} is no ledger of migrations that could be continued here: {'; '.join(ledger['strange'])}",
            "it belongs to another tool, or to an application: choose another schema for the ledger",
            where=place.where,
        )
    parts = (Ident(place.schema), Ident(TABLE))
    if not ledger["columns"]:
        definitions = [f"{name} {kind}" for name, kind in TYPES.items()]
        text = f"CREATE TABLE {{}}.{{}} ({', '.join(definitions)}, PRIMARY KEY (version))"
        if not ledger["has_schema"]:
            text, parts = f"CREATE SCHEMA {{}}; {text}", (Ident(place.schema), *parts)
        words = f"begin a ledger of migrations, {table}, in database {place.database}"
    elif missing:
        text = "ALTER TABLE {}.{} " + ", ".join(f"ADD COLUMN {column} {TYPES[column]}" for column in missing)
        words = f"take over the ledger of migrations {table} in database {place.database}"
    else:
        return
    statement = Statement(text, parts, place.database, whole=True)
    yield Step(place.where, words, statement, {}, {f"table {table}": list(COLUMNS)})
