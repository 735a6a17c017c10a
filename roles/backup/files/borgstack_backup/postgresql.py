# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""PostgreSQL: one dump a database with its rows counted in the same snapshot, and the way back."""

from __future__ import annotations

import json
import os
import re
import subprocess
import typing as t
from pathlib import Path

from borgstack_backup import facts
from borgstack_backup.canary import for_part
from borgstack_backup.commands import Container, ends_with_us, last_words, wait_for
from borgstack_backup.failure import DATA, SERVICE, Failure
from borgstack_backup.part import Part, file_name
from borgstack_backup.plan import Canary, Source

DATABASES = "select json_agg(datname order by datname) from pg_database where datallowconn and not datistemplate"
VERSION = "select current_setting('server_version')"
# What an extension brings is made by it again, not by the dump.
COUNTS = r"""
select format('select json_build_array(%L, count(*)) from %I.%I', n.nspname || '.' || c.relname, n.nspname, c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and c.relpersistence in ('p', 'u') and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
order by 1 \gexec
"""
BEGIN = """
set idle_in_transaction_session_timeout = 0;
begin isolation level repeatable read read only;
select pg_export_snapshot();
"""
ASIDE = "__replaced"
PSQL = ("psql", "--no-psqlrc", "-Atq", "--set=ON_ERROR_STOP=1")


class PostgreSQL:
    """One instance, through the programs of its own container."""

    def __init__(self, source: Source, container: Container, canaries: t.Sequence[Canary] = ()):
        self._source, self._container, self._canaries = source, container, canaries
        self.environment = {"PGUSER": source.user, "PGPASSWORD": source.password}

    def save(self, root: Path) -> list[Part]:
        """Dump roles and databases below `root`."""
        instance, folder = self._source.instance, f"{self._source.kind}/{file_name(self._source.instance)}"
        (root / folder).mkdir(parents=True)
        version = self.ask(VERSION)
        parts = [Part("roles", f"{instance}/roles", f"{folder}/globals.sql")]
        with (root / parts[0].file).open("wb") as file:
            self._run("pg_dumpall", "--globals-only", stdout=file, where=parts[0].name)
        if b"database cluster dump complete" not in (root / parts[0].file).read_bytes()[-200:]:
            raise _broken(parts[0].name)
        for database in self.databases():
            part = Part(self._source.kind, f"{instance}/{database}", f"{folder}/{file_name(database)}.dump")
            part.source = {"instance": instance, "database": database, "version": version}
            self._dump(database, root / part.file, part)
            self.prove(root / part.file, part.name)
            parts.append(part)
        return parts

    def databases(self) -> list[str]:
        """Return the names of all databases."""
        return json.loads(self.ask(DATABASES))

    def ask(self, query: str, database: str = "postgres", **variables: str) -> str:
        """Return what psql prints of a query, in which :'name' and :"name" stand for the variables."""
        settings = [f"--set={name}={value}" for name, value in variables.items()]
        return self._run(*PSQL, *settings, database=database, stdin=query + "\n").strip()

    def prove(self, path: Path, where: str) -> None:
        """Read a dump as a whole, as a restore would."""
        # Without a buffer, so that the program which inherits it begins at the beginning.
        with path.open("rb", buffering=0) as file:
            if file.read(5) != b"PGDMP":
                raise _broken(where)
            file.seek(0)
            self._run("pg_restore", "--file=/dev/null", stdin=file, where=where, category=DATA)

    def restore(self, part: Part, root: Path) -> None:
        """Put a database in place of the one that there is, which is kept aside until the new one has proven right."""
        database, path = part.source["database"], root / part.file
        self.prove(path, part.name)
        self.recover(database)
        elsewhere = "template1" if database == "postgres" else "postgres"
        if self._there(database, elsewhere):
            self._rename(database, database + ASIDE, elsewhere)
        try:
            with path.open("rb") as file:
                command = ["pg_restore", "--create", "--exit-on-error", f"--dbname={elsewhere}"]
                self._run(*command, stdin=file, where=part.name, category=DATA)
            found = self.counts(database)
            if found != part.counts:
                raise Failure(DATA, f"the rows differ: {_different(found, part.counts)}", "use another set", part.name)
        except Failure:
            self.recover(database, failed=True)
            raise
        self._drop(database + ASIDE, elsewhere)

    def recover(self, database: str, failed: bool = False) -> None:
        """Undo a restore that did not get to its end: the former database has its name back."""
        elsewhere = "template1" if database == "postgres" else "postgres"
        if self._there(database + ASIDE, elsewhere):
            self._drop(database, elsewhere)
            self._rename(database + ASIDE, database, elsewhere)
        elif failed:
            self._drop(database, elsewhere)

    def make_roles(self, path: Path) -> list[str]:
        """Make those roles of the set that there are not; passwords of those that there are stay."""
        there = json.loads(self.ask("select json_agg(rolname) from pg_roles"))
        made, lines = [], []
        for line in path.read_text(encoding="utf-8").splitlines():
            role = re.match(r'(CREATE|ALTER) ROLE (?:"((?:[^"]|"")+)"|([^\s;]+))', line)
            name = (role.group(2) or role.group(3)).replace('""', '"') if role else ""
            if role and name not in there:
                lines.append(line)
                made += [name] if role.group(1) == "CREATE" else []
        if lines:
            self.ask("\n".join(lines))
        return made

    def made_of(self, database: str, canaries: list[Canary]) -> tuple[dict[str, t.Any], dict[str, str | None]]:
        """Return what a database is made of, and what it answers to canaries."""
        script = f"begin read only;\n{facts.script(canaries)}"
        return facts.answers(self._run(*PSQL, database=database, stdin=script), canaries)

    def wait_until_ready(self) -> None:
        """Wait until it answers as it does to others; while it is made, it answers on its socket only."""
        self.environment["PGHOST"] = "127.0.0.1"
        wait_for(lambda: self.ask("select 1"), self._source.instance)

    def counts(self, database: str) -> dict[str, int]:
        """Return the number of rows by table."""
        return _counted(self.ask(COUNTS, database).splitlines())

    def _there(self, database: str, elsewhere: str) -> bool:
        query = "select exists (select from pg_database where datname = :'name')"
        return self.ask(query, elsewhere, name=database) == "t"

    def _rename(self, old: str, new: str, elsewhere: str) -> None:
        query = "select pg_terminate_backend(pid) from pg_stat_activity where datname = :'old' \\g /dev/null\n"
        self.ask(query + 'alter database :"old" rename to :"new";', elsewhere, old=old, new=new)

    def _drop(self, database: str, elsewhere: str) -> None:
        self.ask('drop database if exists :"name" with (force);', elsewhere, name=database)

    def _dump(self, database: str, path: Path, part: Part) -> None:
        """Dump a database, and note its rows by table and what else a drill looks for, all of one moment."""
        canaries = for_part(self._canaries, part.name)
        session = self.popen(PSQL, database, stdin=subprocess.PIPE, text=True)
        with session:
            session.stdin.write(BEGIN)
            session.stdin.flush()
            snapshot = session.stdout.readline().strip()
            if snapshot:
                session.stdin.write(f"{COUNTS}\\echo {facts.MARK}\n{facts.script(canaries)}")
                session.stdin.flush()
                with path.open("wb") as file:
                    # Not compressed, so that restic finds what is the same as last time.
                    command = ["pg_dump", "--format=custom", "--compress=0", f"--snapshot={snapshot}"]
                    self._run(*command, database=database, stdout=file, where=part.name)
            printed, errors = session.communicate()
        if session.returncode or not snapshot:
            raise Failure(SERVICE, last_words(errors.encode()), "see the container's log, then run again", part.name)
        rows, rest = printed.split(facts.MARK, 1)
        part.counts = _counted(rows.splitlines())
        part.facts = facts.for_manifest(rest, canaries)

    def popen(self, command: t.Sequence[str], database: str, **streams: t.Any) -> subprocess.Popen:
        """Start a program in the container, to speak with while it runs."""
        variables = {**self.environment, "PGDATABASE": database}
        argv, environment = self._container.argv(command, variables), {**os.environ, **variables}
        streams.update(stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=ends_with_us)
        return subprocess.Popen(argv, env=environment, **streams)

    def _run(self, *command: str, database: str = "", **options: t.Any) -> str:
        environment = {**self.environment, **({"PGDATABASE": database} if database else {})}
        options.setdefault("where", self._source.instance)
        return self._container.exec(*command, environment=environment, **options)


def _counted(lines: list[str]) -> dict[str, int]:
    return dict(json.loads(line) for line in lines if line)


def _different(found: dict[str, int], wanted: dict[str, int]) -> str:
    names = [name for name in sorted({*found, *wanted}) if found.get(name) != wanted.get(name)]
    return ", ".join(f"{name} {found.get(name)} instead of {wanted.get(name)}" for name in names[:5])


def _broken(where: str) -> Failure:
    return Failure(DATA, "the dump is empty or cut off", "see the container's log, then run again", where)
