#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_roles_info
short_description: Write down the roles of a PostgreSQL server as they would be declared
version_added: "0.1.0"
description:
  - Returns roles in the shape that M(borgstack.platform.postgresql_roles) accepts.
  - Declared so, nothing changes.
  - PostgreSQL's own roles are left out, and so are passwords.
author:
  - The borgstack.platform contributors (@borgstack)
extends_documentation_fragment:
  - borgstack.platform.attributes.info
  - borgstack.platform.provisioning.connection
  - borgstack.platform.postgresql
options:
  names:
    description: The roles that are asked for; all where it is not given.
    type: list
    elements: str
seealso:
  - module: borgstack.platform.postgresql_roles
"""

EXAMPLES = r"""
- name: Read the roles of a server that was made by hand
  borgstack.platform.postgresql_roles_info:
    login_host: 10.201.0.2
    login_password: "{{ superuser_password }}"
  register: found

- name: Write them down
  ansible.builtin.copy:
    content: "{{ {'roles': found.roles} | to_nice_yaml }}"
    dest: "{{ inventory_dir }}/group_vars/roles.yml"
    mode: "0644"
  delegate_to: localhost
"""

RETURN = r"""
roles:
  description: Roles as the option of that name of M(borgstack.platform.postgresql_roles) accepts them.
  returned: success
  type: list
  elements: dict
error:
  description: What went wrong, in parts.
  returned: failure
  type: dict
"""

from ansible_collections.borgstack.platform.plugins.module_utils.module import PlatformModule
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.role_catalog import declarations
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.session import INFO_OPTIONS, read
from ansible_collections.borgstack.platform.plugins.module_utils.provisioning import tell


def main():
    """Run the module."""
    module = PlatformModule(argument_spec=INFO_OPTIONS, supports_check_mode=True)
    tell(module, lambda: read(module, roles=declarations))


if __name__ == "__main__":
    main()
