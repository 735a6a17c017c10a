# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The connection to a Qdrant server, and its answers in words that an operator can act on."""

from __future__ import annotations

import http.client
import json
import os
import re
import ssl
import typing as t
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit

from ansible.module_utils.urls import open_url

from ansible_collections.borgstack.platform.plugins.module_utils import provisioning
from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    DATA,
    INTEGRATION,
    NETWORK,
    PREREQUISITE,
    SERVICE_STARTUP,
    PlatformError,
)

OPTIONS: dict = {
    **provisioning.CONNECTION,
    "url": {"type": "str", "required": True},
    "api_key": {"type": "str", "no_log": True},
    "ca_cert": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
}

OLDEST = (1, 10)
# Changing a collection waits for the optimizations that are under way, so answers may take long.
ANSWER_TIMEOUT = 300
KEY = re.compile(r"[\x21-\x7e]+")
ABSENT = 404

# By HTTP status: category, what it means, what to do. Others are what the server found wrong with the request.
MEANINGS = {
    401: (INTEGRATION, "the server refuses the API key", "correct api_key"),
    403: (INTEGRATION, "the API key may not do this", "use a key that may manage all collections"),
    ABSENT: (DATA, "it does not exist any more", "run again, when nobody else changes the server"),
    408: (SERVICE_STARTUP, "the server was too busy to do it in time", "run again"),
    409: (DATA, "it exists by now; somebody else may have made it at the same time", "run again"),
    429: (SERVICE_STARTUP, "the server limits the rate of requests", "run again later"),
    503: (SERVICE_STARTUP, "the server is not ready", "run again when it is"),
    507: (PREREQUISITE, "the server has no space left", "give it more"),
}


class Server:
    """A Qdrant server.

    Args:
        options: the module's connection options.

    Raises:
        PlatformError: the options cannot be meant, the server cannot be reached, or it is too old.
    """

    def __init__(self, options: dict):
        self._url = _checked(options["url"])
        self.name = f"Qdrant at {self._url}"
        if options["ca_cert"] and not os.path.isfile(options["ca_cert"]):
            raise PlatformError(PREREQUISITE, f"there is no file {options['ca_cert']}", "correct ca_cert")
        self._settings = {
            "validate_certs": options["validate_certs"],
            "ca_path": options["ca_cert"],
            # Where it is sent elsewhere, the key would go there too.
            "follow_redirects": "none",
            "use_netrc": False,
        }
        key = options["api_key"]
        if key and not KEY.fullmatch(key):
            raise PlatformError(CONFIGURATION, "api_key holds a space or a character beyond ASCII", "correct it")
        self._headers = {"Content-Type": "application/json", **({"api-key": key} if key else {})}
        self.version = self._version(options["connect_timeout"])

    def _version(self, timeout: int) -> tuple[int, ...]:
        answer = self._sent("GET", "/", None, timeout, absent=True)
        version = answer.get("version") if isinstance(answer, dict) else None
        found = re.match(r"(\d+)\.(\d+)", version) if isinstance(version, str) else None
        if not found:
            raise PlatformError(CONFIGURATION, "what answers there is not Qdrant", "correct url", where=self.name)
        if tuple(map(int, found.groups())) < OLDEST:
            raise PlatformError(
                PREREQUISITE, f"its version is {version}, which is too old", "upgrade it to 1.10 or later", self.name
            )
        return tuple(map(int, found.groups()))

    def call(
        self, method: str, path: t.Iterable[str], body: dict | None = None, absent: bool = False, **query: str
    ) -> t.Any:
        """Send a request and return its result.

        Args:
            method: the HTTP method.
            path: the parts of the path; each may hold any character.
            body: what is sent.
            absent: whether a missing object gives none instead of a failure.
            query: what is appended to the path.

        Raises:
            PlatformError: the server cannot be reached or refuses.
        """
        place = "/" + "/".join(quote(part, safe="") for part in path)
        answer = self._sent(method, f"{place}?{urlencode(query)}" if query else place, body, ANSWER_TIMEOUT, absent)
        return answer.get("result") if isinstance(answer, dict) else None

    def _sent(self, method: str, path: str, body: dict | None, timeout: int, absent: bool = False) -> t.Any:
        data = None if body is None else json.dumps(body).encode()
        try:
            with open_url(
                self._url + path, data=data, method=method, headers=self._headers, timeout=timeout, **self._settings
            ) as answer:
                text = answer.read()
        except HTTPError as error:
            if error.code == ABSENT and absent:
                return None
            raise self._refused(error.code, _told(error)) from None
        except (URLError, OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from None
        try:
            return json.loads(text)
        except ValueError:
            raise PlatformError(
                CONFIGURATION, "what answers there is not Qdrant", "correct url", where=self.name
            ) from None

    def _refused(self, status: int, told: str) -> PlatformError:
        said = f": {told}" if told else ""
        if 300 <= status < 400:
            return PlatformError(
                CONFIGURATION, f"the server redirects elsewhere (HTTP {status})", "correct url", where=self.name
            )
        # Qdrant answers a wrong key with 401 or, by its version, with 403.
        meaning = MEANINGS[401] if status == 403 and "invalid api" in told.lower() else MEANINGS.get(status)
        category, what, remedy = meaning or (
            (SERVICE_STARTUP, "the server failed", "look into its log, and run again")
            if status >= 500
            else (CONFIGURATION, "the server refuses the request", "correct the declaration")
        )
        # What is wrong with one request is told with the object that it was about.
        where = "" if category in (CONFIGURATION, DATA) else self.name
        return PlatformError(category, f"{what} (HTTP {status}{said})", remedy, where=where)

    def _unreachable(self, error: Exception) -> PlatformError:
        reason = getattr(error, "reason", None) or error
        if isinstance(reason, ssl.SSLError):
            return PlatformError(
                NETWORK,
                f"TLS fails: {reason}",
                "check the scheme and the name in url, and ca_cert",
                where=self.name,
            )
        return PlatformError(
            NETWORK,
            f"no connection: {reason or type(error).__name__}",
            "check that the server runs and can be reached from this host",
            where=self.name,
        )


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or "@" in parts.netloc or parts.query or parts.fragment or re.search(r"[\s\x00-\x1f]", url):
        # Not repeated: it may hold a password.
        raise PlatformError(
            CONFIGURATION,
            "url is not the address of a server",
            "write it as http://10.0.0.5:6333, and the key as api_key",
        )
    return url.rstrip("/")


def _told(error: HTTPError) -> str:
    text = error.read().decode("utf-8", "replace")
    try:
        status = json.loads(text)["status"]
        return str(status["error"] if isinstance(status, dict) else status)
    except (ValueError, KeyError, TypeError):
        # Its guard at the door answers in plain text; what stands before it, in HTML.
        return "" if "<" in text else " ".join(text.split())[:300]
