"""A server's answer becomes an error with a category and a way out."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils import errors
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import failures


@pytest.mark.parametrize(
    ("answer", "code", "category"),
    [
        ('FATAL:  password authentication failed for user "u"', "28P01", errors.INTEGRATION),
        ("FATAL:  o sistema de banco de dados está iniciando", "57P03", errors.SERVICE_STARTUP),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "u"', "28000", errors.INTEGRATION),
        ("FATAL:  unsupported startup parameter: options", "08P01", errors.CONFIGURATION),
        ("FATAL:  sorry, too many clients already", "53300", errors.PREREQUISITE),
        ('FATAL:  database "d" does not exist', "", errors.INTEGRATION),
        ("ВАЖНО:  база данных не существует", "", errors.INTEGRATION),
        ("fe_sendauth: no password supplied", "", errors.INTEGRATION),
        ("SSL error: certificate verify failed", "", errors.INTEGRATION),
        ("Connection refused", "", errors.NETWORK),
        ("timeout expired", "", errors.NETWORK),
        ('could not translate host name "x" to address', "", errors.NETWORK),
    ],
)
def test_a_connection_that_cannot_be_made(answer, code, category):
    error = failures.of_connecting(answer, code, "u", "d", "PostgreSQL at x:5432")
    assert error.category == category
    assert "at PostgreSQL at x:5432" in error.message
    assert any(words in error.what for words in ("u cannot connect to database d", "password of u", "no connection"))


def refused(code: str, message: str, **other) -> SimpleNamespace:
    empty = ("internal_query", "internal_position", "statement_position", "message_hint", "source_function")
    nothing = {"message_detail": "because\nof it", **dict.fromkeys(empty)}
    return SimpleNamespace(pgcode=code, diag=SimpleNamespace(**{"message_primary": message, **nothing, **other}))


@pytest.mark.parametrize(
    ("code", "category"),
    [
        ("42501", errors.INTEGRATION),
        ("55006", errors.DATA),
        ("2BP01", errors.DATA),
        ("53300", errors.PREREQUISITE),
        ("57P01", errors.NETWORK),
        ("08006", errors.NETWORK),
        ("54011", errors.PREREQUISITE),
        ("58030", errors.PREREQUISITE),
        ("XX000", errors.INTEGRATION),
        ("22023", errors.CONFIGURATION),
        (None, errors.NETWORK),
    ],
)
def test_a_statement_that_is_refused(code, category):
    error = failures.of_statement(refused(code, "refused" if code else None), "PostgreSQL at x:5432")
    assert error.category == category
    # A detail may quote data: only those that name objects are told.
    assert ("because of it" in error.what) is (code in failures.DETAILED)


@pytest.mark.parametrize(("position", "line"), [("1", 1), ("9", 1), ("10", 2)])
def test_a_text_that_was_given_as_a_whole_is_told_the_line(position, line):
    error = refused("42P01", "no such table", internal_query="select 1\nselect 2", internal_position=position)
    assert failures.of_statement(error, "x").what == f"no such table in line {line} (SQLSTATE 42P01)"


def test_a_text_that_was_sent_as_it_is_is_told_the_line():
    error = refused("42P01", "no such table", statement_position="10")
    assert failures.of_statement(error, "x", "select 1\nselect 2").what == "no such table in line 2 (SQLSTATE 42P01)"
    assert failures.of_statement(error, "x").what == "no such table (SQLSTATE 42P01)"


def test_what_cannot_be_part_of_a_transaction_is_to_be_left_out():
    said = "o EXECUTE de comandos de transação não está implementado"
    error = failures.of_statement(refused("0A000", said, source_function="exec_stmt_dynexecute"), "x")
    assert error.category == errors.CONFIGURATION and "leave out what begins or ends a transaction" in error.remedy
    error = failures.of_statement(refused("0A000", said, source_function="transformSelectStmt"), "x")
    assert error.category == errors.PREREQUISITE


def test_a_fault_of_the_server_comes_with_its_own_hint():
    error = failures.of_statement(refused("XX000", "a collation differs", message_hint="Rebuild\nit."), "x")
    assert (error.category, error.remedy) == (errors.INTEGRATION, "Rebuild it.")
