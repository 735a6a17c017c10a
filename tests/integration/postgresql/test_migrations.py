"""postgresql_migrations against real servers."""

from __future__ import annotations

import hashlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest
from integration.postgresql import estate
from integration.postgresql.conftest import PASSWORD, role

pytestmark = pytest.mark.integration

MODULE = "postgresql_migrations"
# Semicolons, quotes, comments, percent signs and braces where something that splits or formats would stumble.
FUNCTION = """
create function double(n int) returns int language plpgsql as $body$
begin -- not the end; of it
  return (select n * 2); /* {} %s ; */
end;
$body$;
create table numbers (n int primary key, said text default 'a;b''c {0} %(x)s $1 \\n');
insert into numbers select double(n) from generate_series(1, 3) n;
-- the end"""


@pytest.fixture
def place(module, login, query):
    """An empty database and a role that owns it."""
    query("drop database if exists moved with (force)")
    assert not module("postgresql_roles", {**login, "roles": [role("mover")]}).get("failed")
    owned = {"name": "moved", "owner": "mover"}
    assert not module("postgresql_databases", {**login, "databases": [owned]}).get("failed")
    return "moved"


def migration(number: int, sql: str) -> dict:
    return {"version": f"{number:03}", "name": f"step_{number}", "sql": sql}


def declared(login: dict, *migrations: dict, **other) -> dict:
    return {**login, "databases": [{"name": "moved", "role": "mover", "migrations": list(migrations), **other}]}


def ledger(query, schema: str = "platform") -> list[str]:
    return [version for (version,) in query(f"select version from {schema}.schema_migrations order by 1", "moved")]


@pytest.mark.translated
def test_a_history_grows_and_what_it_makes_belongs_to_the_role(converge, login, query, place):
    first, second = migration(1, FUNCTION), migration(2, "alter table numbers add column extra text")
    assert converge(MODULE, declared(login, first)) == [
        "begin a ledger of migrations, platform.schema_migrations, in database moved",
        "migrate database moved to 001 step_1",
    ]
    assert converge(MODULE, declared(login, second, first)) == ["migrate database moved to 002 step_2"]
    assert query("select n, said from numbers order by 1 limit 1", "moved") == [(2, "a;b'c {0} %(x)s $1 \\n")]
    owners = query("select relname, pg_get_userbyid(relowner) from pg_class where relname = 'numbers'", "moved")
    assert owners == [("numbers", "mover")]
    kept = "select version, name, length(checksum), applied_at > now() - interval '1 minute'"
    assert query(f"{kept} from platform.schema_migrations order by 1", "moved") == [
        ("001", "step_1", 64, True),
        ("002", "step_2", 64, True),
    ]
    # The history is not the application's to rewrite.
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        query("delete from platform.schema_migrations", "moved", user="mover", password="Password-1-mover")


def test_a_failure_undoes_its_migration_alone_and_says_which_line(module, login, query, place):
    good = migration(1, "create table one ()")
    bad = migration(2, "create table two ();\n\ncreate table tree (x nonsense);")
    failed = module(MODULE, declared(login, good, bad))
    assert "cannot migrate database moved to 002 step_2" in failed.refusal
    assert 'type "nonsense" does not exist in line 3 (SQLSTATE 42704)' in failed.refusal
    assert failed["error"]["done"][-1] == "migrate database moved to 001 step_1"
    assert ledger(query) == ["001"]
    assert query("select to_regclass('two') is null", "moved") == [(True,)]
    mended = module(MODULE, declared(login, good, migration(2, "create table two ()")))
    assert mended["plan"] == ["migrate database moved to 002 step_2"]


@pytest.mark.parametrize(
    "sql",
    [
        "create table left_behind (); commit; create table more ()",
        "begin; create table left_behind (); commit",
        "create table left_behind (); rollback",
        "create table left_behind (x int); create index concurrently on left_behind (x)",
        "create table left_behind (); do $$ begin commit; end $$",
    ],
)
@pytest.mark.translated
def test_a_migration_cannot_end_its_transaction(module, login, query, place, sql):
    refusal = module(MODULE, declared(login, migration(1, sql))).refusal
    assert "[1] configuration error" in refusal and "one transaction by itself" in refusal, refusal
    assert ledger(query) == []
    assert query("select to_regclass('left_behind') is null", "moved") == [(True,)]


@pytest.mark.translated
def test_what_a_migration_sets_ends_with_it(module, login, query, place):
    dumped = "select pg_catalog.set_config('search_path', '', false); set statement_timeout = 40; set role mover"
    plain = "create table plain (); select pg_sleep(0.05)"
    who = "create table who as select current_user::text as name, current_setting('TimeZone') as zone"
    first, second = migration(1, dumped), migration(2, plain)
    done = module(MODULE, declared(login, first, second, migration(3, who), role=None))
    assert not done.get("failed"), done["msg"]
    assert query("select * from public.who", "moved") == [("postgres", "UTC")]
    assert ledger(query) == ["001", "002", "003"]


def test_a_changed_text_and_a_late_version_are_refused_before_anything_is_done(module, login, query, place):
    two = migration(2, "create table two ()")
    assert module(MODULE, declared(login, two))["changed"]
    changed = migration(2, "create table two (x int)")
    assert "has changed since it was applied" in module(MODULE, declared(login, changed, migration(3, "x"))).refusal
    late = declared(login, migration(1, "create table one ()"), two)
    assert "001 step_1 was never applied, but a newer one" in module(MODULE, late).refusal
    assert ledger(query) == ["002"]
    late["databases"][0]["allow_out_of_order"] = True
    assert module(MODULE, late)["plan"] == ["migrate database moved to 001 step_1"]


@pytest.mark.parametrize("schema", ["public", 'od"d %s {}'])
@pytest.mark.translated
def test_a_ledger_of_dbmate_is_continued(converge, login, query, place, schema):
    quoted = '"' + schema.replace('"', '""') + '"'
    query(f"create schema if not exists {quoted}", "moved")
    query(f"create table {quoted}.schema_migrations (version varchar(128) primary key)", "moved")
    query(f"insert into {quoted}.schema_migrations values ('001')", "moved")
    steps = [migration(1, "create table never ()"), migration(2, "create table two ()")]
    assert converge(MODULE, declared(login, *steps, schema=schema)) == [
        f"take over the ledger of migrations {schema}.schema_migrations in database moved",
        "migrate database moved to 002 step_2",
    ]
    assert ledger(query, quoted) == ["001", "002"]
    assert query("select to_regclass('never') is null", "moved") == [(True,)]


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ("version bigint primary key, dirty boolean not null", "version is bigint, not varchar(128); its column dirty"),
        ("version bigint primary key, inserted_at timestamp", "its column version is bigint"),
        ("version text primary key, who text not null", "its column who cannot be left empty"),
        ("version text, checksum bytea", "its column checksum is bytea, not text"),
        ("id int", "it has no column version"),
    ],
)
def test_a_ledger_that_no_row_of_ours_fits_into_is_left_alone(module, login, query, place, columns, reason):
    query(f"create schema platform; create table platform.schema_migrations ({columns})", "moved")
    for check in (True, False):
        refusal = module(MODULE, declared(login, migration(1, "create table one ()")), check=check).refusal
        assert "[10] data error at database moved" in refusal and reason in refusal, refusal
        assert "choose another schema for the ledger" in refusal
    elsewhere = declared(login, migration(1, "create table one ()"), schema="elsewhere")
    assert module(MODULE, elsewhere)["changed"] and ledger(query, "elsewhere") == ["001"]


def test_a_ledger_with_columns_of_its_own_is_continued(converge, login, query, place):
    columns = "version text primary key, batch int default 1, made timestamp not null default now(), note text"
    query(f"create schema platform; create table platform.schema_migrations ({columns})", "moved")
    assert len(converge(MODULE, declared(login, migration(1, "create table one ()")))) == 2


@pytest.mark.translated
def test_an_index_is_made_without_locking_its_table(converge, module, login, query, place):
    table = migration(1, "create table busy (x int)")
    index = "-- migrate:up transaction:false\ncreate index concurrently if not exists quick on busy (x)"
    wanted = declared(login, table, migration(2, index), migration(3, "create table after_it ()"))
    assert converge(MODULE, wanted)[1:] == [f"migrate database moved to 00{n} step_{n}" for n in (1, 2, 3)]
    made = "select relname, pg_get_userbyid(relowner), indisvalid from pg_class join pg_index on indexrelid = oid"
    assert query(f"{made} where relname = 'quick'", "moved") == [("quick", "mover", True)]
    assert query("select pg_get_userbyid(relowner) from pg_class where relname = 'schema_migrations'", "moved") == [
        ("postgres",)
    ]
    failing = migration(4, "-- migrate:up transaction:false\n\ncreate nonsense")
    refusal = module(MODULE, declared(login, *wanted["databases"][0]["migrations"], failing)).refusal
    assert "in line 3 (SQLSTATE 42601)" in refusal
    assert ledger(query) == ["001", "002", "003"]


def test_two_statements_that_may_not_run_in_a_transaction_are_two_migrations(module, login, query, place):
    two = "-- migrate:up transaction:false\ncreate table t (x int); create index concurrently on t (x)"
    refusal = module(MODULE, declared(login, migration(1, two))).refusal
    assert "[1] configuration error" in refusal and "a migration of its own" in refusal
    left_open = "-- migrate:up transaction:false\nbegin; create table left_behind ()"
    refusal = module(MODULE, declared(login, migration(1, left_open))).refusal
    assert "it leaves a transaction open" in refusal
    assert query("select to_regclass('left_behind') is null", "moved") == [(True,)] and ledger(query) == []


def test_a_run_that_is_killed_after_what_is_no_transaction_does_it_again(module, login, query, place):
    index = "-- migrate:up transaction:false\ncreate index concurrently if not exists quick on t1 (x)"
    wanted = declared(login, history()[0], migration(2, index))
    assert not module(MODULE, declared(login, history()[0])).get("failed")
    assert module(MODULE, wanted, before=["integration.postgresql.dying:before_record"]).get("died")
    assert ledger(query) == ["001"] and query("select to_regclass('quick') is not null", "moved") == [(True,)]
    assert module(MODULE, wanted)["plan"] == ["migrate database moved to 002 step_2"]
    assert module(MODULE, wanted)["plan"] == []


def test_a_checkout_from_windows_is_no_change_and_runs_the_same(converge, module, login, query, place):
    text = "create function said() returns text language sql as $$\n  select 'a\nb' $$;\n"
    windows = "\ufeff" + text.replace("\n", "\r\n")
    converge(MODULE, declared(login, migration(1, windows)))
    assert query("select said()", "moved") == [("a\nb",)]
    assert module(MODULE, declared(login, migration(1, text)))["plan"] == []
    # As it was kept before line ends stopped to count.
    for kept in (windows[1:], text):
        former = hashlib.sha256(kept.strip().encode()).hexdigest()
        query(f"update platform.schema_migrations set checksum = '{former}'", "moved")
        for now in (windows, text):
            assert module(MODULE, declared(login, migration(1, now)))["plan"] == []


def test_a_dump_for_psql_is_refused_before_anything_is_done(module, login, query, place):
    dump = migration(2, "--\n-- a dump\n--\n\n\\restrict abc\ncreate table two ();")
    for check in (True, False):
        refusal = module(MODULE, declared(login, migration(1, "create table one ()"), dump), check=check).refusal
        assert "line 5 of migration 002 step_2 is for psql" in refusal and "\\restrict abc" in refusal
    assert ledger_is_absent(query)


def test_two_runs_at_once_run_everything_once(module, login, query, place):
    steps = [migration(n, f"create table t{n} (); select pg_sleep(0.02)") for n in range(1, 11)]
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(module, MODULE, declared(login, *steps)) for _ in range(2)]
    assert sorted(run.result()["changed"] for run in runs) == [False, True]
    assert len(ledger(query)) == 10


def history() -> list[dict]:
    return [migration(n, f"create table t{n} (x int); insert into t{n} values ({n})") for n in range(1, 4)]


def died(module, wanted: dict, function: str, number: int) -> bool:
    return module(MODULE, wanted, before=[f"integration.postgresql.dying:{function}", number]).get("died", False)


def tables(query) -> list[str]:
    return [name for (name,) in query("select relname from pg_class where relname ~ '^t[0-9]$' order by 1", "moved")]


def test_a_run_that_is_killed_after_each_step_has_done_whole_steps(module, login, query, place):
    wanted = declared(login, *history())
    for number in range(4):
        assert died(module, wanted, "at_statement", 1)
        assert (ledger(query), tables(query)) == (LEFT[number], [f"t{int(version)}" for version in LEFT[number]])
    assert module(MODULE, wanted)["plan"] == []


LEFT = [[], ["001"], ["001", "002"], ["001", "002", "003"]]


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_run_that_is_killed_within_a_step_leaves_nothing_of_it(module, login, query, place, number):
    wanted = declared(login, *history())
    assert died(module, wanted, "before_commit", number)
    assert ledger_is_absent(query) == (number == 1)
    if number > 1:
        assert ledger(query) == LEFT[number - 2]
    assert tables(query) == [f"t{done}" for done in range(1, number - 1)]
    assert not module(MODULE, wanted).get("failed")
    assert (ledger(query), tables(query)) == (LEFT[3], ["t1", "t2", "t3"])
    assert module(MODULE, wanted)["plan"] == []
    assert [query(f"select x from t{n}", "moved") for n in (1, 2, 3)] == [[(1,)], [(2,)], [(3,)]]


def test_check_mode_changes_nothing_and_knows_databases_to_come(module, login, query, place):
    before = estate.snapshot(query)
    wanted = {**declared(login, *history()), "assume_databases": ["to_come"], "assume_roles": ["nobody_yet"]}
    wanted["databases"].append({"name": "to_come", "role": "nobody_yet", "migrations": history()[:1]})
    planned = module(MODULE, wanted, check=True)
    assert planned["plan"][-2:] == [
        "begin a ledger of migrations, platform.schema_migrations, in database to_come",
        "migrate database to_come to 001 step_1",
    ]
    assert estate.snapshot(query) == before
    refusal = module(MODULE, wanted).refusal
    assert (
        "[5] integration error at database to_come: what is to be migrated, database to_come, does not exist" in refusal
    )
    assert ledger_is_absent(query)


def ledger_is_absent(query) -> bool:
    return query("select to_regnamespace('platform') is null", "moved") == [(True,)]


def test_a_run_waits_for_another_one(module, login, server, place):
    holder = psycopg2.connect(host=server.address, user="postgres", password=PASSWORD, dbname="postgres")
    with holder.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s)", (0x626F7267,))
    threading.Timer(1, holder.close).start()
    started = time.monotonic()
    assert module(MODULE, declared(login, *history()))["changed"]
    assert time.monotonic() - started > 0.9
