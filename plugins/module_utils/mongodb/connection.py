# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The connection to a MongoDB server: finds the primary, logs in, and tells whether the server enforces rights."""

from __future__ import annotations

import re
import time

from ansible_collections.borgstack.platform.plugins.module_utils import libraries, provisioning
from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    NETWORK,
    PREREQUISITE,
    PlatformError,
)
from ansible_collections.borgstack.platform.plugins.module_utils.mongodb import failures, scram

try:
    import pymongo
    from pymongo import errors
except ImportError:
    pymongo = None
else:
    # Called otherwise before 3.12.
    NotPrimaryError = getattr(errors, "NotPrimaryError", None) or errors.NotMasterError

OPTIONS: dict = {
    **provisioning.CONNECTION,
    "login_host": {"type": "str", "default": "localhost"},
    "login_port": {"type": "int", "default": 27017},
    "login_user": {"type": "str"},
    "login_password": {"type": "str", "no_log": True},
    "login_database": {"type": "str", "default": "admin"},
    "replica_set": {"type": "str"},
    "tls": {"type": "bool", "default": False},
    "ca_cert": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
}
# What MongoDB 6.0 says in its hello.
OLDEST_WIRE_VERSION = 17


class Server:
    """A MongoDB server, or the primary of a replica set.

    Args:
        options: the module's connection options.

    Attributes:
        name: what it is called in messages.
        user: the database and name of who is logged in, or none.
        is_open: whether it lets anybody do anything, because authorization is disabled.
        warnings: what the operator should know beside the result.

    Raises:
        PlatformError: the client library is missing, the server cannot be reached, is too old, or refuses the login.
    """

    def __init__(self, options: dict):
        libraries.require("pymongo", pymongo)
        _check(options)
        self._options = options
        self._clients: list = []
        self._place = "{login_host}:{login_port}".format(**options)
        if ":" in options["login_host"]:
            self._place = "[{login_host}]:{login_port}".format(**options)
        self.user = (options["login_database"], options["login_user"]) if options["login_user"] else None
        self.warnings: list[str] = []
        try:
            self._guest = self._primary()
            self.is_open = self._lets_guests_in()
            self._client = self._guest
            if self.user and not self.is_open:
                self._client = self._open(self._place, (*self.user, options["login_password"]))
                self.run("admin", {"ping": 1})
        except BaseException:
            self.close()
            raise

    @property
    def name(self) -> str:
        """What the server is called in messages."""
        return f"MongoDB at {self._place}"

    @property
    def who(self) -> str:
        """Who is logged in, in words."""
        return "user {1} in database {0}".format(*self.user) if self.user else "somebody without a login"

    def run(self, database: str, command: dict) -> dict:
        """Run a command on a database and return the answer.

        Raises:
            PlatformError: the server refuses it, or is gone.
        """
        return self._ask(self._client, database, command)

    def accepts(self, database: str, name: str, password: str) -> bool:
        """Return whether a user can log in with a password.

        Raises:
            PlatformError: the server cannot tell.
        """
        client = self._open(self._place, (database, name, password), authMechanism=scram.MECHANISM)
        try:
            return self._outcome(client, {"ping": 1}, failures.LOGIN_REFUSED) == 0
        finally:
            client.close()

    def welcomes_a_first_user(self) -> bool:
        """Return whether MongoDB's localhost exception holds, by asking for a user that cannot be made.

        Raises:
            PlatformError: the server cannot tell.
        """
        impossible = {"createUser": "nobody", "roles": []}
        outcome = self._outcome(self._guest, impossible, failures.UNAUTHORIZED, failures.BAD_VALUE)
        return outcome == failures.BAD_VALUE

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients:
            client.close()

    def _primary(self):
        """Return a client of the primary that is not logged in."""
        asked, client = self.name, self._open(self._place)
        deadline = time.monotonic() + self._options["connect_timeout"]
        while True:
            hello = self._ask(client, "admin", {"hello": 1})
            self._refuse_other_sets(hello)
            if hello.get("isWritablePrimary"):
                break
            primary = hello.get("primary")
            if primary and primary != hello.get("me"):
                self._place = primary
                client = self._open(self._place)
            if time.monotonic() > deadline:
                raise PlatformError(
                    NETWORK,
                    "its replica set has no primary",
                    "see to it that most of its members run and reach each other, and wait for their election",
                    where=self.name,
                )
            time.sleep(0.2)
        if self.name != asked and not self._options["replica_set"]:
            self.warnings.append(f"{asked} is a secondary; its primary {self._place} is used instead")
        self._refuse_old(client, hello)
        return client

    def _refuse_other_sets(self, hello: dict) -> None:
        name, wanted = hello.get("setName"), self._options["replica_set"]
        if not name and not hello.get("isWritablePrimary"):
            raise PlatformError(
                PREREQUISITE,
                "it waits for its replica set to be initiated",
                "run rs.initiate() on it",
                where=self.name,
            )
        if wanted and name != wanted:
            what = f"it is a member of the replica set {name}" if name else "it is not a member of a replica set"
            raise PlatformError(CONFIGURATION, what, "correct replica_set, or leave it out", where=self.name)

    def _refuse_old(self, client, hello: dict) -> None:
        if hello.get("maxWireVersion", 0) < OLDEST_WIRE_VERSION:
            version = self._ask(client, "admin", {"buildInfo": 1})["version"]
            raise PlatformError(PREREQUISITE, f"it is MongoDB {version}", "use MongoDB 6.0 or later", where=self.name)

    def _lets_guests_in(self) -> bool:
        return self._outcome(self._guest, {"rolesInfo": "root"}, failures.UNAUTHORIZED, failures.LOGIN_REFUSED) == 0

    def _open(self, place: str, login: tuple[str, str, str] | None = None, **settings):
        timeout = self._options["connect_timeout"] * 1000
        if login:
            settings.update(authSource=login[0], username=login[1], password=login[2])
        if self._options["tls"]:
            settings.update(
                tls=True,
                tlsCAFile=self._options["ca_cert"],
                tlsAllowInvalidCertificates=not self._options["validate_certs"],
            )
        try:
            client = pymongo.MongoClient(
                place,
                appname="borgstack.platform",
                directConnection=True,
                connectTimeoutMS=timeout,
                serverSelectionTimeoutMS=timeout,
                socketTimeoutMS=timeout,
                **settings,
            )
        except (errors.PyMongoError, OSError, ValueError) as error:
            raise PlatformError(
                CONFIGURATION, f"no connection can be tried: {error}", "correct the connection options", where=self.name
            ) from None
        self._clients.append(client)
        return client

    def _ask(self, client, database: str, command: dict) -> dict:
        try:
            return client[database].command(command)
        except errors.PyMongoError as error:
            raise self._translated(error, client, database, command) from None

    def _outcome(self, client, command: dict, *expected: int) -> int:
        """Return the code of an expected refusal, or zero where there is none."""
        try:
            client.admin.command(command)
            return 0
        except errors.PyMongoError as error:
            code = getattr(error, "code", None)
            if code in expected:
                return code
            raise self._translated(error, client, "admin", command) from None

    def _translated(self, error: Exception, client, database: str, command: dict) -> PlatformError:
        name = next(iter(command))
        if isinstance(error, NotPrimaryError):
            parts = NETWORK, f"{name} was refused: the server is no longer the primary", "run again"
        elif isinstance(error, errors.OperationFailure):
            answer = (error.details or {}).get("errmsg") or str(error)
            if command.get("pwd"):
                answer = answer.replace(command["pwd"], "(secret)")
            parts = failures.of_command(error.code or 0, answer, name, database, self.who)
        else:
            members = _topology_of(client).server_descriptions().values()
            answers = [str(member.error) for member in members if member.error]
            if not answers and not isinstance(error, errors.ServerSelectionTimeoutError):
                answers = [str(error)]
            # The library adds its settings and its own picture of the servers.
            answers = [re.sub(r" \(configured timeouts: .*?\)|, Timeout: .*", "", answer) for answer in answers]
            parts = failures.of_connection(answers, self._options["tls"])
        return PlatformError(*parts, where=self.name)


def _topology_of(client):
    # Not everybody's to ask for before PyMongo 4.
    is_public = hasattr(type(client), "topology_description")
    return client.topology_description if is_public else client._topology.description


def _check(options: dict) -> None:
    # The library would take these for an address of its own kind, with options of its own.
    if not options["login_host"] or set(options["login_host"]) & set(",/@ "):
        raise PlatformError(
            CONFIGURATION, f"{options['login_host']!r} is no host name or address", "correct login_host"
        )
    if options["login_user"] and not scram.is_usable(options["login_password"] or ""):
        raise PlatformError(
            CONFIGURATION,
            f"login_user is {options['login_user']}, and login_password is missing or cannot be a password",
            "set login_password",
        )
