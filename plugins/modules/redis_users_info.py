#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: redis_users_info
short_description: Write down the users of a Redis server as they would be declared
version_added: "0.1.0"
description:
  - Returns ACL users in the shape that M(borgstack.platform.redis_users) takes, without their passwords.
  - Given back to that module, they change nothing. So an existing server can be written down as code.
author:
  - The borgstack.platform contributors (@borgstack)
extends_documentation_fragment:
  - borgstack.platform.attributes.info
  - borgstack.platform.provisioning.connection
  - borgstack.platform.redis
seealso:
  - module: borgstack.platform.redis_users
options:
  names:
    description: Only these users; one that does not exist is left out. All where it is not set.
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: Read the users of a server
  borgstack.platform.redis_users_info:
    login_host: 10.201.0.3
    login_user: platform
    login_password: "{{ admin_password }}"
  register: redis_found

- name: Keep them as they are
  borgstack.platform.redis_users:
    login_host: 10.201.0.3
    login_user: platform
    login_password: "{{ admin_password }}"
    users: "{{ redis_found.users }}"
"""

RETURN = r"""
users:
  description: The users by name, each as an item of O(borgstack.platform.redis_users#module:users).
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name.
      type: str
      returned: always
    enabled:
      description: Whether it may log in.
      type: bool
      returned: always
    key_patterns:
      description: Key patterns with their prefix.
      type: list
      elements: str
      returned: always
    channels:
      description: Patterns of channels with their prefix.
      type: list
      elements: str
      returned: always
    commands:
      description: Rules about commands; nothing else is allowed.
      type: list
      elements: str
      returned: always
    databases:
      description: Numbers of the logical databases that it may use.
      type: list
      elements: int
      returned: where they are limited
    selectors:
      description: More that it may do, each a set of rules of its own.
      type: list
      elements: str
      returned: always
    sanitize_payload:
      description: Whether the server checks what it restores.
      type: bool
      returned: always
    state:
      description: Always V(present).
      type: str
      returned: always
  sample:
    - name: n8n
      enabled: true
      key_patterns: ["~n8n:*"]
      channels: ["&n8n:*"]
      commands: [+@all, -@dangerous, +info]
      selectors: []
      sanitize_payload: true
      state: present
"""

from ansible_collections.borgstack.platform.plugins.module_utils import provisioning
from ansible_collections.borgstack.platform.plugins.module_utils.module import PlatformModule
from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl import connection, server, users


def run(module):
    """Read the users and return the result."""
    redis = connection.Server(module.params)
    try:
        server.identify(redis)
        return {"users": users.to_declarations(server.users_of(redis), module.params["names"])}
    finally:
        redis.close()


def main():
    """Run the module."""
    module = PlatformModule(
        argument_spec={**connection.OPTIONS, **provisioning.INFO_OPTIONS},
        supports_check_mode=True,
    )
    provisioning.tell(module, lambda: run(module))


if __name__ == "__main__":
    main()
