# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The connection to an n8n server as its owner, and its answers in words that an operator can act on."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils import provisioning
from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    DATA,
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
    "previous_password": {"type": "str", "no_log": True},
}

# What credentials hold that is no secret, whatever their type.
HARMLESS = (
    "allowUnauthorizedCerts",
    "database",
    "disableStartTls",
    "host",
    "name",
    "port",
    "secure",
    "ssl",
    "url",
    "user",
)

# Activating a workflow with many triggers takes a while.
ANSWER_TIMEOUT = 120
COOKIE = re.compile(r"(n8n-auth=[^;]+)")

# By HTTP status: category, what it means, what to do. Others are what the server found wrong with the request.
MEANINGS = {
    401: (INTEGRATION, "n8n does not accept the session any more", "run again"),
    403: (INTEGRATION, "the user may not do this", "log in as the owner of the instance"),
    404: (DATA, "it does not exist any more", "run again, when nobody else changes the server"),
}


def secrets_of(options: dict) -> set[str]:
    """Return what must not be shown of the module's options.

    All of a credential but what is known to be harmless; masking its host and its numbers would deface every message.
    """
    found = {options["password"], options["previous_password"]}
    for credential in options["credentials"]:
        found |= set(_texts({key: value for key, value in credential["data"].items() if key not in HARMLESS}))
    return {secret for secret in found if secret}


def _texts(value: t.Any) -> t.Iterator[str]:
    if isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


class Server:
    """An n8n server, reached over one connection that is kept.

    Args:
        options: the module's connection options.

    Raises:
        PlatformError: the options cannot be meant.
    """

    def __init__(self, options: dict):
        self._options = options
        self._endpoint = Endpoint("n8n", options["url"], options["connect_timeout"], ANSWER_TIMEOUT)
        self.name = self._endpoint.name
        self._cookie = ""

    def log_in(self) -> bool:
        """Log in, once where the password fits: n8n counts logins and soon refuses them.

        Returns:
            Whether it still has the previous password.

        Raises:
            PlatformError: no password fits, or n8n cannot be asked.
        """
        passwords = [self._options["password"], self._options["previous_password"]]
        for position, password in enumerate(passwords):
            # A password that was not changed is not tried twice.
            if not password or password in passwords[:position]:
                continue
            body = {"emailOrLdapLoginId": self._options["email"], "password": password}
            answer = self._exchanged("POST", "/rest/login", body)
            if answer.status == 401:
                continue
            if answer.status != 200 or not self._cookie:
                raise self._refused(answer)
            return position == 1
        raise PlatformError(
            INTEGRATION,
            f"n8n refuses the password of {self._options['email']}",
            "correct email and password; a password that was changed in n8n itself is changed back there",
            where=self.name,
        )

    def change_password(self) -> None:
        """Give the user that is logged in its new password."""
        body = {"currentPassword": self._options["previous_password"], "newPassword": self._options["password"]}
        self.call("PATCH", "/rest/me/password", body)

    def call(self, method: str, path: str, body: dict | None = None) -> t.Any:
        """Send a request and return the `data` of its answer.

        Raises:
            PlatformError: the server cannot be reached or refuses.
        """
        answer = self._exchanged(method, path, body)
        document = answer.document
        if answer.status != 200 or not isinstance(document, dict) or "data" not in document:
            raise self._refused(answer)
        return document["data"]

    def close(self) -> None:
        """Close the connection."""
        self._endpoint.close()

    def _exchanged(self, method: str, path: str, body: dict | None) -> Answer:
        answer = self._endpoint.exchange(method, path, body, {"Cookie": self._cookie} if self._cookie else None)
        for header in answer.headers.get_all("Set-Cookie") or []:
            found = COOKIE.match(header)
            self._cookie = found.group(1) if found else self._cookie
        return answer

    def _refused(self, answer: Answer) -> PlatformError:
        status, document = answer.status, answer.document
        if status == 429:
            seconds = answer.headers.get("Retry-After") or "300"
            return PlatformError(
                SERVICE_STARTUP,
                "n8n limits logins and takes no more of them from this address for now (HTTP 429)",
                f"run again in {seconds} seconds",
                where=self.name,
            )
        if status == 200:
            return PlatformError(
                CONFIGURATION if document is not None else SERVICE_STARTUP,
                "what answers there is not n8n's interface, or n8n is still starting",
                "correct url, or run again when n8n is ready",
                where=self.name,
            )
        told = str(document.get("message", "")) if isinstance(document, dict) else ""
        said = f": {' '.join(told.split())[:300]}" if told else ""
        category, what, remedy = MEANINGS.get(status) or (
            (SERVICE_STARTUP, "n8n failed", "look into its log, and run again")
            if status >= 500
            else (CONFIGURATION, "n8n refuses the request", "correct the declaration")
        )
        # What is wrong with one request is told with the object that it was about.
        where = "" if category in (CONFIGURATION, DATA) else self.name
        return PlatformError(category, f"{what} (HTTP {status}{said})", remedy, where=where)
