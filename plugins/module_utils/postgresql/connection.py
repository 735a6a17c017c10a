# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One server: a connection a database, and as few transactions as PostgreSQL allows."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils import libraries, provisioning
from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    PREREQUISITE,
    PlatformError,
)
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import failures, login
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import (
    Ident,
    Quoted,
    Statement,
)

try:
    import psycopg2
    import psycopg2.sql
except ImportError:
    psycopg2 = None

OLDEST_VERSION = 140000
# Any number will do, as long as it is always the same: two runs of ours wait for each other, nobody else does.
LOCK = 0x626F7267

OPTIONS: dict = {
    **provisioning.CONNECTION,
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
    """A PostgreSQL server, connected to its login database and to one other database at a time.

    Args:
        options: the module's connection options.

    Attributes:
        committed: how many statements have been carried out for good.

    Raises:
        PlatformError: the client library is missing, the server cannot be reached or is too old.
    """

    def __init__(self, options: dict):
        libraries.require("psycopg2", psycopg2)
        self._options = options
        self._connections: dict[str, t.Any] = {}
        # The database that a transaction is open in, and the number of statements that it holds.
        self._writing = ""
        self._pending = 0
        self.committed = 0
        try:
            self._refuse_what_is_no_server_of_ours()
        except PlatformError:
            self.close()
            raise

    def _refuse_what_is_no_server_of_ours(self) -> None:
        if self.version < OLDEST_VERSION:
            raise PlatformError(
                PREREQUISITE,
                f"the server's version is {self.version // 10000}, older than {OLDEST_VERSION // 10000}",
                "upgrade the server",
                where=self.name,
            )
        if self.rows("select current_setting('search_path') as path")[0]["path"] != login.SESSION["search_path"]:
            # Some poolers are set to drop what a session asks for; the lock would not hold there either.
            raise PlatformError(
                CONFIGURATION,
                "the session has not started as asked for: this is a connection pooler",
                failures.NO_POOLER,
                where=self.name,
            )

    @property
    def version(self) -> int:
        """The server's version as a number, such as 180001."""
        return self._connection(self.login_database).server_version

    @property
    def login_database(self) -> str:
        """The database that is logged in to first."""
        return self._options["login_db"]

    @property
    def login_role(self) -> str:
        """The role that is logged in as."""
        return self._options["login_user"]

    @property
    def name(self) -> str:
        """The server's address for messages."""
        options = self._options
        place = options["login_unix_socket"] or options["login_host"] or "the local socket"
        return f"PostgreSQL at {place}:{options['login_port']}"

    def _connection(self, database: str):
        if database not in self._connections:
            # Held open one beside the other, the connections of many databases would use up the server's limit.
            self._leave_others()
            self._connections[database] = self._connect(database)
        return self._connections[database]

    def _leave_others(self) -> None:
        for database in set(self._connections) - {self.login_database}:
            self._connections.pop(database).close()

    def _connect(self, database: str):
        try:
            connection = login.connect(self._options, database)
        except psycopg2.OperationalError as error:
            raise login.refusal(self._options, str(error).strip(), database, self.name) from None
        # Queries are asked one by one; only what changes something is held together.
        connection.autocommit = True
        return connection

    def accepts(self, user: str, password: str) -> bool:
        """Tell whether a role's password is right by logging in with it.

        Raises:
            PlatformError: the login did not get as far as its password, or the server did not ask for it.
        """
        return login.accepts(self._options, user, password, self.name)

    def rows(self, query: str | Statement, parameters: dict | None = None, database: str = "") -> list[dict]:
        """Return the rows of a query as dictionaries; `database` is the login database where it is not given.

        A query that names objects from outside is a statement; it has no parameters.

        Raises:
            PlatformError: the server refuses it.
        """
        connection = self._connection(database or self.login_database)
        try:
            with connection.cursor() as cursor:
                if isinstance(query, Statement):
                    cursor.execute(_composed(query))
                else:
                    cursor.execute(query, parameters or {})
                names = [column[0] for column in cursor.description]
                return [dict(zip(names, row)) for row in cursor.fetchall()]
        except psycopg2.Error as error:
            raise failures.of_statement(error, self.name) from None

    def role_names(self) -> set[str]:
        """Return the names of all roles."""
        return {row["name"] for row in self.rows("select rolname::text as name from pg_roles")}

    def can_read(self, table: str) -> bool:
        """Tell whether the login role may read a table of the catalog."""
        return self.rows("select has_table_privilege(%(table)s, 'select') as readable", {"table": table})[0]["readable"]

    def execute(self, statement: Statement) -> None:
        """Carry out one statement, in one transaction with its neighbours in the same database if it is not `whole`.

        Raises:
            PlatformError: the server refuses it; what was not committed is undone when the connection closes.
        """
        database = statement.database or self.login_database
        # Two open transactions of one run could wait for each other, which the server would not see as a deadlock.
        if statement.alone or statement.whole or database != self._writing:
            self.commit()
        if statement.alone:
            # Such a statement is refused while a session, ours too, uses the database that it is about.
            self._leave_others()
        self._writing = database
        connection = self._connection(database)
        if statement.alone:
            for one in (*statement.before, statement, *statement.after):
                self._execute_alone(connection, one)
            self.committed += 1
            return
        try:
            with connection.cursor() as cursor:
                if not self._pending:
                    connection.autocommit = False
                    # Where an extension goes that names no schema; the catalog still comes first, being implied.
                    cursor.execute("set local search_path = public")
                cursor.execute(_composed(statement))
            self._pending += 1
        except psycopg2.Error as error:
            raise failures.of_statement(error, self.name) from None
        if statement.whole:
            self.commit()

    def _execute_alone(self, connection, statement: Statement) -> None:
        given = statement.parts[0].text if statement.given else ""
        try:
            with connection.cursor() as cursor:
                cursor.execute(_composed(statement))
        except psycopg2.Error as error:
            raise failures.of_statement(error, self.name, given) from None
        if connection.info.transaction_status != psycopg2.extensions.TRANSACTION_STATUS_IDLE:
            raise PlatformError(
                CONFIGURATION,
                "it leaves a transaction open, which is undone now",
                "end it with COMMIT",
                where=self.name,
            )

    def commit(self) -> None:
        """Commit what has been carried out.

        Raises:
            PlatformError: the server refuses it.
        """
        if not self._pending:
            return
        connection = self._connection(self._writing)
        try:
            connection.commit()
            connection.autocommit = True
        except psycopg2.Error as error:
            raise failures.of_statement(error, self.name) from None
        self.committed += self._pending
        self._pending = 0

    def lock(self) -> None:
        """Wait until no other run of ours changes this server; held until the connection closes."""
        self.rows("select pg_advisory_lock(%(lock)s)", {"lock": LOCK})

    def close(self) -> None:
        """Close all connections; what is not committed is undone."""
        for connection in self._connections.values():
            connection.close()


def _composed(statement: Statement):
    return psycopg2.sql.SQL(statement.text).format(*map(_composed_part, statement.parts))


def _composed_part(part):
    if isinstance(part, Ident):
        return psycopg2.sql.Identifier(part.name)
    return psycopg2.sql.SQL(part.text) if isinstance(part, Quoted) else psycopg2.sql.Literal(part.value)
