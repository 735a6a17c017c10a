"""Have a module die in the middle of its work, as if the machine had lost its power."""

from __future__ import annotations

import os

import psycopg2

from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import connection


def at_statement(number: int) -> None:
    """End the process when it has carried out so many statements, before it does anything else."""
    execute, done = connection.Server.execute, 0

    def counted(self, statement) -> None:
        nonlocal done
        execute(self, statement)
        done += 1
        if done == number:
            os._exit(1)

    connection.Server.execute = counted


def cut_off_at_statement(number: int, login: dict) -> None:
    """Have the server end the module's connections before its statement of this number."""
    execute, done = connection.Server.execute, 0

    def counted(self, statement) -> None:
        nonlocal done
        done += 1
        if done == number:
            other = psycopg2.connect(host=login["login_host"], user=login["user"], password=login["login_password"])
            with other, other.cursor() as cursor:
                ours = "application_name = 'borgstack.platform'"
                cursor.execute(f"select pg_terminate_backend(pid) from pg_stat_activity where {ours}")
            other.close()
        execute(self, statement)

    connection.Server.execute = counted


def before_commit(number: int) -> None:
    """End the process when it is about to commit for so many times."""
    commit, done = connection.Server.commit, 0

    def counted(self) -> None:
        nonlocal done
        done += bool(self._pending)
        if self._pending and done == number:
            os._exit(1)
        commit(self)

    connection.Server.commit = counted


def before_record() -> None:
    """End the process between a statement that may not run in a transaction and its row in the ledger."""
    execute = connection.Server._execute_alone

    def watched(self, one, statement) -> None:
        if "INSERT INTO" in statement.text:
            os._exit(1)
        execute(self, one, statement)

    connection.Server._execute_alone = watched
