# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One table of PostgreSQL: its rows as a set has them, at once, unless others refer to rows that would go."""

from __future__ import annotations

import json
import re
import subprocess
import typing as t
from pathlib import Path

from borgstack_backup.commands import last_words
from borgstack_backup.failure import CONFIGURATION, DATA, Failure
from borgstack_backup.part import Part
from borgstack_backup.postgresql import PSQL, PostgreSQL

NAMES = """
select json_build_array(n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname || '.' || c.relname = :'name'
"""
COPY = re.compile(rb"COPY .+? (\(.*\)) FROM stdin;\n")
# Rows come into a table without constraints, are compared, and take the others' place. Triggers and what foreign keys
# would do by themselves stay out of it: cascades would take rows of other tables along.
BEGIN = r"""
\set VERBOSITY terse
begin;
lock table only :"schema".:"table" in access exclusive mode;
create temp table saved (like :"schema".:"table") on commit drop;
select set_config('borgstack.oid', (select c.oid::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
                                    where n.nspname = :'schema' and c.relname = :'table'), true),
       set_config('borgstack.rows', :'rows', true) \g /dev/null
"""
REPLACE = r"""
do $$
declare
  wanted oid := current_setting('borgstack.oid')::oid;
  key record;
  lost bigint;
begin
  select count(*) into lost from pg_temp.saved;
  if lost <> current_setting('borgstack.rows')::bigint then
    raise exception 'the set has % rows, and its manifest says %', lost, current_setting('borgstack.rows');
  end if;
  for key in
    select f.conname, f.conrelid, f.confrelid,
           string_agg(format('p.%I = c.%I', pa.attname, ca.attname), ' and ') as joined,
           string_agg(format('c.%I is not null', ca.attname), ' and ') as given
    from pg_constraint f
    cross join lateral unnest(f.conkey, f.confkey) as k (child, parent)
    join pg_attribute ca on ca.attrelid = f.conrelid and ca.attnum = k.child
    join pg_attribute pa on pa.attrelid = f.confrelid and pa.attnum = k.parent
    where f.contype = 'f' and wanted in (f.conrelid, f.confrelid)
    group by f.conname, f.conrelid, f.confrelid
  loop
    execute format('select count(*) from %s c where %s and not exists (select from %s p where %s)',
                   case when key.conrelid = wanted then 'pg_temp.saved' else key.conrelid::regclass::text end,
                   key.given,
                   case when key.confrelid = wanted then 'pg_temp.saved' else key.confrelid::regclass::text end,
                   key.joined)
    into lost;
    if lost > 0 then
      raise exception 'refused: % rows of % would refer to rows of % that are not there (%)', lost,
                      key.conrelid::regclass, key.confrelid::regclass, key.conname;
    end if;
  end loop;
end $$;
set local session_replication_role = replica;
delete from only :"schema".:"table";
"""


def restore(engine: PostgreSQL, part: Part, root: Path, name: str) -> int:
    """Put a table's rows in place of those that there are, and return how many they are.

    Args:
        engine: the server.
        part: the database in the set.
        root: the set.
        name: schema and table, with a dot between.

    Raises:
        Failure: there is no such table any more, or rows would refer to rows that are not there; nothing was changed.
    """
    database, path = part.source["database"], root / part.file
    engine.prove(path, part.name)
    found = engine.ask(NAMES, database, name=name)
    if not found:
        remedy = f"restore {part.name} as a whole: a table that is gone had indexes and keys, too"
        raise Failure(CONFIGURATION, f"there is no table {name} in the database now", remedy, part.name)
    schema, table = json.loads(found)
    chosen = ["--data-only", f"--schema={schema}", f"--table={table}", "--file=-"]
    with path.open("rb") as dump:
        reading = engine.popen(["pg_restore", *chosen], database, stdin=dump)
    settings = [
        f"--set={key}={value}" for key, value in (("schema", schema), ("table", table), ("rows", part.counts[name]))
    ]
    wrong = _exchange(reading, engine.popen([*PSQL, *settings], database, stdin=subprocess.PIPE))
    if wrong:
        remedy = "nothing was changed; restore the whole database, or first what the table refers to"
        raise Failure(DATA, wrong, remedy, f"{part.name}:{name}")
    return part.counts[name]


def _exchange(reading: subprocess.Popen, writing: subprocess.Popen) -> str:
    """Have the one write what the other reads, and commit once all of it was read; returns what went wrong."""
    columns, wrong = b"", b""
    with reading, writing:
        try:
            writing.stdin.write(BEGIN.encode())
            columns = _copied(reading.stdout, writing.stdin)
            wrong = reading.stderr.read()
            if reading.wait() == 0 and columns:
                insert = b'insert into :"schema".:"table" %s overriding system value select %s from saved;\ncommit;\n'
                writing.stdin.write(REPLACE.encode() + insert % (columns, columns[1:-1]))
            writing.stdin.close()
        except BrokenPipeError:
            # It has ended, and says why.
            reading.kill()
        refused = writing.stderr.read()
    if writing.returncode or reading.returncode or not columns:
        return last_words(refused or wrong or b"the dump has no such table")
    return ""


def _copied(source: t.IO[bytes], target: t.IO[bytes]) -> bytes:
    """Hand on the rows, as rows of the table beside; returns the columns in parentheses."""
    columns = b""
    for line in source:
        match = None if columns else COPY.fullmatch(line)
        if match:
            columns = match.group(1)
            target.write(b"copy saved %s from stdin;\n" % columns)
        elif columns:
            target.write(line)
            if line == b"\\.\n":
                break
    # What else it says, such as where a sequence stands, is not wanted.
    for _line in source:
        pass
    return columns
