# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How the PostgreSQL modules connect."""

from __future__ import annotations


class ModuleDocFragment:
    """Connection options of the PostgreSQL modules."""

    DOCUMENTATION = r"""
options:
  login_host:
    description: Host name or address of the server; empty for its local socket.
    type: str
    default: ""
  login_port:
    description: Port of the server.
    type: int
    default: 5432
  login_user:
    description: Role to log in as.
    type: str
    default: postgres
  login_password:
    description: Its password.
    type: str
  login_db:
    description: Database to log in to.
    type: str
    default: postgres
  login_unix_socket:
    description: Directory of the server's socket; wins over O(login_host).
    type: path
  ssl_mode:
    description: Whether and how TLS is used, as in libpq.
    type: str
    choices: [disable, allow, prefer, require, verify-ca, verify-full]
    default: prefer
  ca_cert:
    description: File with the certificate authorities that the server's certificate is checked against.
    type: path
requirements:
  - psycopg2 >= 2.9.2 on the host
  - PostgreSQL 14 or later
"""

    PLANNING = r"""
options:
  assume_roles:
    description:
      - Roles that count as existing in check mode, because an earlier task of the same play would make them; any other
        that does not exist is refused then.
      - Where it is not given, every role that does not exist counts so in check mode, with a warning.
      - Without meaning outside of check mode.
    type: list
    elements: str
"""
