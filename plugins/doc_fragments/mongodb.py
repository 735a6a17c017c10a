# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How the MongoDB modules connect."""

from __future__ import annotations


class ModuleDocFragment:
    """Connection options of the MongoDB modules."""

    DOCUMENTATION = r"""
options:
  login_host:
    description: Host name or address of the server.
    type: str
    default: localhost
  login_port:
    description: Port of the server.
    type: int
    default: 27017
  login_user:
    description:
      - User to log in as; nobody where it is left out.
      - It needs the role V(userAdminAnyDatabase) or V(root) in database V(admin).
    type: str
  login_password:
    description: Its password.
    type: str
  login_database:
    description: Database that it logs in at.
    type: str
    default: admin
  replica_set:
    description:
      - Name of the replica set that the server must be a member of.
      - The server is asked for its primary, which is used then. It has to be reachable from this host under the name
        that the replica set knows it by. Without this option, a warning says so if that is another server.
    type: str
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
  - pymongo >= 3.11 (the Python library) on the host
  - MongoDB 6.0 or later
"""
