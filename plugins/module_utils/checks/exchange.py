# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One question over the network and its answer, within a deadline; nothing here judges."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
from dataclasses import dataclass
from urllib.parse import urljoin

from ansible_collections.borgstack.platform.plugins.module_utils.checks import tls
from ansible_collections.borgstack.platform.plugins.module_utils.checks.declaration import Check, Target, target_of
from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError

# Of an answer's body no more than this is looked at.
LARGEST_BODY = 2**20
MOST_REDIRECTS = 5
REDIRECTS = (301, 302, 303, 307, 308)
# A frame is its length in 3 bytes, its kind, flags, and a stream; settings are what either side sends first.
HTTP_2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HTTP_2_SETTINGS = 4
HTTP_2_NO_SETTINGS = bytes([0, 0, 0, HTTP_2_SETTINGS, 0, 0, 0, 0, 0])
OWN_HEADERS = {"User-Agent": "borgstack.platform", "Accept": "*/*", "Connection": "close"}


class Unanswered(Exception):
    """There was no answer to judge.

    Args:
        reason: why, as one word.
        what: why, in words; never holds a secret.
    """

    def __init__(self, reason: str, what: str):
        super().__init__(what)
        self.reason = reason
        self.what = what


@dataclass(frozen=True)
class Request:
    """What is asked; headers and body may hold secrets."""

    target: Target
    method: str
    headers: dict[str, str]
    body: bytes | None


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        status: HTTP's status; none for a bare connection.
        location: where it redirects to, made absolute.
        body: the body, or its first part; empty where no check needs it.
        whole: whether that is all of it.
        certificate_days: days until the server's certificate expires; none without one.
    """

    status: int | None = None
    location: str = ""
    body: bytes = b""
    whole: bool = True
    certificate_days: int | None = None


def ask(check: Check) -> Answer:
    """Carry out a check's question.

    Raises:
        Unanswered: there is no answer.
    """
    deadline = time.monotonic() + check.timeout
    request = _first(check)
    for _hop in range(MOST_REDIRECTS + 1):
        answer = _translated(check, request, deadline)
        if not (check.options["follow_redirects"] and answer.status in REDIRECTS and answer.location):
            return answer
        request = _next(check, request, answer)
    raise Unanswered("redirect", f"more than {MOST_REDIRECTS} redirects")


def _first(check: Check) -> Request:
    given = {name: str(value) for name, value in (check.options["headers"] or {}).items()}
    own = dict(OWN_HEADERS)
    body = None
    if check.options["body"] is not None:
        own["Content-Type"] = "application/json"
        body = json.dumps(check.options["body"]).encode()
    overridden = {name.lower() for name in given}
    headers = {name: value for name, value in own.items() if name.lower() not in overridden}
    return Request(check.target, check.options["method"].upper(), {**headers, **given}, body)


def _next(check: Check, request: Request, answer: Answer) -> Request:
    """Return the request that a redirect asks for; headers and body go to the same host and port alone."""
    try:
        target = target_of(answer.location, "", check.name)
    except PlatformError:
        target = None
    if target is None or target.is_bare:
        raise Unanswered("redirect", "it redirects to something that is no URL")
    before = request.target
    method, body = request.method, request.body
    if answer.status == 303 or (answer.status in (301, 302) and method == "POST"):
        method, body = "GET", None
    if (target.scheme, target.host, target.port) == (before.scheme, before.host, before.port):
        return Request(target.at(before.connect_to), method, request.headers, body)
    if target.host == before.host:
        target = target.at((before.connect_to[0], target.port))
    return Request(target, method, OWN_HEADERS, None)


def _translated(check: Check, request: Request, deadline: float) -> Answer:
    """Exchange, with every way to fail put into words."""
    place = request.target.place
    try:
        return _exchange(check, request, deadline)
    except (socket.gaierror, UnicodeError):
        raise Unanswered("dns", f"the name {request.target.connect_to[0]} does not resolve") from None
    except socket.timeout:
        raise Unanswered("timeout", f"no answer from {place} within {check.timeout:g} s") from None
    except ConnectionRefusedError:
        raise Unanswered("refused", f"{place} refuses connections") from None
    except ssl.SSLCertVerificationError as error:
        raise Unanswered("certificate", f"the certificate of {place} is not valid: {error.verify_message}") from None
    except ssl.SSLError as error:
        raise Unanswered("tls", f"{place} does not speak TLS as expected: {error.reason or 'unknown'}") from None
    except (http.client.RemoteDisconnected, ConnectionError):
        raise Unanswered("closed", f"{place} closed the connection without an answer") from None
    except http.client.HTTPException:
        raise Unanswered("protocol", f"the answer of {place} is not HTTP") from None
    except OSError as error:
        raise Unanswered("unreachable", f"{place} cannot be reached: {error.strerror or 'unknown'}") from None


def _exchange(check: Check, request: Request, deadline: float) -> Answer:
    target = request.target
    with socket.create_connection(target.connect_to, timeout=_remaining(deadline)) as plain:
        if target.scheme == "tcp":
            return Answer()
        if target.scheme == "h2c":
            _begin_http_2(plain, deadline)
            return Answer()
        with _secured(check, target, plain, deadline) as stream:
            certificate = stream.getpeercert(binary_form=True) if target.scheme == "https" else None
            connection = http.client.HTTPConnection(target.host, target.port)
            connection.sock = stream
            stream.settimeout(_remaining(deadline))
            headers = {"Host": target.authority, **request.headers}
            connection.request(request.method, target.path, body=request.body, headers=headers)
            response = connection.getresponse()
            body, whole = _body(check, response, stream, deadline)
            location = response.getheader("Location") or ""
            url = f"{target.scheme}://{target.authority}{target.path}"
            return Answer(
                response.status, urljoin(url, location) if location else "", body, whole, tls.days_left(certificate)
            )


def _begin_http_2(plain: socket.socket, deadline: float) -> None:
    """Return once the server took up HTTP/2 without encryption: it begins with its settings, as the client does.

    Raises:
        http.client.HTTPException: it answers something else.
        ConnectionError: it closed the connection.
    """
    plain.settimeout(_remaining(deadline))
    plain.sendall(HTTP_2_PREFACE + HTTP_2_NO_SETTINGS)
    head = b""
    while len(head) < len(HTTP_2_NO_SETTINGS):
        plain.settimeout(_remaining(deadline))
        part = plain.recv(len(HTTP_2_NO_SETTINGS) - len(head))
        if not part:
            raise ConnectionResetError
        head += part
        if len(head) > 3 and head[3] != HTTP_2_SETTINGS:
            raise http.client.HTTPException


def _secured(check: Check, target: Target, plain: socket.socket, deadline: float) -> socket.socket:
    if target.scheme == "http":
        return plain
    plain.settimeout(_remaining(deadline))
    options = check.options
    context = tls.context(options["validate_certs"], options["ca_cert"], options["ca_pem"])
    return context.wrap_socket(plain, server_hostname=target.host)


def _body(
    check: Check, response: http.client.HTTPResponse, stream: socket.socket, deadline: float
) -> tuple[bytes, bool]:
    """Return the body's first part and whether that is all; nothing is read that nobody looks at."""
    body = b""
    if check.options["json"] is None and check.options["contains"] is None:
        return body, True
    # Where the connection ends with the answer, the socket is closed with the answer's last byte.
    while not response.isclosed() and len(body) <= LARGEST_BODY:
        stream.settimeout(_remaining(deadline))
        part = response.read1(2**16)
        if not part:
            break
        body += part
    return body[:LARGEST_BODY], len(body) <= LARGEST_BODY


def _remaining(deadline: float) -> float:
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise socket.timeout
    return remaining
