# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""TLS as a check uses it: whom to trust, and how long a certificate is still valid."""

from __future__ import annotations

import calendar
import functools
import ssl
import time

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError

SEQUENCE = 0x30
EXPLICIT_VERSION = 0xA0
UTC_TIME = 0x17


@functools.lru_cache(maxsize=64)
def context(validate: bool, ca_cert: str | None, ca_pem: str | None) -> ssl.SSLContext:
    """Return a context that trusts the given authority alone, or the system's ones where none is given.

    Raises:
        PlatformError: the authority cannot be read.
    """
    try:
        made = ssl.create_default_context(cafile=ca_cert or None, cadata=ca_pem or None)
    except (OSError, ValueError) as error:
        raise PlatformError(
            CONFIGURATION,
            f"the authority's certificate cannot be used: {error}",
            "give a readable file in PEM form as ca_cert, or its text as ca_pem",
        ) from None
    if not validate:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    return made


def days_left(certificate: bytes | None) -> int | None:
    """Return the whole days until a certificate expires; none where it cannot be read.

    Read from the bytes: Python tells the parts of a verified certificate only.
    """
    try:
        return int((_expiry(certificate or b"") - time.time()) // 86400)
    except (IndexError, ValueError):
        return None


def _expiry(certificate: bytes) -> int:
    """Certificate = SEQUENCE { tbs = SEQUENCE { [0] version, serial, algorithm, issuer, validity, ... }, ... }."""
    tbs = _content(_content(certificate, SEQUENCE)[0], SEQUENCE)[0]
    if tbs[0] == EXPLICIT_VERSION:
        tbs = _content(tbs)[1]
    for _serial_algorithm_issuer in range(3):
        tbs = _content(tbs)[1]
    validity = _content(tbs, SEQUENCE)[0]
    not_after = _content(validity)[1]
    text = _content(not_after)[0].decode("ascii")
    if not_after[0] == UTC_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    return calendar.timegm(time.strptime(text, "%Y%m%d%H%M%SZ"))


def _content(data: bytes, tag: int | None = None) -> tuple[bytes, bytes]:
    """Return the content of the first DER element, and what follows it."""
    if tag is not None and data[0] != tag:
        raise ValueError("not a certificate")
    length, start = data[1], 2
    if length & 0x80:
        start = 2 + (length & 0x7F)
        length = int.from_bytes(data[2:start], "big")
    return data[start : start + length], data[start + length :]
