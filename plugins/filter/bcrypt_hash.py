# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A bcrypt hash that is the same in every run."""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac

from ansible.errors import AnsibleFilterError

from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    PREREQUISITE,
    PlatformError,
)

DOCUMENTATION = r"""
name: bcrypt_hash
short_description: Hash a password with bcrypt, the same way in every run
version_added: "0.1.0"
author: The borgstack.platform contributors (@borgstack)
description:
  - Returns a bcrypt hash whose salt is derived from a secret key, the user and the password, so that a configuration
    file that holds it changes when the password does, and only then.
  - The salt is not derived from the password alone, since a guess could then be tried against the salt without bcrypt.
  - Needs the Python package C(bcrypt) on the controller.
positional: key, user, cost
options:
  _input:
    description: The password, at most 72 bytes long, which is all that bcrypt takes into account.
    type: str
    required: true
  key:
    description: A secret that nobody who sees the hash knows.
    type: str
    required: true
  user:
    description: Whose password it is; equal passwords of two users have different hashes.
    type: str
    default: ""
  cost:
    description:
      - The logarithm of the number of rounds. V(10) takes about 60 ms, on the controller each time and on the server
        for the first request with a password; each step up doubles it.
      - The platform's own passwords have 24 random characters, which no cost makes safer.
    type: int
    default: 10
"""

EXAMPLES = r"""
- name: Show the line of an account
  ansible.builtin.debug:
    msg: "admin {{ password | borgstack.platform.bcrypt_hash(salt_key, 'admin') }}"
"""

RETURN = r"""
_value:
  description: The hash.
  type: str
"""

LONGEST = 72
COSTS = range(4, 18)
# bcrypt's base 64 is the usual one in another order.
USUAL = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
OWN = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def bcrypt_hash(password: str, key: str, user: str = "", cost: int = 10) -> str:
    """Return the hash of a password.

    Args:
        password: at most 72 bytes, none of them zero.
        key: a secret that the salt is derived with.
        user: whose password it is.
        cost: the logarithm of the number of rounds.

    Raises:
        AnsibleFilterError: the password cannot be hashed, or the library is missing.
    """
    encoded = password.encode()
    if not encoded or len(encoded) > LONGEST or b"\0" in encoded:
        raise _refused(
            CONFIGURATION,
            f"bcrypt takes 1 to {LONGEST} bytes without a zero byte, and a password of {len(encoded)} bytes was given",
            "choose another password",
        )
    if not key or int(cost) not in COSTS:
        raise _refused(
            CONFIGURATION, "the key is empty, or the cost is not 4 to 17", "correct what the filter is given"
        )
    return _hashed(encoded, key.encode(), user.encode(), int(cost))


# A playbook evaluates one expression several times.
@functools.lru_cache(maxsize=256)
def _hashed(password: bytes, key: bytes, user: bytes, cost: int) -> str:
    try:
        import bcrypt
    except ImportError:
        raise _refused(
            PREREQUISITE,
            "the Python package bcrypt is not installed on the controller",
            "install the collection's requirements.txt there, or add bcrypt to the execution environment",
        ) from None
    message = len(user).to_bytes(4, "big") + user + password
    salt = base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()[:16]).rstrip(b"=")
    return bcrypt.hashpw(password, b"$2b$%02d$" % cost + salt.translate(bytes.maketrans(USUAL, OWN))).decode()


def _refused(category: int, what: str, remedy: str) -> AnsibleFilterError:
    return AnsibleFilterError(PlatformError(category, what, remedy, where="filter bcrypt_hash").message)


class FilterModule:
    """The filters by name."""

    def filters(self) -> dict:
        """Return the filters by name."""
        return {"bcrypt_hash": bcrypt_hash}
