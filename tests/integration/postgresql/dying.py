"""Have a module die in the middle of its work, as if the machine had lost its power."""

from __future__ import annotations

import os

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
