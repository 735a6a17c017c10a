#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: redis_users
short_description: Keep many Redis users as declared, with one connection
version_added: "0.1.0"
description:
  - Creates, changes and deletes ACL users, and has the server keep them over a restart.
  - A declared user is exactly what is declared; an undeclared one is left alone.
  - Rules are compared by what they mean. Passwords are sent and compared as SHA-256 hashes.
  - The user that the module logs in as is changed only if it is declared, after all others, and never removed or
    disabled.
author:
  - The borgstack.platform contributors (@borgstack)
extends_documentation_fragment:
  - borgstack.platform.attributes
  - borgstack.platform.provisioning
  - borgstack.platform.provisioning.connection
  - borgstack.platform.redis
options:
  users:
    description: The users.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name, without spaces and quotes.
        type: str
        required: true
      password:
        description: Its only password; needed where O(users[].enabled).
        type: str
      enabled:
        description: Whether it may log in.
        type: bool
        default: true
      keys:
        description:
          - Key patterns that it may read and write; with the prefix V(%R~) read only, with V(%W~) write only.
          - The prefix V(~) may be written or left out.
        type: list
        elements: str
        default: []
      channels:
        description: Patterns of channels that it may use; the prefix V(&) may be written or left out.
        type: list
        elements: str
        default: []
      commands:
        description: Rules about commands in Redis' own spelling, in their order; it may run nothing else.
        type: list
        elements: str
        default: []
      state:
        description: Whether it exists.
        type: str
        choices: [present, absent]
        default: present
"""

EXAMPLES = r"""
- name: Keep the user of an application, limited to its prefix
  borgstack.platform.redis_users:
    login_host: 10.201.0.3
    login_user: platform
    login_password: "{{ admin_password }}"
    users:
      - name: n8n
        password: "{{ n8n_password }}"
        keys: ["n8n:*"]
        channels: ["n8n:*"]
        commands: [+@all, -@dangerous, +info]
"""

RETURN = r"""
plan:
  description: What was done, or would be done in check mode, in words.
  returned: success
  type: list
  elements: str
  sample: ["create user n8n"]
undeclared:
  description: What exists and is not declared, in words.
  returned: when O(report_undeclared) is set
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.borgstack.platform.plugins.module_utils import provisioning
from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl import connection, users


def run(module):
    """Converge the users and return the result."""
    declared = module.params["users"]
    if module.params["assume_empty"]:
        provisioning.refuse_assumption(module)
        return provisioning.converge(module, users.plan(declared, users.Actual({})), lambda step: None)
    server = connection.Server(module.params)
    try:
        command = users.way_to_persist(server)
        steps = users.plan(declared, users.inspect(server))
        result = provisioning.converge(module, steps, lambda step: server.call(*step.operation))
        if not module.check_mode:
            # At each run: an earlier one may have been interrupted between the change and this.
            users.persist(server, command, result["plan"])
        return result
    finally:
        server.close()


def main():
    """Run the module."""
    options = {
        "name": {"type": "str", "required": True},
        "password": {"type": "str", "no_log": True},
        "enabled": {"type": "bool", "default": True},
        "keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
        "channels": {"type": "list", "elements": "str", "default": []},
        "commands": {"type": "list", "elements": "str", "default": []},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }
    module = AnsibleModule(
        argument_spec={
            **provisioning.OPTIONS,
            **connection.OPTIONS,
            "users": {"type": "list", "elements": "dict", "required": True, "options": options},
        },
        supports_check_mode=True,
    )
    provisioning.finish(module, lambda: run(module))


if __name__ == "__main__":
    main()
