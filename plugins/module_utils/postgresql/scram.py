# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""SCRAM-SHA-256 verifiers as PostgreSQL stores them, computed here so that no clear password reaches a server."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import stringprep
import unicodedata

DEFAULT_ITERATIONS = 4096
SALT_BYTES = 16
HASH_BYTES = 32
VERIFIER = re.compile(r"SCRAM-SHA-256\$([0-9]+):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)")

_PROHIBITED = (
    stringprep.in_table_a1,
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def is_verifier(value: str) -> bool:
    """Tell whether a value is a verifier already, SCRAM or the old md5, and not a clear password.

    A text that only looks like one is a password to PostgreSQL.
    """
    parts = VERIFIER.fullmatch(value)
    if not parts:
        return bool(re.fullmatch(r"md5[0-9a-f]{32}", value))
    try:
        _salt, stored, server = (base64.b64decode(part, validate=True) for part in parts.groups()[1:])
    except ValueError:
        return False
    return len(stored) == len(server) == HASH_BYTES


def verifier_of(password: str, salt: bytes | None = None, iterations: int = DEFAULT_ITERATIONS) -> str:
    """Return the verifier of a clear password.

    Args:
        password: the clear password.
        salt: 16 bytes; random where none is given.
        iterations: how often the hash is applied.
    """
    salt = os.urandom(SALT_BYTES) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", _prepared(password), salt, iterations)
    stored = hashlib.sha256(hmac.new(salted, b"Client Key", "sha256").digest()).digest()
    server = hmac.new(salted, b"Server Key", "sha256").digest()
    encode = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${iterations}:{encode[0]}${encode[1]}:{encode[2]}"


def matches(stored: str | None, declared: str) -> bool:
    """Tell whether what the server stores is what is declared, a clear password or a verifier.

    A stored md5 hash never matches a clear password: it is to be replaced.
    """
    if not stored or is_verifier(declared):
        return stored == declared
    parts = VERIFIER.fullmatch(stored)
    if not parts:
        return False
    recomputed = verifier_of(declared, base64.b64decode(parts[2]), int(parts[1]))
    return hmac.compare_digest(recomputed, stored)


def _prepared(password: str) -> bytes:
    """Apply SASLprep; like PostgreSQL, take a password that it does not allow as it is."""
    # Like PostgreSQL, look for spaces first: U+200B is one, and also one of those that are mapped to nothing.
    mapped = "".join(
        " " if stringprep.in_table_c12(character) else character
        for character in password
        if stringprep.in_table_c12(character) or not stringprep.in_table_b1(character)
    )
    # Like PostgreSQL, look at the characters as they are before normalization, which would hide some of them.
    if (
        not mapped
        or any(table(character) for character in mapped for table in _PROHIBITED)
        or not _direction_is_valid(mapped)
    ):
        return password.encode()
    return unicodedata.normalize("NFKC", mapped).encode()


def _direction_is_valid(text: str) -> bool:
    right_to_left = [stringprep.in_table_d1(character) for character in text]
    if not any(right_to_left):
        return True
    return right_to_left[0] and right_to_left[-1] and not any(map(stringprep.in_table_d2, text))
