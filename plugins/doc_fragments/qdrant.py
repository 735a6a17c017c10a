# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How the Qdrant modules connect."""

from __future__ import annotations


class ModuleDocFragment:
    """Connection options of the Qdrant modules."""

    DOCUMENTATION = r"""
options:
  url:
    description: Address of the server's HTTP interface, such as V(http://10.0.0.5:6333). No proxy is used.
    type: str
    required: true
  api_key:
    description:
      - Key to use; it needs the right to manage all collections, or to read them where nothing is changed.
      - Without V(https) it goes over the network in clear.
    type: str
  ca_cert:
    description: File with the certificate authorities that the server's certificate is checked against.
    type: path
  validate_certs:
    description: Whether the server's certificate is checked.
    type: bool
    default: true
requirements:
  - Qdrant 1.10 or later; no client library is needed on the host
"""
