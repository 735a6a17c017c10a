#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: mongodb_users_info
short_description: Write down the users of a MongoDB server as they would be declared
version_added: "0.1.0"
description:
  - Returns the users of a MongoDB server in the shape that M(borgstack.platform.mongodb_users) takes, without
    passwords.
  - Declared like this, they are left as they are. So an existing server can be written down as code.
author:
  - The borgstack.platform contributors (@borgstack)
extends_documentation_fragment:
  - borgstack.platform.attributes.info
  - borgstack.platform.provisioning.connection
  - borgstack.platform.mongodb
options:
  names:
    description: Only users of these names, in whichever database.
    type: list
    elements: str
seealso:
  - module: borgstack.platform.mongodb_users
"""

EXAMPLES = r"""
- name: Write down the users that there are
  borgstack.platform.mongodb_users_info:
    login_host: 10.201.0.5
    login_user: root
    login_password: "{{ admin_password }}"
  register: existing

- name: Keep them like this
  borgstack.platform.mongodb_users:
    login_host: 10.201.0.5
    login_user: root
    login_password: "{{ admin_password }}"
    users: "{{ existing.users }}"
"""

RETURN = r"""
users:
  description: The users, by database and name.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name.
      type: str
      sample: lowcoder
    database:
      description: Database that it logs in at.
      type: str
      sample: lowcoder
    roles:
      description: Its roles, each with its C(role) and C(db).
      type: list
      elements: dict
      sample: [{role: readWrite, db: lowcoder}]
    state:
      description: Always V(present).
      type: str
      sample: present
"""

from ansible_collections.borgstack.platform.plugins.module_utils import provisioning
from ansible_collections.borgstack.platform.plugins.module_utils.module import PlatformModule
from ansible_collections.borgstack.platform.plugins.module_utils.mongodb import connection, inspect


def run(module):
    """Read the users and return the result."""
    server = connection.Server(module.params)
    try:
        documents = inspect.all_users(server)
        for warning in server.warnings:
            module.warn(warning)
        return {"users": inspect.as_declared(documents, module.params["names"])}
    finally:
        server.close()


def main():
    """Run the module."""
    module = PlatformModule(argument_spec={**connection.OPTIONS, **provisioning.INFO_OPTIONS}, supports_check_mode=True)
    provisioning.tell(module, lambda: run(module))


if __name__ == "__main__":
    main()
