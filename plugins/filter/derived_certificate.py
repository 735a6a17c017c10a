# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A certificate and its key that are the same in every run."""

from __future__ import annotations

from ansible_collections.borgstack.platform.plugins.plugin_utils.filters import explained

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


def derived_certificate(secret: str, name: str) -> dict[str, str]:
    """Return a certificate that is its own authority, and its key.

    Args:
        secret: what both are derived from.
        name: the common name.

    Raises:
        PlatformError: the secret is too short, or the library is missing.
    """
    # Ansible loads all filters in every task that uses one; few need the library behind this.
    from ansible_collections.borgstack.platform.plugins.plugin_utils.certificates import self_signed

    certificate, key = self_signed(secret, name)
    return {"certificate": certificate, "key": key}


class FilterModule:
    """The filters by name."""

    def filters(self) -> dict:
        """Return the filters by name."""
        return explained({"derived_certificate": derived_certificate})
