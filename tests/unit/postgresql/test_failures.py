"""A server's answer becomes an error with a category and a way out."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils import errors
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import failures


@pytest.mark.parametrize(
    ("answer", "category"),
    [
        ('FATAL:  password authentication failed for user "u"', errors.INTEGRATION),
        ("FATAL:  the database system is starting up", errors.SERVICE_STARTUP),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "u"', errors.INTEGRATION),
        ("FATAL:  unsupported startup parameter: options", errors.CONFIGURATION),
        ('FATAL:  database "d" does not exist', errors.INTEGRATION),
        ('FATAL:  autenticação do tipo senha falhou para o usuário "u"', errors.INTEGRATION),
        ("Connection refused", errors.NETWORK),
        ("timeout expired", errors.NETWORK),
        ('could not translate host name "x" to address', errors.NETWORK),
    ],
)
def test_a_connection_that_cannot_be_made(answer, category):
    error = failures.of_connecting(answer, "u", "d", "PostgreSQL at x:5432")
    assert error.category == category
    assert "at PostgreSQL at x:5432" in error.message
    assert any(words in error.what for words in ("u cannot connect to database d", "password of u", "no connection"))


@pytest.mark.parametrize(
    ("code", "category"),
    [
        ("42501", errors.INTEGRATION),
        ("55006", errors.DATA),
        ("2BP01", errors.DATA),
        ("53300", errors.PREREQUISITE),
        ("57P01", errors.NETWORK),
        ("08006", errors.NETWORK),
        ("22023", errors.CONFIGURATION),
        (None, errors.NETWORK),
    ],
)
def test_a_statement_that_is_refused(code, category):
    diag = SimpleNamespace(message_primary="refused" if code else None, message_detail="because\nof it")
    error = failures.of_statement(SimpleNamespace(pgcode=code, diag=diag), "PostgreSQL at x:5432")
    assert error.category == category
    # A detail may quote data: only those that name objects are told.
    assert ("because of it" in error.what) is (code in failures.DETAILED)


def test_only_what_comes_after_the_password_proves_that_it_was_right():
    assert failures.past_the_password('FATAL:  role "u" is not permitted to log in')
    assert not failures.past_the_password('FATAL:  no pg_hba.conf entry for host "10.0.0.1"')
    assert not failures.past_the_password("timeout expired")
