# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One server, a connection a database, and errors in words that an operator can act on."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils import provisioning
from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    DATA,
    INTEGRATION,
    NETWORK,
    PREREQUISITE,
    PlatformError,
)
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import Ident, Statement

try:
    import psycopg2
    import psycopg2.sql
except ImportError:
    psycopg2 = None

OLDEST_VERSION = 140000
# Any number will do, as long as it is always the same: two runs of ours wait for each other, nobody else does.
LOCK = 0x626F7267

OPTIONS: dict = {
    **provisioning.OPTIONS,
    "login_host": {"type": "str", "default": ""},
    "login_port": {"type": "int", "default": 5432},
    "login_user": {"type": "str", "default": "postgres"},
    "login_password": {"type": "str", "no_log": True},
    "login_db": {"type": "str", "default": "postgres"},
    "login_unix_socket": {"type": "path"},
    "ssl_mode": {
        "type": "str",
        "choices": ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"],
        "default": "prefer",
    },
    "ca_cert": {"type": "path"},
}


class Server:
    """A PostgreSQL server.

    Args:
        options: the module's connection options.

    Raises:
        PlatformError: the client library is missing, the server cannot be reached or is too old.
    """

    def __init__(self, options: dict):
        if psycopg2 is None:
            raise PlatformError(
                PREREQUISITE,
                "the Python library psycopg2 is missing on the host",
                "install it, for example the package python3-psycopg2",
            )
        self._options = options
        self._connections: dict[str, t.Any] = {}
        if self.version < OLDEST_VERSION:
            raise PlatformError(
                PREREQUISITE,
                f"the server's version is {self.version // 10000}, older than 14",
                "upgrade the server",
                where=self.name,
            )

    @property
    def version(self) -> int:
        """The server's version as a number, such as 180001."""
        return self.connection("").server_version

    @property
    def name(self) -> str:
        """The server's address for messages."""
        options = self._options
        place = options["login_unix_socket"] or options["login_host"] or "the local socket"
        return f"PostgreSQL at {place}:{options['login_port']}"

    def connection(self, database: str):
        """Return the connection to a database; empty for the login database."""
        if database not in self._connections:
            self._connections[database] = self._connect(database or self._options["login_db"])
        return self._connections[database]

    def _connect(self, database: str, **other):
        options = self._options
        settings = {
            "host": options["login_unix_socket"] or options["login_host"],
            "port": options["login_port"],
            "user": options["login_user"],
            "password": options["login_password"],
            "sslmode": options["ssl_mode"],
            "sslrootcert": options["ca_cert"],
            "connect_timeout": options["connect_timeout"],
            "dbname": database,
            "application_name": "borgstack.platform",
            # Nothing on the search path may stand in for a function or operator that we mean.
            "options": "-c search_path=pg_catalog",
            **other,
        }
        try:
            return psycopg2.connect(**{key: value for key, value in settings.items() if value})
        except psycopg2.OperationalError as error:
            raise self._refusal(str(error).strip(), settings["user"], database) from None

    def _refusal(self, answer: str, user: str, database: str) -> PlatformError:
        if "password authentication failed" in answer or "no password supplied" in answer:
            return PlatformError(
                INTEGRATION, f"the server refuses the password of {user}", "correct login_password", where=self.name
            )
        if "does not exist" in answer or "permission denied" in answer or "pg_hba.conf" in answer:
            return PlatformError(
                INTEGRATION,
                f"{user} cannot connect to database {database}: {answer}",
                "correct login_user or login_db",
                where=self.name,
            )
        return PlatformError(
            NETWORK,
            f"no connection: {answer}",
            "check that the server runs and can be reached from this host",
            where=self.name,
        )

    def accepts(self, user: str, password: str, database: str = "") -> bool:
        """Tell whether a role can log in with a password."""
        try:
            self._connect(database or self._options["login_db"], user=user, password=password).close()
        except PlatformError as error:
            # Refused for another reason than its password, it did log in.
            return "refuses the password" not in error.what
        return True

    def rows(self, query: str, parameters: dict | None = None, database: str = "") -> list[dict]:
        """Return the rows of a query as dictionaries.

        Raises:
            PlatformError: the server refuses it.
        """
        connection = self.connection(database)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(query, parameters or {})
                names = [column[0] for column in cursor.description]
                return [dict(zip(names, row)) for row in cursor.fetchall()]
        except psycopg2.Error as error:
            raise translated(error, self.name) from None

    def can_read(self, table: str) -> bool:
        """Tell whether the login role may read a table of the catalog."""
        return self.rows("select has_table_privilege(%(table)s, 'select') as readable", {"table": table})[0]["readable"]

    def execute(self, statement: Statement) -> None:
        """Carry out one statement; it is committed.

        Raises:
            PlatformError: the server refuses it.
        """
        connection = self.connection(statement.database)
        parts = [
            psycopg2.sql.Identifier(part.name) if isinstance(part, Ident) else psycopg2.sql.Literal(part.value)
            for part in statement.parts
        ]
        try:
            connection.autocommit = statement.alone
            with connection.cursor() as cursor:
                # Where an extension goes that names no schema; the catalog still comes first, being implied.
                if not statement.alone:
                    cursor.execute("set local search_path = public")
                cursor.execute(psycopg2.sql.SQL(statement.text).format(*parts))
            if not statement.alone:
                connection.commit()
        except psycopg2.Error as error:
            if not connection.closed and not connection.autocommit:
                connection.rollback()
            raise translated(error, self.name) from None
        finally:
            if not connection.closed:
                connection.autocommit = False

    def lock(self) -> None:
        """Wait until no other run of ours changes this server; held until the connection closes."""
        self.rows("select pg_advisory_lock(%(lock)s)", {"lock": LOCK})

    def close(self) -> None:
        """Close all connections."""
        for connection in self._connections.values():
            connection.close()


def translated(error: t.Any, where: str) -> PlatformError:
    """Return a server's error as ours; its first line holds no value of ours but names."""
    answer = (
        (error.pgerror or str(error)).strip().splitlines()[0]
        if (error.pgerror or str(error)).strip()
        else "connection lost"
    )
    code = error.pgcode or ""
    if code == "42501":
        return PlatformError(
            INTEGRATION, f"the login role lacks a privilege: {answer}", "log in as a role that has it", where=where
        )
    if code in ("55006", "2BP01"):
        return PlatformError(
            DATA, answer, "end its use (sessions, dependent objects) or ask for it with the option force", where=where
        )
    if code in ("0A000", "58P01"):
        return PlatformError(PREREQUISITE, answer, "use a server that has it", where=where)
    if not code:
        return PlatformError(NETWORK, answer, "run again; what was done stays done", where=where)
    return PlatformError(CONFIGURATION, f"{answer} (SQLSTATE {code})", "correct the declaration", where=where)
