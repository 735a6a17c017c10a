# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A certificate and its key that are the same in every run."""

from __future__ import annotations

import datetime
import functools
import hashlib

from ansible.errors import AnsibleFilterError

from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    PREREQUISITE,
    PlatformError,
)

DOCUMENTATION = r"""
name: derived_certificate
short_description: Derive a certificate and its key from a secret, the same in every run
version_added: "0.1.0"
author: The borgstack.platform contributors (@borgstack)
description:
  - Returns a certificate that is its own authority, and its private key, both derived from a secret. A file that holds
    them changes when the secret does, and only then.
  - It does not expire. It is for servers that have to ask their clients for a certificate of one authority; whoever
    knows the secret can be such a client, and nobody else.
  - Needs the Python package C(cryptography) on the controller, which C(ansible-core) brings along.
positional: name
options:
  _input:
    description: The secret, of at least 32 characters.
    type: str
    required: true
  name:
    description: The certificate's common name; certificates of two names have different keys.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Put a certificate in place
  ansible.builtin.copy:
    dest: /etc/example/server.crt
    content: "{{ (key | borgstack.platform.derived_certificate('server')).certificate }}"
    mode: "0644"
"""

RETURN = r"""
_value:
  description: The texts C(certificate) and C(key), in PEM.
  type: dict
"""

SHORTEST = 32
FROM = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
# X.509's own word for a certificate without an end.
UNTIL = datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=datetime.timezone.utc)


def derived_certificate(secret: str, name: str) -> dict[str, str]:
    """Return a certificate that is its own authority, and its key.

    Args:
        secret: what both are derived from.
        name: the common name.

    Raises:
        AnsibleFilterError: the secret is too short, or the library is missing.
    """
    if len(secret) < SHORTEST or not name:
        raise _refused(
            CONFIGURATION, f"the secret is shorter than {SHORTEST} characters, or there is no name", "give both"
        )
    certificate, key = _derived(secret, name)
    return {"certificate": certificate, "key": key}


# A playbook evaluates one expression several times.
@functools.lru_cache(maxsize=32)
def _derived(secret: str, name: str) -> tuple[str, str]:
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    except ImportError:
        raise _refused(
            PREREQUISITE,
            "the Python package cryptography is not installed on the controller",
            "install it there; ansible-core needs it too",
        ) from None
    # Nothing here is made by chance: this kind of key takes any 32 bytes, and its signatures hold no random number.
    key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"{name} {secret}".encode()).digest())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(FROM)
        .not_valid_after(UNTIL)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, None)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


def _refused(category: int, what: str, remedy: str) -> AnsibleFilterError:
    return AnsibleFilterError(PlatformError(category, what, remedy, where="filter derived_certificate").message)


class FilterModule:
    """The filters by name."""

    def filters(self) -> dict:
        """Return the filters by name."""
        return {"derived_certificate": derived_certificate}
