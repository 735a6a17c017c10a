# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a check asks and expects, read from a module's options."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from ansible_collections.borgstack.platform.plugins.module_utils.checks import tls
from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError

PORTS = {"http": 80, "https": 443, "tcp": None, "h2c": None}
# These prove that something answers, or that nothing does; there is no answer to judge.
BARE = ("tcp", "h2c")
PLACE = re.compile(r"(?:\[([0-9A-Fa-f:.%\w]+)\]|([^\[\]:\s]+))(?::([0-9]{1,5}))?")
HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~\xa0-\xff]*")
RANGE = re.compile(r"([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?")


@dataclass(frozen=True)
class Target:
    """Where a URL leads to.

    Attributes:
        scheme: http, https, tcp, or h2c: HTTP/2 without encryption, which gRPC is spoken in.
        host: the host that the URL names.
        port: its port.
        path: path and query; may hold a secret, so it is never printed.
        authority: host and port as the `Host` header spells them.
        connect_to: the address and port to connect to, whatever the URL's host says.
    """

    scheme: str
    host: str
    port: int
    path: str
    authority: str
    connect_to: tuple[str, int]

    @property
    def is_bare(self) -> bool:
        """Whether it is about the connection alone."""
        return self.scheme in BARE

    @property
    def place(self) -> str:
        """Where the connection goes to, for people."""
        address, port = self.connect_to
        return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"

    def at(self, place: tuple[str, int]) -> Target:
        """Return the same with another address and port to connect to."""
        return replace(self, connect_to=place)


@dataclass(frozen=True)
class Check:
    """One check; the attributes are the options of the same name."""

    name: str
    target: Target
    options: dict[str, t.Any]
    statuses: tuple[tuple[int, int], ...]

    @property
    def timeout(self) -> float:
        """Seconds that the check may take altogether."""
        return self.options["timeout"]


def parsed(options: dict) -> Check:
    """Return the check that a module's options describe.

    Raises:
        PlatformError: they make no sense; says why.
    """
    where = f"check {options['name']}"
    target = target_of(options["url"], options["connect_to"] or "", where)
    if options["timeout"] <= 0:
        raise _wrong(where, "timeout is not above zero")
    if not re.fullmatch(r"[A-Za-z]+", options["method"]):
        raise _wrong(where, "method is not a word")
    for header, value in (options["headers"] or {}).items():
        if not HEADER.fullmatch(f"{header}:{value}"):
            raise _wrong(where, f"the header {header!r} holds characters that no header may hold")
    if target.scheme == "https":
        tls.context(options["validate_certs"], options["ca_cert"], options["ca_pem"])
    statuses = tuple(_statuses(value, where) for value in options["status"])
    return Check(options["name"], target, options, statuses)


def target_of(url: str, connect_to: str, where: str) -> Target:
    """Return where a URL leads to.

    Raises:
        PlatformError: it is no URL of a known kind; says why, without the URL itself, which may hold a secret.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError as error:
        raise _wrong(where, f"url is not a URL: {error}") from None
    if parts.scheme not in PORTS or not parts.hostname or not re.fullmatch(r"[!-~]+", url):
        raise _wrong(
            where, "url is not of the form http://host/path, https://host/path, tcp://host:port or h2c://host:port"
        )
    if parts.username or parts.password:
        raise _wrong(where, "url holds a login; give it as a header")
    if not port:
        raise _wrong(where, "url names no port")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    place = _place(connect_to, port, where) if connect_to else (parts.hostname, port)
    return Target(parts.scheme, parts.hostname, port, path, parts.netloc, place)


def _place(connect_to: str, port: int, where: str) -> tuple[str, int]:
    match = PLACE.fullmatch(connect_to)
    if not match or not 0 < int(match.group(3) or port) < 2**16:
        raise _wrong(where, f"connect_to is {connect_to!r}, not address:port, [IPv6 address]:port or a bare address")
    return match.group(1) or match.group(2), int(match.group(3) or port)


def _statuses(value: t.Any, where: str) -> tuple[int, int]:
    match = RANGE.fullmatch(str(value))
    if not match or int(match.group(2) or match.group(1)) < int(match.group(1)):
        raise _wrong(where, f"status is {value!r}, not a number such as 200 or a range such as 200-499")
    return int(match.group(1)), int(match.group(2) or match.group(1))


def _wrong(where: str, what: str) -> PlatformError:
    return PlatformError(CONFIGURATION, what, "correct the check", where=where)
