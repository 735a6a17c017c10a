# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Passwords as MongoDB keeps them: SCRAM-SHA-256 of what SASLprep makes of them."""

from __future__ import annotations

import base64
import hashlib
import hmac

try:
    from pymongo.saslprep import saslprep
except ImportError:
    saslprep = None

MECHANISM = "SCRAM-SHA-256"


def is_usable(password: str) -> bool:
    """Return whether a password can be logged in with; SASLprep refuses some characters, such as control characters.

    Without the client library, as on a host that is only planned for, all but empty ones count as usable.
    """
    try:
        password.encode()
        return bool(saslprep(password) if saslprep else password)
    except (ValueError, IndexError):
        return False


def matches(credentials: dict, password: str) -> bool:
    """Return whether stored credentials, as shown by usersInfo, are those of a password."""
    stored = credentials.get(MECHANISM)
    if not stored:
        return False
    salt, iterations = base64.b64decode(stored["salt"]), int(stored["iterationCount"])
    salted = hashlib.pbkdf2_hmac("sha256", saslprep(password).encode(), salt, iterations)
    client_key = hmac.new(salted, b"Client Key", "sha256").digest()
    return hmac.compare_digest(hashlib.sha256(client_key).digest(), base64.b64decode(stored["storedKey"]))
