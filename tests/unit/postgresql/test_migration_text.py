"""The text of a migration: the same from every checkout, and what of it is not for a server."""

from __future__ import annotations

import hashlib

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import migration_text

TEXT = "create table a (x int);\ninsert into a\n  values (1);\n"


@pytest.mark.parametrize(
    "same",
    [
        TEXT.replace("\n", "\r\n"),
        "\ufeff" + TEXT,
        "\ufeff" + TEXT.replace("\n", "\r\n"),
        TEXT.replace("a\n", "a  \n"),
        TEXT.replace("\n", " \t\r\n"),
        "\n" + TEXT + "\n\n",
    ],
)
def test_how_a_text_was_checked_out_makes_no_difference(same):
    assert migration_text.checksum(same) == migration_text.checksum(TEXT)


@pytest.mark.parametrize("other", [TEXT.replace("  values", " values"), TEXT.replace("\n", "\n\n"), TEXT + "x"])
def test_another_text_is_another_one(other):
    assert migration_text.checksum(other) != migration_text.checksum(TEXT)


@pytest.mark.parametrize("then", [TEXT, TEXT.replace("\n", "\r\n")])
@pytest.mark.parametrize("now", [TEXT, TEXT.replace("\n", "\r\n"), "\ufeff" + TEXT])
def test_what_was_kept_before_line_ends_stopped_to_count_is_still_known(then, now):
    kept = hashlib.sha256(then.strip().encode()).hexdigest()
    assert migration_text.is_known_as(now, kept)
    assert not migration_text.is_known_as(now + "\nselect 1", kept)


@pytest.mark.parametrize(
    ("sql", "is_in_one"),
    [
        ("select 1", True),
        ("-- migrate:up\nselect 1", True),
        ("-- migrate:up transaction:true\nselect 1", True),
        ("-- migrate:up transaction:false\nselect 1", False),
        ("--migrate:up  transaction:false\r\nselect 1", False),
        ("\ufeff\n-- about it\n\n-- migrate:up transaction:false\nselect 1", False),
        ("select 1;\n-- migrate:up transaction:false", True),
        ("select '\n-- migrate:up transaction:false\n'", True),
    ],
)
def test_whether_it_may_be_part_of_a_transaction(sql, is_in_one):
    assert migration_text.runs_in_transaction(sql) is is_in_one


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("\\connect x", (1, "\\connect x")),
        ("select 1;\r\n\r\n  \\i other.sql\r\n", (3, "\\i other.sql")),
        ("-- it's\n\\restrict " + "x" * 60, (2, "\\restrict " + "x" * 30)),
        ("/* ' */ select 'a' ;\n\\.\n", (2, "\\.")),
        ("select 'a\n\\b'", None),
        ("select e'it\\'s\n\\b'", None),
        ('select 1 as "a\n\\b"', None),
        ("do $x$\n\\a\n$y$\n\\b\n$x$", None),
        ("do $$\n\\a\n$$;\n\\b", (4, "\\b")),
        ("/*\n\\a\n*/ select 1 -- \\b\n", None),
        ("select $1\n;", None),
    ],
)
def test_commands_of_psql(sql, found):
    assert migration_text.command_of_psql(sql) == found
