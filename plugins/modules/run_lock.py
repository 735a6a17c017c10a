#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: run_lock
short_description: Let one run at a time change a platform
version_added: "0.2.0"
description:
  - Takes a lock on the host, which this run of C(ansible-playbook) holds until it ends, however it ends. Another run is
    refused, and told who holds it, since when and from where.
  - A process on the controller beats for the lock while the run lives, over the connection that its tasks use, and
    gives it back when the run has ended or was killed. Where that process is gone too, because its machine is, the lock
    is free 60 seconds later. It is gone when the host boots.
  - Does nothing in check mode, which changes nothing.
author:
  - The borgstack.platform contributors (@borgstack)
attributes:
  check_mode:
    description: Takes no lock.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
  platform:
    description: Needs the folder /proc of Linux on the host.
    support: full
    platforms: posix
options:
  name:
    description: What is locked, such as a platform's name.
    type: str
    required: true
  what:
    description: What the run does, in words, for those that it keeps out.
    type: str
    default: ''
  run:
    description: The run's own name; the action sets it.
    type: str
    default: ''
  who:
    description: Who runs it, and where; the action sets it.
    type: str
    default: ''
  directory:
    description: Where the lock lies on the host; has to be empty after a boot.
    type: path
    default: /run
"""

EXAMPLES = r"""
- name: Let no other run change the platform
  borgstack.platform.run_lock:
    name: borgstack
    what: "{{ ansible_play_name }}"
"""

RETURN = r"""
taken:
  description: Whether this run did not hold it before.
  returned: success
  type: bool
left_by:
  description: Who held it before without giving it back, in words.
  returned: success
  type: str
  sample: ""
path:
  description: The file on the host.
  returned: success
  type: str
  sample: /run/borgstack.platform-borgstack.lock
"""

from ansible_collections.borgstack.platform.plugins.module_utils import run_lock
from ansible_collections.borgstack.platform.plugins.module_utils.module import PlatformModule
from ansible_collections.borgstack.platform.plugins.module_utils.provisioning import finish


def run(module):
    """Take the lock and return the result."""
    host = run_lock.Host(module.params["directory"], module.params["name"])
    taken = run_lock.take(host, module.params["run"], module.params["who"], module.params["what"])
    return {"changed": False, "path": host.path, **taken}


def main():
    """Run the module."""
    module = PlatformModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "what": {"type": "str", "default": ""},
            "run": {"type": "str", "default": ""},
            "who": {"type": "str", "default": ""},
            "directory": {"type": "path", "default": "/run"},
        },
        supports_check_mode=True,
    )
    finish(module, lambda: run(module))


if __name__ == "__main__":
    main()
