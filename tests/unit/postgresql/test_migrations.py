"""Plans for migrations."""

from __future__ import annotations

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    DATA,
    INTEGRATION,
    PlatformError,
)
from ansible_collections.borgstack.platform.plugins.module_utils.plan import diff_of
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import migration_ledger, migrations
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.migration_ledger import Ledger
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.migration_text import checksum
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import Ident, Quoted, Text

COLUMNS = list(migration_ledger.COLUMNS)


def database(*versions, **declared) -> dict:
    rest = {"name": "d", "role": None, "schema": "platform", "allow_out_of_order": False}
    return {**rest, "migrations": [migration(version) for version in versions], **declared}


def migration(version: str, sql: str = "select 1", name: str = "") -> dict:
    return {"version": version, "name": name or f"m{version}", "sql": sql}


def server(applied: dict | None = None, **ledger) -> dict:
    found = {"has_schema": True, "columns": COLUMNS, "strange": [], "applied": applied or {}, **ledger}
    return {**migrations.EMPTY, "ledgers": {Ledger("d", "platform"): found}}


def words(databases: list[dict], actual: dict) -> list[str]:
    return [step.words for step in migrations.plan(databases, actual)]


def refusal(databases: list[dict], actual: dict) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        migrations.plan(databases, actual)
    return caught.value


def test_all_that_is_pending_runs_in_the_order_of_numbers_after_the_ledger_was_begun():
    assert words([database("10", "9", "002")], migrations.EMPTY) == [
        "begin a ledger of migrations, platform.schema_migrations, in database d",
        "migrate database d to 002 m002",
        "migrate database d to 9 m9",
        "migrate database d to 10 m10",
    ]


def test_what_was_applied_does_not_run_again():
    same = checksum("select 1")
    assert words([database("1", "2", "3")], server({1: same, 2: same})) == ["migrate database d to 3 m3"]
    assert words([database("1", "2")], server({1: same, 2: same})) == []
    assert words([database()], migrations.EMPTY) == []


def test_a_version_is_the_same_however_many_zeros_it_starts_with():
    assert words([database("001")], server({1: checksum("select 1")})) == []


@pytest.mark.parametrize(("old", "same"), [("select 1\n", True), ("\n select 1", True), ("select  1", False)])
def test_a_changed_text_is_refused_but_not_the_blank_space_around_it(old, same):
    actual = server({1: checksum(old)})
    if same:
        assert words([database("1")], actual) == []
    else:
        error = refusal([database("1", "2")], actual)
        assert (error.category, error.where) == (DATA, "database d")
        assert "text of migration 1 m1 has changed since it was applied" in error.what
        assert "new migration" in error.remedy


def test_a_row_of_another_tool_has_no_text_to_compare_with():
    actual = server({1: None}, columns=["version"])
    steps = migrations.plan([database("1", "2")], actual)
    assert [step.words for step in steps] == [
        "take over the ledger of migrations platform.schema_migrations in database d",
        "migrate database d to 2 m2",
    ]
    added = "ADD COLUMN name text, ADD COLUMN checksum text, ADD COLUMN applied_at timestamptz"
    assert steps[0].operation.text == f"ALTER TABLE {{}}.{{}} {added}"


def test_an_older_one_is_refused_unless_order_does_not_matter():
    actual = server({5: checksum("select 1")})
    error = refusal([database("5", "4", "6")], actual)
    assert error.category == CONFIGURATION
    assert "migration 4 m4 was never applied, but a newer one, 5, has been" in error.what
    assert words([database("5", "4", "6", allow_out_of_order=True)], actual) == [
        "migrate database d to 4 m4",
        "migrate database d to 6 m6",
    ]


def test_declarations_with_one_ledger_are_one_history_each_with_its_role():
    steps = migrations.plan([database("1", "3", role="a"), database("2", role="b")], server())
    assert [step.words.rsplit(" ", 1)[1] for step in steps] == ["m1", "m2", "m3"]
    assert [step.operation.parts[0] for step in steps] == [Ident("a"), Ident("b"), Ident("a")]
    assert "version 2 is declared twice" in refusal([database("2"), database("2")], server()).what


def test_ledgers_in_schemas_of_their_own_are_histories_of_their_own():
    actual = server({5: checksum("select 1")})
    assert words([database("5"), database("1", schema="other")], actual) == [
        "begin a ledger of migrations, other.schema_migrations, in database d",
        "migrate database d to 1 m1",
    ]


def test_each_is_a_transaction_of_its_own_and_its_text_a_literal():
    ledger, step = migrations.plan([database("1", role="a")], migrations.EMPTY)
    assert (ledger.operation.whole, step.operation.whole, step.operation.database) == (True, True, "d")
    assert "select 1" not in step.operation.text and Text("select 1") in step.operation.parts
    assert "SET LOCAL ROLE {};" in step.operation.text
    (alone,) = migrations.plan([database("1")], server())
    assert "SET LOCAL ROLE NONE;\nSET LOCAL search_path" in alone.operation.text
    assert len(alone.operation.parts) == alone.operation.text.count("{}") == 6


def test_a_schema_that_exists_is_not_made():
    (ledger, _step) = migrations.plan([database("1")], server(columns=[]))
    assert ledger.operation.text.startswith("CREATE TABLE")
    (ledger, _step) = migrations.plan([database("1")], migrations.EMPTY)
    assert ledger.operation.text.startswith("CREATE SCHEMA {}; CREATE TABLE")


def test_the_diff_shows_names_and_short_texts_only():
    long = migration("2", "select '" + "x" * 150 + "'")
    (entry,) = diff_of(migrations.plan([database(migrations=[migration("1"), long])], server()))
    assert entry["before"] == ""
    assert entry["after"] == '{\n  "migration 1": "m1: select 1",\n  "migration 2": "m2"\n}\n'


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (migration("1a"), "'1a' is not 1 to 128 digits"),
        (migration("\u0661"), "is not 1 to 128 digits"),
        (migration("1" * 129), "is not 1 to 128 digits"),
        (migration("1", " \n"), "has no text"),
        (migration("1", "select '\0'"), "has no text"),
        (migration("1", "create table a ();\n-- migrate:down\ndrop table a;"), "also holds its way back"),
        (
            migration("1", "-- a dump\n\\restrict abc\nselect 1"),
            "line 2 of migration 1 m1 is for psql",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(wrong, reason):
    error = refusal([database(migrations=[wrong])], server())
    assert (error.category, error.where) == (CONFIGURATION, "database d") and reason in error.what


@pytest.mark.parametrize("other", [{"name": "x" * 64}, {"schema": ""}])
def test_names_that_postgresql_would_not_keep_are_refused(other):
    assert "cannot be the name of a" in refusal([database("1", **other)], server()).what


def test_a_table_that_is_no_ledger_is_left_alone():
    error = refusal([database("1")], server(columns=["id"], strange=["it has no column version"]))
    assert error.category == DATA and "platform.schema_migrations is no ledger" in error.what
    assert "it has no column version" in error.what and "another schema" in error.remedy


def test_a_database_and_a_role_have_to_exist():
    known = {**server(), "known_databases": {"d"}, "known_roles": {"r"}}
    assert words([database("1", role="r")], known) == ["migrate database d to 1 m1"]
    error = refusal([database("1", role="stranger")], known)
    assert error.category == INTEGRATION and "run as, role stranger, does not exist" in error.what
    error = refusal([database("1", name="other")], known)
    assert (error.category, error.where) == (INTEGRATION, "database other") and "assume_databases" in error.remedy


def test_what_was_applied_and_is_not_declared_is_told():
    assert migrations.undeclared([database("2")], server({1: None, 2: None})) == ["migration 1 of database d"]
    assert migrations.undeclared([database("2")], migrations.EMPTY) == []


def test_what_may_not_run_in_a_transaction_is_sent_as_it_is_between_what_it_needs():
    sql = "-- migrate:up transaction:false\ncreate index concurrently on t (x)"
    (step,) = migrations.plan([database(migrations=[migration("1", sql)], role="a")], server())
    operation = step.operation
    assert (operation.alone, operation.given, operation.whole) == (True, True, False)
    assert (operation.text, operation.parts) == ("{}", (Quoted(sql),))
    ((before,), (after,)) = operation.before, operation.after
    assert "SET ROLE {};" in before.text and before.parts == (Ident("a"),)
    assert after.text.startswith("RESET ALL; SET ROLE NONE; INSERT INTO") and Text(checksum(sql)) in after.parts
    (step,) = migrations.plan([database(migrations=[migration("1", sql)])], server())
    assert "SET ROLE NONE;" in step.operation.before[0].text


def test_what_is_run_is_the_same_from_every_checkout():
    (_ledger, step) = migrations.plan(
        [database(migrations=[migration("1", "\ufeffselect 1;\r\nselect 2")])], migrations.EMPTY
    )
    assert Text("select 1;\nselect 2") in step.operation.parts
