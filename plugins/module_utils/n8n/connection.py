# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The connection to an n8n server as its owner, and its answers in words that an operator can act on."""

from __future__ import annotations

import http.client
import json
import re
import typing as t
from urllib.parse import urlsplit

from ansible_collections.borgstack.platform.plugins.module_utils import provisioning
from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    DATA,
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
    "previous_password": {"type": "str", "no_log": True},
}

# Activating a workflow with many triggers takes a while.
ANSWER_TIMEOUT = 120
COOKIE = re.compile(r"(n8n-auth=[^;]+)")

# By HTTP status: category, what it means, what to do. Others are what the server found wrong with the request.
MEANINGS = {
    401: (INTEGRATION, "n8n does not accept the session any more", "run again"),
    403: (INTEGRATION, "the user may not do this", "log in as the owner of the instance"),
    404: (DATA, "it does not exist any more", "run again, when nobody else changes the server"),
}


class Server:
    """An n8n server, reached over one connection that is kept.

    Args:
        options: the module's connection options.

    Raises:
        PlatformError: the options cannot be meant.
    """

    def __init__(self, options: dict):
        self._options = options
        parts = _checked(options["url"])
        self.name = f"n8n at {options['url'].rstrip('/')}"
        self._prefix = parts.path.rstrip("/")
        make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = make(parts.hostname, parts.port, timeout=options["connect_timeout"])
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
            status, headers, text = self._exchanged("POST", "/rest/login", body)
            if status == 401:
                continue
            if status != 200 or not self._cookie:
                raise self._refused(status, headers, text)
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
        status, headers, text = self._exchanged(method, path, body)
        answer = _parsed(text)
        if status != 200 or not isinstance(answer, dict) or "data" not in answer:
            raise self._refused(status, headers, text)
        return answer["data"]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _exchanged(self, method: str, path: str, body: dict | None) -> tuple[int, t.Any, str]:
        data = None if body is None else json.dumps(body).encode()
        while True:
            is_fresh = self._connection.sock is None
            try:
                return self._once(method, self._prefix + path, data)
            except (OSError, http.client.HTTPException) as error:
                self.close()
                # A kept connection may have been closed meanwhile; what changes something is not sent twice.
                if is_fresh or method != "GET":
                    what = f"no connection: {str(error) or type(error).__name__}"
                    remedy = "check that the server runs and can be reached from this host, and run again"
                    raise PlatformError(NETWORK, what, remedy, where=self.name) from None

    def _once(self, method: str, path: str, data: bytes | None) -> tuple[int, t.Any, str]:
        if self._connection.sock is None:
            self._connection.connect()
            self._connection.sock.settimeout(ANSWER_TIMEOUT)
        headers = {"Content-Type": "application/json", **({"Cookie": self._cookie} if self._cookie else {})}
        self._connection.request(method, path, data, headers)
        answer = self._connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        for header in answer.headers.get_all("Set-Cookie") or []:
            found = COOKIE.match(header)
            self._cookie = found.group(1) if found else self._cookie
        return answer.status, answer.headers, text

    def _refused(self, status: int, headers: t.Any, text: str) -> PlatformError:
        if status == 429:
            seconds = headers.get("Retry-After") or "300"
            return PlatformError(
                SERVICE_STARTUP,
                "n8n limits logins and takes no more of them from this address for now (HTTP 429)",
                f"run again in {seconds} seconds",
                where=self.name,
            )
        answer = _parsed(text)
        if status == 200:
            return PlatformError(
                CONFIGURATION if answer is not None else SERVICE_STARTUP,
                "what answers there is not n8n's interface, or n8n is still starting",
                "correct url, or run again when n8n is ready",
                where=self.name,
            )
        told = str(answer.get("message", "")) if isinstance(answer, dict) else ""
        said = f": {' '.join(told.split())[:300]}" if told else ""
        category, what, remedy = MEANINGS.get(status) or (
            (SERVICE_STARTUP, "n8n failed", "look into its log, and run again")
            if status >= 500
            else (CONFIGURATION, "n8n refuses the request", "correct the declaration")
        )
        # What is wrong with one request is told with the object that it was about.
        where = "" if category in (CONFIGURATION, DATA) else self.name
        return PlatformError(category, f"{what} (HTTP {status}{said})", remedy, where=where)


def _checked(url: str):
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or "@" in parts.netloc or parts.query or parts.fragment:
        # Not repeated: it may hold a password.
        raise PlatformError(
            CONFIGURATION, "url is not the address of a server", "write it as http://10.0.0.5:5678, without a password"
        )
    return parts


def _parsed(text: str) -> t.Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
