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
import time
import typing as t
from urllib.parse import quote, urlencode, urlsplit

from ansible.module_utils.urls import make_context

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
IDLE = 1.0
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
    """A Qdrant server, reached over one connection that is kept.

    Args:
        options: the module's connection options.

    Raises:
        PlatformError: the options cannot be meant, the server cannot be reached, or it is too old.
    """

    def __init__(self, options: dict):
        url = _checked(options["url"])
        self.name = f"Qdrant at {url}"
        self._prefix = urlsplit(url).path
        key = options["api_key"]
        if key and not KEY.fullmatch(key):
            raise PlatformError(CONFIGURATION, "api_key holds a space or a character beyond ASCII", "correct it")
        self._headers = {"Content-Type": "application/json", **({"api-key": key} if key else {})}
        self._connection = _connection(url, options)
        self._used = 0.0
        self.version = self._version()

    def _version(self) -> tuple[int, ...]:
        status, text = self._exchanged("GET", "/", None)
        answer = _parsed(text) if status == 200 else None
        version = answer.get("version") if isinstance(answer, dict) else None
        found = re.match(r"(\d+)\.(\d+)", version) if isinstance(version, str) else None
        if not found:
            raise PlatformError(
                CONFIGURATION, f"what answers there is not Qdrant (HTTP {status})", "correct url", where=self.name
            )
        numbers = tuple(map(int, found.groups()))
        if numbers < OLDEST:
            raise PlatformError(
                PREREQUISITE,
                f"its version is {version}, which is too old",
                "upgrade it to 1.10 or later",
                where=self.name,
            )
        return numbers

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
        status, text = self._exchanged(method, f"{place}?{urlencode(query)}" if query else place, body)
        if status == ABSENT and absent:
            return None
        answer = _parsed(text)
        if status != 200 or not isinstance(answer, dict) or "result" not in answer:
            raise self._refused(status, _told(answer, text))
        return answer["result"]

    def _exchanged(self, method: str, path: str, body: dict | None) -> tuple[int, str]:
        data = None if body is None else json.dumps(body).encode()
        # A server closes what is idle; a request that changes something must not be lost to that.
        if time.monotonic() - self._used > IDLE:
            self.close()
        while True:
            is_fresh = self._connection.sock is None
            try:
                return self._once(method, self._prefix + path, data)
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if is_fresh or method != "GET":
                    raise self._unreachable(error) from None

    def _once(self, method: str, path: str, data: bytes | None) -> tuple[int, str]:
        if self._connection.sock is None:
            self._connection.connect()
            self._connection.sock.settimeout(ANSWER_TIMEOUT)
        self._connection.request(method, path, data, self._headers)
        answer = self._connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        self._used = time.monotonic()
        return answer.status, text

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

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
        if isinstance(error, ssl.SSLError):
            what, remedy = f"TLS fails: {error}", "check the scheme and the name in url, and ca_cert"
        else:
            what = f"no connection: {str(error) or type(error).__name__}"
            remedy = "check that the server runs and can be reached from this host"
        return PlatformError(NETWORK, what, remedy, where=self.name)


def _connection(url: str, options: dict) -> http.client.HTTPConnection:
    parts, timeout = urlsplit(url), options["connect_timeout"]
    if parts.scheme == "http":
        return http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    authorities = options["ca_cert"]
    if authorities and not os.path.isfile(authorities):
        raise PlatformError(PREREQUISITE, f"there is no file {authorities}", "correct ca_cert")
    try:
        context = make_context(cafile=authorities, validate_certs=options["validate_certs"])
    except (OSError, ssl.SSLError) as error:
        place = authorities or "what this host trusts"
        raise PlatformError(PREREQUISITE, f"{place} cannot be read: {error}", "correct ca_cert") from None
    return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=timeout, context=context)


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


def _parsed(text: str) -> t.Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _told(answer: t.Any, text: str) -> str:
    if isinstance(answer, dict) and "status" in answer:
        status = answer["status"]
        return str(status.get("error", status) if isinstance(status, dict) else status)
    # Its guard at the door answers in plain text; what stands before it, in HTML.
    return "" if "<" in text else " ".join(text.split())[:300]
