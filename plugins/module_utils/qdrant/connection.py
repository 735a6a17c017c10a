# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The connection to a Qdrant server, and its answers in words that an operator can act on."""

from __future__ import annotations

import os
import re
import ssl
import typing as t
from urllib.parse import quote, urlencode

from ansible.module_utils.urls import make_context

from ansible_collections.borgstack.platform.plugins.module_utils import provisioning
from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    DATA,
    INTEGRATION,
    PREREQUISITE,
    SERVICE_STARTUP,
    PlatformError,
)
from ansible_collections.borgstack.platform.plugins.module_utils.http_json import Answer, Endpoint

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
    """A Qdrant server, reached over one connection that is kept.

    Args:
        options: the module's connection options.

    Raises:
        PlatformError: the options cannot be meant, the server cannot be reached, or it is too old.
    """

    def __init__(self, options: dict):
        key, url = options["api_key"], options["url"]
        if key and not KEY.fullmatch(key):
            raise PlatformError(CONFIGURATION, "api_key holds a space or a character beyond ASCII", "correct it")
        self._headers = {"api-key": key} if key else {}
        context = _context(options) if url.lower().startswith("https:") else None
        self._endpoint = Endpoint("Qdrant", url, options["connect_timeout"], ANSWER_TIMEOUT, context)
        self.name = self._endpoint.name
        self.version = self._version()

    def _version(self) -> tuple[int, ...]:
        answer = self._endpoint.exchange("GET", "/", headers=self._headers)
        document = answer.document if answer.status == 200 else None
        version = document.get("version") if isinstance(document, dict) else None
        found = re.match(r"(\d+)\.(\d+)", version) if isinstance(version, str) else None
        if not found:
            raise PlatformError(
                CONFIGURATION,
                f"what answers there is not Qdrant (HTTP {answer.status})",
                "correct url",
                where=self.name,
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
        where = f"{place}?{urlencode(query)}" if query else place
        answer = self._endpoint.exchange(method, where, body, self._headers)
        if answer.status == ABSENT and absent:
            return None
        document = answer.document
        if answer.status != 200 or not isinstance(document, dict) or "result" not in document:
            raise self._refused(answer.status, _told(answer))
        return document["result"]

    def close(self) -> None:
        """Close the connection."""
        self._endpoint.close()

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


def _context(options: dict) -> ssl.SSLContext:
    authorities = options["ca_cert"]
    if authorities and not os.path.isfile(authorities):
        raise PlatformError(PREREQUISITE, f"there is no file {authorities}", "correct ca_cert")
    try:
        return make_context(cafile=authorities, validate_certs=options["validate_certs"])
    except (OSError, ssl.SSLError) as error:
        place = authorities or "what this host trusts"
        raise PlatformError(PREREQUISITE, f"{place} cannot be read: {error}", "correct ca_cert") from None


def _told(answer: Answer) -> str:
    document = answer.document
    if isinstance(document, dict) and "status" in document:
        status = document["status"]
        return str(status.get("error", status) if isinstance(status, dict) else status)
    # Its guard at the door answers in plain text; what stands before it, in HTML.
    return "" if "<" in answer.text else " ".join(answer.text.split())[:300]
