#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_databases_info
short_description: Write down the databases of a PostgreSQL server as they would be declared
version_added: "0.1.0"
description:
  - Returns databases in the shape that M(borgstack.platform.postgresql_databases) accepts.
  - Declared so, nothing changes.
  - Templates are left out. So are databases that nobody can log in to, which are named in RV(unreadable).
  - A privilege is told where a role holds it on all objects of its kind in a schema, and does not own them.
author:
  - The borgstack.platform contributors (@borgstack)
extends_documentation_fragment:
  - borgstack.platform.attributes.info
  - borgstack.platform.provisioning.connection
  - borgstack.platform.postgresql
options:
  names:
    description: The databases that are asked for; all where it is not given.
    type: list
    elements: str
  sizes:
    description: Whether the size of each database is returned, too.
    type: bool
    default: false
seealso:
  - module: borgstack.platform.postgresql_databases
"""

EXAMPLES = r"""
- name: Read the databases of a server that was made by hand
  borgstack.platform.postgresql_databases_info:
    login_host: 10.201.0.2
    login_password: "{{ superuser_password }}"
  register: found

- name: Write them down
  ansible.builtin.copy:
    content: "{{ {'databases': found.databases} | to_nice_yaml }}"
    dest: "{{ inventory_dir }}/group_vars/databases.yml"
    mode: "0644"
  delegate_to: localhost
"""

RETURN = r"""
databases:
  description: Databases as the option of that name of M(borgstack.platform.postgresql_databases) accepts them.
  returned: success
  type: list
  elements: dict
unreadable:
  description:
    - Names of databases that are left out since they allow no connections, or since a C(DROP DATABASE) that was
      interrupted has left them half dropped.
  returned: success
  type: list
  elements: str
sizes:
  description: Sizes in bytes by name.
  returned: when O(sizes) is set
  type: dict
  sample: {"n8n_db": 8704675}
error:
  description: What went wrong, in parts.
  returned: failure
  type: dict
"""

from ansible_collections.borgstack.platform.plugins.module_utils.module import PlatformModule
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import database_catalog
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.session import INFO_OPTIONS, read
from ansible_collections.borgstack.platform.plugins.module_utils.provisioning import tell


def main():
    """Run the module."""
    module = PlatformModule(
        argument_spec={**INFO_OPTIONS, "sizes": {"type": "bool", "default": False}}, supports_check_mode=True
    )
    readings = {"databases": database_catalog.declarations, "unreadable": database_catalog.unreadable}
    if module.params["sizes"]:
        readings["sizes"] = database_catalog.sizes
    tell(module, lambda: read(module, **readings))


if __name__ == "__main__":
    main()
