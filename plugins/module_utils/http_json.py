# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""JSON over HTTP with one service, over one connection that is kept; nothing here knows what the service says."""

from __future__ import annotations

import http.client
import json
import re
import ssl
import time
import typing as t
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, NETWORK, PlatformError

# Seconds after which a server may have closed what is idle; a request that changes something must not be lost to that.
IDLE = 1.0


@dataclass(frozen=True)
class Answer:
    """What a server answered.

    Attributes:
        status: HTTP's status.
        headers: its headers.
        text: its body.
    """

    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def document(self) -> t.Any:
        """The body as JSON; none where it is not."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


class Endpoint:
    """A service behind a URL. No proxy is used and no redirect is followed.

    Args:
        service: what answers there, for failures.
        url: its address, with `http` or `https`, without a login, a query or a fragment.
        connect_timeout: seconds until a connection that is not made is given up.
        answer_timeout: seconds until an answer that does not come is given up.
        context: how a certificate is judged; without it, by what the host trusts.

    Attributes:
        name: service and URL, for failures.

    Raises:
        PlatformError: the URL cannot be meant.
    """

    def __init__(
        self,
        service: str,
        url: str,
        connect_timeout: float,
        answer_timeout: float,
        context: ssl.SSLContext | None = None,
    ):
        parts = _checked(service, url)
        self.name = f"{service} at {url.rstrip('/')}"
        self._prefix = parts.path.rstrip("/")
        self._answer_timeout = answer_timeout
        self._used = 0.0
        if parts.scheme == "https":
            self._connection = http.client.HTTPSConnection(
                parts.hostname, parts.port, timeout=connect_timeout, context=context
            )
        else:
            self._connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=connect_timeout)

    def exchange(
        self,
        method: str,
        path: str,
        body: t.Any = None,
        headers: dict[str, str] | None = None,
        form: dict[str, str] | None = None,
    ) -> Answer:
        """Send a request and return its answer, whatever its status is.

        Args:
            method: the HTTP method.
            path: path and query below the URL.
            body: what is sent as JSON; none for no body.
            headers: further headers.
            form: what is sent as a form instead.

        Raises:
            PlatformError: there is no answer.
        """
        own = {"Accept": "application/json"}
        data = None
        if body is not None:
            own["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        elif form is not None:
            own["Content-Type"] = "application/x-www-form-urlencoded"
            data = urlencode(form).encode()
        if time.monotonic() - self._used > IDLE:
            self.close()
        while True:
            is_fresh = self._connection.sock is None
            try:
                return self._once(method, self._prefix + path, data, {**own, **(headers or {})})
            except (OSError, http.client.HTTPException) as error:
                self.close()
                # A kept connection may have been closed meanwhile; what changes something is not sent twice.
                if is_fresh or method != "GET":
                    raise self._unreachable(error) from None

    def close(self) -> None:
        """Close the connection; the next request makes a new one."""
        self._connection.close()

    def _once(self, method: str, path: str, data: bytes | None, headers: dict[str, str]) -> Answer:
        if self._connection.sock is None:
            self._connection.connect()
            self._connection.sock.settimeout(self._answer_timeout)
        self._connection.request(method, path, data, headers)
        answer = self._connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        self._used = time.monotonic()
        return Answer(answer.status, answer.headers, text)

    def _unreachable(self, error: Exception) -> PlatformError:
        if isinstance(error, ssl.SSLError):
            what, remedy = f"TLS fails: {error}", "check the scheme and the name in the URL, and the authority"
        else:
            what = f"no connection: {str(error) or type(error).__name__}"
            remedy = "check that the server runs and can be reached from this host, and run again"
        return PlatformError(NETWORK, what, remedy, where=self.name)


def _checked(service: str, url: str):
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or "@" in parts.netloc or parts.query or parts.fragment or re.search(r"[\s\x00-\x1f]", url):
        # Not repeated: it may hold a password.
        raise PlatformError(
            CONFIGURATION,
            f"the URL of {service} is not the address of a server",
            "write it as http://10.0.0.5:8000, without a password or a key",
        )
    return parts
