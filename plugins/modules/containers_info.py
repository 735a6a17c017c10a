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
  - Lists the project's volumes and networks too, and what earlier runs noted in the project's folder.
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
  directory:
    description: The project's folder on the host, whose notes are wanted.
    type: path
  label:
    description: A label that containers of other projects are looked for by.
    type: str
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
        - C(restart), C(memory_bytes), C(nano_cpus) and C(pids_limit) as they are set now, and C(replaced_mounts), the
          mounted folders of the host that are others by now than the ones that the container has.
        - The id of its C(image), and of the C(tagged_image) that the name of its image stands for now.
        - Empty when the container has gone since it was listed.
      type: dict
volumes:
  description: Names of the volumes that are the project's by their name.
  returned: success
  type: list
  elements: str
networks:
  description: Ids of the project's networks, by name.
  returned: success
  type: dict
docker_root:
  description: Where Docker keeps volumes.
  returned: success
  type: str
others:
  description: Projects whose containers have the label O(label), by the port of the host that they are published at.
  returned: success
  type: dict
notes:
  description: >-
    C(volumes) that there were and C(docker_root) at that time, C(version) of the collection that ran last, whether
    something was C(deployed), and what of each of the C(instances).
  returned: success
  type: dict
"""

from ansible_collections.borgstack.platform.plugins.module_utils import docker_engine, notes
from ansible_collections.borgstack.platform.plugins.module_utils.module import PlatformModule
from ansible_collections.borgstack.platform.plugins.module_utils.provisioning import finish


def run(module):
    """Look, and return the result."""
    options = module.params
    place, timeout = options["socket"], options["timeout"]
    project, label = options["project"], options["label"]
    return {
        "changed": False,
        "containers": docker_engine.containers(place, project, timeout),
        "volumes": docker_engine.volumes(place, project, timeout),
        "networks": docker_engine.networks(place, project, timeout),
        "docker_root": docker_engine.root(place, timeout),
        "others": docker_engine.published_by_others(place, project, label, timeout) if label else {},
        "notes": notes.read(options["directory"]),
    }


def main():
    """Run the module."""
    module = PlatformModule(
        argument_spec={
            "project": {"type": "str", "required": True},
            "directory": {"type": "path"},
            "label": {"type": "str"},
            "socket": {"type": "path", "default": "/var/run/docker.sock"},
            "timeout": {"type": "float", "default": 10},
        },
        supports_check_mode=True,
    )
    finish(module, lambda: run(module))


if __name__ == "__main__":
    main()
