# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a secret has to look like, and how a new one is made."""

from __future__ import annotations

import secrets
import string

MINIMUM_PASSWORD_LENGTH = 12
MINIMUM_KEY_LENGTH = 32
PASSWORD_LENGTH = 24
KEY_LENGTH = 48

# Unreserved in URLs and without meaning to shells, YAML, Compose or .env files: no consumer has to quote them.
SPECIAL = "-._~"
CLASSES = {
    "an upper-case letter": string.ascii_uppercase,
    "a lower-case letter": string.ascii_lowercase,
    "a digit": string.digits,
    "a special character": SPECIAL,
}


def generate(kind: str) -> str:
    """Return a new secret.

    Args:
        kind: `password` (24 characters of four classes, begins with a letter), `key` (48 letters and digits), or
            `authority` (the private key of one that issues certificates).
    """
    if kind == "authority":
        return _certificates().new_authority_key()
    if kind == "key":
        return _random(string.ascii_letters + string.digits, KEY_LENGTH)
    while True:
        # Some consumers take a leading dash for an option.
        value = _random(string.ascii_letters, 1) + _random("".join(CLASSES.values()), PASSWORD_LENGTH - 1)
        if not violations(value, kind):
            return value


def violations(value: str, kind: str, longest: int | None = None) -> list[str]:
    """Return what the policy misses in a value, in words that never hold the value.

    Args:
        value: the secret.
        kind: `password`, `key`, `authority`, or `given`: one that somebody else made, whose rules are not ours.
        longest: how many characters the service takes, where it takes no more.
    """
    if kind == "given":
        missing = [] if value else ["at least one character"]
    elif kind == "authority":
        missing = [] if _certificates().is_authority_key(value) else ["a private key of RSA, in base64 on one line"]
    elif kind == "key":
        missing = [] if len(value) >= MINIMUM_KEY_LENGTH else [f"at least {MINIMUM_KEY_LENGTH} characters"]
    else:
        missing = [] if len(value) >= MINIMUM_PASSWORD_LENGTH else [f"at least {MINIMUM_PASSWORD_LENGTH} characters"]
        missing += [name for name, members in CLASSES.items() if not _has_class(value, name, members)]
    # As JavaScript counts: what lies beyond the first 65,536 characters counts twice.
    if longest and len(value.encode("utf-16-le")) > 2 * longest:
        missing.append(f"at most {longest} characters, since its service takes no more")
    if any(not character.isprintable() for character in value):
        missing.append("printable characters only")
    return missing


def _has_class(value: str, name: str, members: str) -> bool:
    if name == "a special character":
        return any(not character.isalnum() for character in value)
    return any(character in members for character in value)


def _random(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for dummy in range(length))


def _certificates():
    # Nearly every task looks a secret up; few need the library behind this.
    from ansible_collections.borgstack.platform.plugins.plugin_utils import certificates

    return certificates
