# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The connection to a Redis or Valkey server, and its errors in words that an operator can act on."""

from __future__ import annotations

import time

from ansible_collections.borgstack.platform.plugins.module_utils import libraries, provisioning
from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    SERVICE_STARTUP,
    PlatformError,
)
from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl import failures

try:
    import redis
except ImportError:
    redis = None

# The library tries again by itself since version 6, each time for as long as connect_timeout; earlier ones know no
# such option.
NO_RETRIES = {"retry": None} if hasattr(redis, "retry") else {}
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
        database: number of the logical database.

    Raises:
        PlatformError: the client library is missing.
    """

    def __init__(self, options: dict, database: int = 0):
        libraries.require("redis", redis)
        self._options = options
        self.user = options["login_user"]
        self.name = f"Redis at {options['login_unix_socket'] or '{login_host}:{login_port}'.format(**options)}"
        timeout = options["connect_timeout"]
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
            db=database,
            username=self.user,
            password=options["login_password"],
            socket_connect_timeout=timeout,
            socket_timeout=timeout,
            decode_responses=True,
            # Others may have used any bytes in a pattern; they must not keep us from reading the rest.
            encoding_errors="surrogateescape",
            **NO_RETRIES,
            **place,
        )

    def call(self, *words: str):
        """Send a command and return its answer; waits for a server that answers only when it has loaded its data.

        Raises:
            PlatformError: it cannot be reached or refuses the command.
        """
        deadline = time.monotonic() + self._options["connect_timeout"]
        while True:
            try:
                return self._client.execute_command(*words)
            except redis.exceptions.BusyLoadingError:
                if time.monotonic() > deadline:
                    raise PlatformError(
                        SERVICE_STARTUP,
                        f"the server still loads its data, and did not answer {words[0]}",
                        "run again when it is ready, or raise connect_timeout",
                        where=self.name,
                    ) from None
                time.sleep(0.2)
            except redis.exceptions.RedisError as error:
                raise failures.translated(
                    error, " ".join(words[:2]), self._options, self.name, redis.exceptions
                ) from None

    def close(self) -> None:
        """Close the connection."""
        self._client.close()
