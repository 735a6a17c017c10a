# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The connection to a Redis or Valkey server, and its errors in words that an operator can act on."""

from __future__ import annotations

import re
import time

from ansible_collections.borgstack.platform.plugins.module_utils import provisioning
from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    INTEGRATION,
    NETWORK,
    PREREQUISITE,
    SERVICE_STARTUP,
    PlatformError,
)

try:
    import redis
except ImportError:
    redis = None

OPTIONS: dict = {
    **provisioning.CONNECTION,
    "login_host": {"type": "str", "default": "localhost"},
    "login_port": {"type": "int", "default": 6379},
    "login_user": {"type": "str", "default": "default"},
    "login_password": {"type": "str", "no_log": True},
    "login_unix_socket": {"type": "path"},
    "tls": {"type": "bool", "default": False},
    "ca_cert": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
}


class Server:
    """A Redis server.

    Args:
        options: the module's connection options.

    Raises:
        PlatformError: the client library is missing.
    """

    def __init__(self, options: dict):
        if redis is None:
            raise PlatformError(
                PREREQUISITE,
                "the Python library redis is missing on the host",
                "install it, for example the package python3-redis",
            )
        self.user = options["login_user"]
        self.name = f"Redis at {options['login_unix_socket'] or '{login_host}:{login_port}'.format(**options)}"
        self._timeout = options["connect_timeout"]
        place = {"host": options["login_host"], "port": options["login_port"]}
        if options["login_unix_socket"]:
            place = {"unix_socket_path": options["login_unix_socket"]}
        elif options["tls"]:
            place.update(
                ssl=True,
                ssl_ca_certs=options["ca_cert"],
                ssl_cert_reqs="required" if options["validate_certs"] else "none",
                # Some versions of the library would accept a certificate for any name.
                ssl_check_hostname=options["validate_certs"],
            )
        self._client = redis.Redis(
            username=self.user,
            password=options["login_password"],
            socket_connect_timeout=self._timeout,
            socket_timeout=self._timeout,
            decode_responses=True,
            # Others may have used any bytes in a pattern; they must not keep us from reading the rest.
            encoding_errors="surrogateescape",
            **place,
        )

    def call(self, *words: str):
        """Send a command and return its answer; waits while the server loads its data.

        Raises:
            PlatformError: it cannot be reached or refuses the command.
        """
        deadline = time.monotonic() + self._timeout
        while True:
            try:
                return self._client.execute_command(*words)
            except redis.exceptions.BusyLoadingError:
                if time.monotonic() > deadline:
                    raise PlatformError(
                        SERVICE_STARTUP,
                        "the server still loads its data",
                        "run again when it is ready",
                        where=self.name,
                    ) from None
                time.sleep(0.2)
            except redis.exceptions.RedisError as error:
                raise self._translated(error, " ".join(words[:2])) from None

    def _translated(self, error: Exception, command: str) -> PlatformError:
        answer = (str(error).splitlines() or ["connection lost"])[0]
        failures = redis.exceptions
        if answer.startswith(("WRONGPASS", "invalid username-password", "invalid password")):
            category, what, remedy = (
                INTEGRATION,
                f"the server refuses the password of {self.user}",
                "correct login_password",
            )
        elif answer.startswith("NOAUTH") or isinstance(error, failures.AuthenticationError):
            category, what, remedy = INTEGRATION, "the server wants a password", "set login_user and login_password"
        elif isinstance(error, failures.NoPermissionError):
            right = re.search("'([^']+)' command", answer)
            category, what, remedy = (
                INTEGRATION,
                f"{self.user} may not run {command}",
                f"log in as a user with +@admin, or allow +{right[1] if right else command.lower()} to this one",
            )
        elif isinstance(error, (failures.ConnectionError, failures.TimeoutError)):
            category, what, remedy = (
                NETWORK,
                f"no connection: {answer}",
                "check that the server runs and can be reached from this host",
            )
        else:
            category, what, remedy = CONFIGURATION, f"{command} was refused: {answer}", "correct the declaration"
        return PlatformError(category, what, remedy, where=self.name)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()
