# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The connection to a Directus server as its administrator, and its answers in words that an operator can act on."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils import provisioning
from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    INTEGRATION,
    SERVICE_STARTUP,
    PlatformError,
)
from ansible_collections.borgstack.platform.plugins.module_utils.http_json import Answer, Endpoint

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
        self._endpoint = Endpoint("Directus", options["url"], options["connect_timeout"], ANSWER_TIMEOUT)
        self.name = self._endpoint.name
        self._token = ""

    def log_in(self) -> None:
        """Log in as the administrator.

        Raises:
            PlatformError: Directus refuses, or cannot be asked.
        """
        body = {"email": self._options["email"], "password": self._options["password"]}
        answer = self._exchanged("POST", "/auth/login", body)
        if answer.status == 401:
            raise PlatformError(
                INTEGRATION,
                f"Directus refuses the password of {self._options['email']}",
                "correct email and password; a password that was changed in Directus itself is changed back there",
                where=self.name,
            )
        self._token = self._data(answer)["access_token"]

    def call(self, method: str, path: str, body: t.Any = None) -> t.Any:
        """Send a request and return the `data` of its answer.

        Raises:
            PlatformError: the server cannot be reached or refuses.
        """
        return self._data(self._exchanged(method, path, body))

    def owner_of(self, token: str) -> str:
        """Return the id of the user whom a static token belongs to; empty where there is none."""
        answer = self._exchanged("GET", "/users/me?fields=id", None, token)
        return "" if answer.status in (401, 403) else self._data(answer)["id"]

    def close(self) -> None:
        """Close the connection."""
        self._endpoint.close()

    def _data(self, answer: Answer) -> t.Any:
        status, document = answer.status, answer.document
        if status == 204:
            return None
        if status == 200 and isinstance(document, dict) and "data" in document:
            return document["data"]
        reasons = [one.get("message", "") for one in document.get("errors", [])] if isinstance(document, dict) else []
        raise PlatformError(
            SERVICE_STARTUP if status >= 500 else INTEGRATION,
            f"Directus answers with status {status}: {'; '.join(reasons) or 'nothing that can be read'}",
            "read its log on the host" if status >= 500 else "correct what is declared, or the user's rights",
        )

    def _exchanged(self, method: str, path: str, body: t.Any, token: str = "") -> Answer:
        known = token or self._token
        return self._endpoint.exchange(method, path, body, {"Authorization": f"Bearer {known}"} if known else None)
