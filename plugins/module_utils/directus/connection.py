# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The connection to a Directus server as its administrator, and its answers in words that an operator can act on."""

from __future__ import annotations

import http.client
import json
import typing as t
from urllib.parse import urlsplit

from ansible_collections.borgstack.platform.plugins.module_utils import provisioning
from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    INTEGRATION,
    NETWORK,
    SERVICE_STARTUP,
    PlatformError,
)

OPTIONS: dict = {
    **provisioning.CONNECTION,
    "url": {"type": "str", "required": True},
    "email": {"type": "str", "required": True},
    "password": {"type": "str", "required": True, "no_log": True},
}

# Adding a field changes a table.
ANSWER_TIMEOUT = 60


class Server:
    """A Directus server, reached over one connection that is kept.

    Args:
        options: the module's connection options.

    Raises:
        PlatformError: the URL cannot be meant.
    """

    def __init__(self, options: dict):
        self._options = options
        parts = urlsplit(options["url"])
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise PlatformError(CONFIGURATION, f"{options['url']!r} is no address", "write it as http://HOST:PORT")
        self.name = f"Directus at {options['url'].rstrip('/')}"
        self._prefix = parts.path.rstrip("/")
        make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = make(parts.hostname, parts.port, timeout=options["connect_timeout"])
        self._token = ""

    def log_in(self) -> None:
        """Log in as the administrator.

        Raises:
            PlatformError: Directus refuses, or cannot be asked.
        """
        body = {"email": self._options["email"], "password": self._options["password"]}
        status, answer = self._exchanged("POST", "/auth/login", body)
        if status == 401:
            raise PlatformError(
                INTEGRATION,
                f"Directus refuses the password of {self._options['email']}",
                "correct email and password; a password that was changed in Directus itself is changed back there",
                where=self.name,
            )
        self._token = self._data(status, answer)["access_token"]

    def call(self, method: str, path: str, body: t.Any = None) -> t.Any:
        """Send a request and return the `data` of its answer.

        Raises:
            PlatformError: the server cannot be reached or refuses.
        """
        return self._data(*self._exchanged(method, path, body))

    def owner_of(self, token: str) -> str:
        """Return the id of the user whom a static token belongs to; empty where there is none."""
        status, answer = self._exchanged("GET", "/users/me?fields=id", None, token)
        return "" if status in (401, 403) else self._data(status, answer)["id"]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _data(self, status: int, answer: t.Any) -> t.Any:
        if status == 204:
            return None
        if status == 200 and isinstance(answer, dict) and "data" in answer:
            return answer["data"]
        reasons = [one.get("message", "") for one in answer.get("errors", [])] if isinstance(answer, dict) else []
        raise PlatformError(
            SERVICE_STARTUP if status >= 500 else INTEGRATION,
            f"Directus answers with status {status}: {'; '.join(reasons) or 'nothing that can be read'}",
            "read its log on the host" if status >= 500 else "correct what is declared, or the user's rights",
        )

    def _exchanged(self, method: str, path: str, body: t.Any, token: str = "") -> tuple[int, t.Any]:
        headers = {"Accept": "application/json"}
        if token or self._token:
            headers["Authorization"] = f"Bearer {token or self._token}"
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        try:
            if self._connection.sock is None:
                self._connection.connect()
                self._connection.sock.settimeout(ANSWER_TIMEOUT)
            self._connection.request(method, self._prefix + path, data, headers)
            answer = self._connection.getresponse()
            text = answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise PlatformError(
                NETWORK,
                f"{method} {path.split('?')[0]} got no answer: {error or type(error).__name__}",
                "see whether Directus runs and can be reached from here, and run again",
                where=self.name,
            ) from None
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, None
