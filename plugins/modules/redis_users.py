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
  - What a declared user may do is exactly what is declared. Rights make sense as a whole only, so one that is left out
    is taken away. Its password is another matter; left out, it stays as it is.
  - An undeclared user is left alone.
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
notes:
  - A replica does not receive the users of its primary. Run the module on each server.
seealso:
  - module: borgstack.platform.redis_users_info
options:
  keep_passwords:
    description:
      - Whether a declared password is one more beside those that a user has, so that programs which still log in with a
        former one are let in until a run without this option takes that away.
    type: bool
    default: false
    version_added: "0.3.0"
  users:
    description: The users.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name without spaces, and without quotes where the server has no ACL file.
        type: str
        required: true
      password:
        description:
          - Its only password; whatever else lets it in is taken away.
          - Left out, an existing user keeps its passwords, or that it needs none. A new one that is enabled needs it.
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
        aliases: [key_patterns]
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
      databases:
        description: Numbers of the logical databases that it may use; all of them where left out. Needs Valkey 9.1.
        type: list
        elements: int
      selectors:
        description:
          - More that it may do, each a set of rules of its own in Redis' spelling, such as V(~shared:* +get).
          - A command is allowed where the user's own rules or one of these allow it with its keys and channels.
          - Quotes and closing parentheses cannot be part of a pattern here; the server could not read them back.
        type: list
        elements: str
        default: []
      sanitize_payload:
        description: Whether the server checks what it restores. Valkey 9.1 and later always do.
        type: bool
        default: true
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

- name: Rotate nothing, but let it read what others share, and tell which users nobody declared
  borgstack.platform.redis_users:
    login_host: 10.201.0.3
    login_user: platform
    login_password: "{{ admin_password }}"
    report_undeclared: true
    users:
      - name: n8n
        keys: ["n8n:*"]
        commands: [+@all, -@dangerous, +info]
        selectors: ["%R~shared:* +@read"]
  register: redis_state
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
  sample: ["user made_by_hand"]
"""

from ansible_collections.borgstack.platform.plugins.module_utils import provisioning
from ansible_collections.borgstack.platform.plugins.module_utils.module import PlatformModule
from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl import connection, server, users
from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl.options import USER


def run(module):
    """Converge the users and return the result."""
    declared = module.params["users"]
    users.check(declared)
    if module.params["assume_empty"]:
        provisioning.refuse_assumption(module)
        actual = users.Actual({})
        return provisioning.result_of(module, users.plan(declared, actual), lambda: users.undeclared(declared, actual))
    redis = connection.Server(module.params)
    try:
        actual = server.inspect(redis)
        steps = users.plan(declared, actual, module.params["keep_passwords"])
        result = provisioning.converge(
            module, steps, lambda step: redis.call(*step.operation), lambda: users.undeclared(declared, actual)
        )
        if not module.check_mode:
            # At each run: an earlier one may have been interrupted between the change and this.
            server.persist(redis, actual.persistence, result["plan"])
        return result
    finally:
        redis.close()


def main():
    """Run the module."""
    module = PlatformModule(
        argument_spec={
            **provisioning.OPTIONS,
            **connection.OPTIONS,
            "keep_passwords": {"type": "bool", "default": False, "no_log": False},
            "users": {"type": "list", "elements": "dict", "required": True, "options": USER},
        },
        supports_check_mode=True,
    )
    provisioning.finish(module, lambda: run(module))


if __name__ == "__main__":
    main()
