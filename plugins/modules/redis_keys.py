#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: redis_keys
short_description: Delete the keys of an application that has left
version_added: "0.1.0"
description:
  - Deletes keys by pattern in all logical databases, a thousand at a time, without holding up the server.
  - A pattern that begins with a wildcard could mean anybody's keys, and is refused.
author:
  - The borgstack.platform contributors (@borgstack)
extends_documentation_fragment:
  - borgstack.platform.attributes
  - borgstack.platform.provisioning.connection
  - borgstack.platform.redis
seealso:
  - module: borgstack.platform.redis_users
options:
  patterns:
    description: Patterns in Redis' own spelling, such as V(app:*).
    type: list
    elements: str
    required: true
  spared:
    description: Patterns of keys that stay whatever O(patterns) say, because others use them; any will do.
    type: list
    elements: str
    default: []
  state:
    description: Only V(absent) makes sense.
    type: str
    choices: [absent]
    default: absent
"""

EXAMPLES = r"""
- name: Delete what an application left behind
  borgstack.platform.redis_keys:
    login_host: 10.201.0.3
    login_user: platform
    login_password: "{{ admin_password }}"
    patterns: ["directus:*"]
"""

RETURN = r"""
plan:
  description: What was done, or would be done in check mode, in words.
  returned: success
  type: list
  elements: str
  sample: ["delete 132 keys like directus:* in database 0"]
found:
  description: How many keys there were, by pattern.
  returned: success
  type: dict
  sample: {"directus:*": 132}
"""

from ansible_collections.borgstack.platform.plugins.module_utils.module import PlatformModule
from ansible_collections.borgstack.platform.plugins.module_utils.provisioning import converge, finish
from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl import connection, keys


def run(module):
    """Delete the keys and return the result."""
    options, spared = module.params, module.params["spared"]
    keys.check(options["patterns"])
    found = keys.inspect(options, options["patterns"], spared)
    result = converge(module, keys.plan(found), lambda step: keys.delete(options, *step.operation, spared))
    counts = {pattern: sum(found[place] for place in found if place[1] == pattern) for _database, pattern in found}
    return {**result, "found": {pattern: count for pattern, count in counts.items() if count}}


def main():
    """Run the module."""
    module = PlatformModule(
        argument_spec={
            **connection.OPTIONS,
            "patterns": {"type": "list", "elements": "str", "required": True},
            "spared": {"type": "list", "elements": "str", "default": []},
            "state": {"type": "str", "choices": ["absent"], "default": "absent"},
        },
        supports_check_mode=True,
    )
    finish(module, lambda: run(module))


if __name__ == "__main__":
    main()
