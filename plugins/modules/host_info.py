#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: host_info
short_description: Measure a host, in one round trip
version_added: "0.1.0"
description:
  - Reads all that the roles C(preflight), C(docker) and C(firewall) decide by. Changes nothing.
  - What cannot be measured is null and named in RV(host.unknown); nothing that is missing on the host makes it fail.
author:
  - The borgstack.platform contributors (@borgstack)
extends_documentation_fragment:
  - borgstack.platform.attributes.info
options:
  gather:
    description:
      - What is measured. V(resolved) is only what O(resolve) asks for; V(exposed) only who holds TCP ports at
        addresses that other machines could reach, in RV(host.listeners).
    type: str
    choices: [all, exposed, resolved]
    default: all
  data_path:
    description: Where data will lie; its nearest existing ancestor is measured.
    type: path
    default: /var/lib
  packages:
    description: Packages whose version and hold are wanted.
    type: list
    elements: str
    default: []
  ports:
    description: Ports whose holders are wanted, such as V(80/tcp).
    type: list
    elements: str
    default: []
  resolve:
    description: Host names that are resolved on the host.
    type: list
    elements: str
    default: []
  platform_directory:
    description: Where a rendered project may lie; without it RV(host.deployed) is empty.
    type: path
  platform_name:
    description: Name of its Compose project.
    type: str
    default: borgstack
"""

EXAMPLES = r"""
- name: Measure the host
  borgstack.platform.host_info:
    packages: [docker-ce, ufw]
    ports: [80/tcp, 443/tcp, 443/udp]
  register: measured
"""

RETURN = r"""
host:
  description: What was measured.
  returned: success
  type: dict
  contains:
    os:
      description: C(id), C(version), C(codename), C(like), C(pretty_name).
      type: dict
    architecture:
      description: Architecture as the kernel names it.
      type: str
    kernel:
      description: Release of the kernel.
      type: str
    cpu_count:
      description: Processors that may be used.
      type: int
    cpu_features:
      description: What the processor can, in the kernel's words; empty where the kernel does not tell.
      type: list
      elements: str
      sample: [aes, avx, avx2]
    memory_mb:
      description: Memory in megabytes.
      type: int
    swap_mb:
      description: Swap in megabytes.
      type: int
    cgroup:
      description: C(version) and C(controllers).
      type: dict
    clock:
      description: Whether the clock is C(synchronized), and the C(source) that sets it.
      type: dict
    data:
      description: >-
        C(path), C(device), C(fstype), C(total_gb), C(free_gb), C(encrypted), C(layers) and C(clear_swap) of the file
        system that data will lie on.
      type: dict
    network:
      description: C(addresses), C(routes), C(docker_routes), and C(default_devices), which the internet is behind.
      type: dict
    ssh_ports:
      description: Ports that SSH comes in by.
      type: list
      elements: int
    ssh_client:
      description: The address that this run came from by SSH; empty where it did not.
      type: str
    listeners:
      description: >-
        C(port), C(protocol), C(address), C(pid) and C(process) of those that hold the asked ports, or with
        O(gather=exposed) any; C(container) tells whether it is Docker.
      type: list
      elements: dict
    packages:
      description: C(version) and C(held) of those asked packages that are installed.
      type: dict
    docker:
      description:
        - C(version), C(engine_version), C(running), C(enabled) at boot, C(compose_version), C(config), those of its
          keys that are C(managed) by the role C(docker), C(data_root), and the C(volumes) below it.
        - C(shutdown) tells of the unit that stops containers in order when the host goes down whether it is C(enabled)
          and C(active), and the SHA-256 of its C(files).
      type: dict
    data_volumes:
      description: Names of the volumes below O(data_path), if that is one of Docker's data roots.
      type: list
      elements: str
    ufw:
      description:
        - C(installed), C(enabled) at boot, C(active), C(ipv6), C(defaults), C(rules), and C(applications) with their
          ports.
      type: dict
    deployed:
      description: >-
        What there is of a platform: its C(directory), empty where nothing was rendered there; C(immutable), the names
        of secrets that data was written with; C(volumes).
      type: dict
    resolved:
      description: Addresses of the asked names; empty where one does not resolve.
      type: dict
    unknown:
      description: What could not be measured, and why; a part that is missing altogether is null.
      type: list
      elements: str
"""

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.host import network
from ansible_collections.borgstack.platform.plugins.module_utils.host.measure import measure
from ansible_collections.borgstack.platform.plugins.module_utils.module import PlatformModule

MEASURES = {
    "all": measure,
    "exposed": lambda options: {"listeners": network.exposed()},
    "resolved": lambda options: {},
}


def main():
    """Run the module."""
    names = {"type": "list", "elements": "str", "default": []}
    module = PlatformModule(
        argument_spec={
            "gather": {"type": "str", "choices": ["all", "exposed", "resolved"], "default": "all"},
            "data_path": {"type": "path", "default": "/var/lib"},
            "packages": names,
            "ports": names,
            "resolve": names,
            "platform_directory": {"type": "path"},
            "platform_name": {"type": "str", "default": "borgstack"},
        },
        supports_check_mode=True,
    )
    try:
        host = MEASURES[module.params["gather"]](module.params)
    except PlatformError as error:
        module.fail_json(**error.as_result())
    host["resolved"] = network.resolved(module.params["resolve"])
    module.exit_json(changed=False, host=host)


if __name__ == "__main__":
    main()
