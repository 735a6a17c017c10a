#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: containers_info
short_description: Read how the containers of a Compose project are
version_added: "0.1.0"
description:
  - Lists the containers of a Compose project, stopped ones included, with their restarts and memory.
  - Needs nothing but Python and Docker's socket. Reads no environment, so it returns no secret.
author:
  - The borgstack.platform contributors (@borgstack)
extends_documentation_fragment:
  - borgstack.platform.attributes.info
options:
  project:
    description: Name of the Compose project.
    type: str
    required: true
  socket:
    description: Docker's socket.
    type: path
    default: /var/run/docker.sock
  timeout:
    description: Seconds that Docker may take for one answer.
    type: float
    default: 10
"""

EXAMPLES = r"""
- name: See how the platform's containers are
  borgstack.platform.containers_info:
    project: borgstack
  register: listing
"""

RETURN = r"""
containers:
  description: The containers as Docker's engine lists them, with C(Id), C(Labels), C(State), C(Status) and so on.
  returned: success
  type: list
  elements: dict
  contains:
    measured:
      description:
        - C(restarts) by its restart policy, C(started_seconds_ago), C(out_of_memory) and C(exit_code) of the last end,
          C(memory_mb) and C(memory_limit_mb).
        - Files in memory, which the kernel gives up when it needs space, do not count.
        - Empty when the container has gone since it was listed.
      type: dict
"""

from ansible_collections.borgstack.platform.plugins.module_utils.docker_engine import containers
from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.module import PlatformModule


def main():
    """Run the module."""
    module = PlatformModule(
        argument_spec={
            "project": {"type": "str", "required": True},
            "socket": {"type": "path", "default": "/var/run/docker.sock"},
            "timeout": {"type": "float", "default": 10},
        },
        supports_check_mode=True,
    )
    try:
        found = containers(module.params["socket"], module.params["project"], module.params["timeout"])
    except PlatformError as error:
        module.fail_json(**error.as_result())
    module.exit_json(changed=False, containers=found)


if __name__ == "__main__":
    main()
