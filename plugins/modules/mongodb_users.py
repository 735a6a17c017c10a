#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: mongodb_users
short_description: Keep many MongoDB users as declared, with one login
version_added: "0.1.0"
description:
  - Creates, changes and removes users of a MongoDB server or replica set; an undeclared user is left alone.
  - A password is compared with what the server has stored, and where that does not tell, by logging in with it.
    An unchanged one is no change.
  - New users and changed passwords get SCRAM-SHA-256 only. A user that can only log in by SCRAM-SHA-1 is upgraded
    once, when a password is declared for it.
  - MongoDB makes the verifier of a password itself and takes none, so a new password travels to the server as it is.
    Use O(tls), or a network that nobody else listens to. MongoDB keeps passwords out of its logs.
  - The user that the module logs in as is changed only if it is declared, after all others. It is never removed, and
    never loses its last role that manages users.
author:
  - The borgstack.platform contributors (@borgstack)
extends_documentation_fragment:
  - borgstack.platform.attributes
  - borgstack.platform.provisioning
  - borgstack.platform.provisioning.connection
  - borgstack.platform.mongodb
options:
  users:
    description: The users.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name.
        type: str
        required: true
      database:
        description:
          - Database that it logs in at, C(authSource) for clients. Users of one name in two databases are two users.
          - Users in V($external) have no password here.
        type: str
        default: admin
      password:
        description: Its password; needed to create it, left as it is where it is not declared.
        type: str
      roles:
        description:
          - All its roles, wherever they are; one that it has and that is not listed is taken from it.
          - Left as they are where this is not declared. A new user has none then.
        type: list
        elements: dict
        suboptions:
          role:
            description: Name of a role that MongoDB comes with, or of one that was created before.
            type: str
            required: true
          db:
            description: Database of the role; the user's own by default.
            type: str
      state:
        description: Whether it exists.
        type: str
        choices: [present, absent]
        default: present
notes:
  - Where authorization is disabled on the server, users protect nothing, so that is an error. Only where
    O(login_user) is left out and there is no user at all, users are created, with a warning.
  - On a server that enforces authorization and has no user yet, MongoDB lets its first user be created from the
    server's own host without a login. Declare this one alone then, in database V(admin) and with the role V(root) or
    V(userAdminAnyDatabase), and leave out O(login_user).
seealso:
  - module: borgstack.platform.mongodb_users_info
"""

EXAMPLES = r"""
- name: Keep the users of two applications
  borgstack.platform.mongodb_users:
    login_host: 10.201.0.5
    login_user: root
    login_password: "{{ admin_password }}"
    users:
      - name: lowcoder
        database: lowcoder
        password: "{{ lowcoder_password }}"
        roles:
          - role: readWrite
      - name: reports
        password: "{{ reports_password }}"
        roles:
          - {role: read, db: lowcoder}
          - {role: read, db: crm}
      - name: former
        state: absent
"""

RETURN = r"""
plan:
  description: What was done, or would be done in check mode, in words.
  returned: success
  type: list
  elements: str
  sample: ["create user lowcoder in database lowcoder"]
undeclared:
  description: The users that exist and are not declared, in words.
  returned: when O(report_undeclared) is set
  type: list
  elements: str
  sample: ["user by-hand in database admin"]
"""

from ansible_collections.borgstack.platform.plugins.module_utils import provisioning
from ansible_collections.borgstack.platform.plugins.module_utils.module import PlatformModule
from ansible_collections.borgstack.platform.plugins.module_utils.mongodb import connection, inspect, users
from ansible_collections.borgstack.platform.plugins.module_utils.mongodb.options import USER


def run(module):
    """Converge the users and return the result."""
    declared = module.params["users"]
    users.check(declared)
    if module.params["assume_empty"]:
        provisioning.refuse_assumption(module)
        actual = users.Actual()
        return provisioning.result_of(module, users.plan(declared, actual), lambda: users.undeclared(declared, actual))
    server = connection.Server(module.params)
    try:
        actual = inspect.actual(server, declared)
        for warning in server.warnings:
            module.warn(warning)
        steps = users.plan(declared, actual)
        return provisioning.converge(
            module, steps, lambda step: server.run(*step.operation), lambda: users.undeclared(declared, actual)
        )
    finally:
        server.close()


def main():
    """Run the module."""
    module = PlatformModule(
        argument_spec={
            **provisioning.OPTIONS,
            **connection.OPTIONS,
            "users": {"type": "list", "elements": "dict", "required": True, "options": USER},
        },
        supports_check_mode=True,
    )
    provisioning.finish(module, lambda: run(module))


if __name__ == "__main__":
    main()
