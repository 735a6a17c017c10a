# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How the Redis modules connect."""

from __future__ import annotations


class ModuleDocFragment:
    """Connection options of the Redis modules."""

    DOCUMENTATION = r"""
options:
  login_host:
    description: Host name or address of the server.
    type: str
    default: localhost
  login_port:
    description: Port of the server.
    type: int
    default: 6379
  login_user:
    description:
      - User to log in as.
      - To declare users it needs the rights of V(+acl), V(+command|list), V(+config|get), V(+info) where no ACL file is
        configured, and outside of check mode V(+config|rewrite) there. To read them, V(+acl|list) is enough.
    type: str
    default: default
  login_password:
    description: Its password.
    type: str
  login_unix_socket:
    description: The server's socket; wins over O(login_host).
    type: path
  tls:
    description: Whether to use TLS.
    type: bool
    default: false
  ca_cert:
    description: File with the certificate authorities that the server's certificate is checked against.
    type: path
  validate_certs:
    description: Whether the server's certificate is checked.
    type: bool
    default: true
requirements:
  - redis >= 3.5.3 (the Python library) on the host
  - Redis 7 or later, or Valkey
"""
