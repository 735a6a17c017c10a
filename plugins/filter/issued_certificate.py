# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A server's certificate of the platform's own authority, which is the same in every run."""

from __future__ import annotations

from ansible_collections.borgstack.platform.plugins.plugin_utils.filters import explained

DOCUMENTATION = r"""
name: issued_certificate
short_description: Issue a server's certificate, the same in every run
version_added: "0.3.0"
author: The borgstack.platform contributors (@borgstack)
description:
  - Returns a server's certificate, its private key, and the certificate of the authority that issued it. All three
    follow from the authority's key, so they change when that or the server's names do, and only then. They do not
    expire.
  - Needs the Python package C(cryptography) on the controller, which C(ansible-core) brings along.
positional: name, places, authority
options:
  _input:
    description: The authority's private key, as the lookup P(borgstack.platform.secret#lookup) makes one of the kind
      V(authority).
    type: str
    required: true
  name:
    description: The server's name; servers of two names have different keys.
    type: str
    required: true
  places:
    description: Host names and addresses that the server is reached at.
    type: list
    elements: str
    required: true
  authority:
    description: The authority's common name.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Put a certificate in place
  ansible.builtin.copy:
    dest: /etc/example/server.crt
    content: >-
      {{ (lookup('borgstack.platform.secret', 'example_authority_key', kind='authority')
          | borgstack.platform.issued_certificate('server', ['10.0.0.2'], 'example')).certificate }}
    mode: "0644"
"""

RETURN = r"""
_value:
  description: The texts C(certificate), C(key) and C(authority), in PEM.
  type: dict
"""


def issued_certificate(authority_key: str, name: str, places: list[str], authority: str) -> dict[str, str]:
    """Return a server's certificate, its key, and the certificate of its authority.

    Args:
        authority_key: the authority's private key.
        name: the server's name.
        places: host names and addresses that it is reached at.
        authority: the authority's common name.

    Raises:
        PlatformError: the authority's key is none, or the library is missing.
    """
    # Ansible loads all filters in every task that uses one; few need the library behind this.
    from ansible_collections.borgstack.platform.plugins.plugin_utils import certificates

    root = certificates.authority_certificate(authority_key, authority)
    # Some of Ansible's own filters return lists in any order.
    certificate, key = certificates.issued(authority_key, authority, name, tuple(sorted(places)))
    return {"certificate": certificate, "key": key, "authority": root}


class FilterModule:
    """The filters by name."""

    def filters(self) -> dict:
        """Return the filters by name."""
        return explained({"issued_certificate": issued_certificate})
