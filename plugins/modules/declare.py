#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Documentation alone: the action of the same name does it, on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: declare
short_description: Ask services' roles what they are made of
version_added: "0.3.0"
description:
  - Renders the variable C(ROLE_declaration) of each role, once for each instance, and checks it. No task of the role is
    run, and its options are judged as Ansible judges those of a role that is run.
  - Integrations are asked first, then applications, then datastores and proxies. Each finds in the variable
    C(platform_declarations) what those of former tiers said, in C(platform_instance_name) its own name, and in
    C(platform_endpoints) where each instance that provides something is reached, by name. An instance that other hosts
    may use finds in C(platform_shared_at) the addresses at which they reach it, and in C(platform_peers) those of the
    hosts that need it.
  - Runs on the controller.
author:
  - The borgstack.platform contributors (@borgstack)
attributes:
  check_mode:
    description: Asks the same in check mode.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
  platform:
    description: Where the hosts' systems do not matter.
    support: full
    platforms: posix
options:
  roles:
    description:
      - Roles that are switched on by their names. A name without dots is a role of this collection.
      - Such a role has the instances of its variable C(ROLE_instances), or one of its own name where it has none.
    type: list
    elements: str
    required: true
  instances:
    description:
      - Instances with settings of their own, by name. Each has C(role) and settings of that role.
      - Its C(uses) says which instances fill its needs, such as C(postgresql) for the setting C(postgresql_instance).
      - Its C(external) says that it is somebody else's server, and how the administrator logs in there.
      - Its C(runs_on) is the host that it runs on, where that is not every one that asks.
    type: dict
    default: {}
  hosts:
    description: The hosts of the system; the one that asks alone, where there are no others.
    type: list
    elements: str
    default: []
  peers:
    description:
      - What the other hosts declared, by host, once all were asked.
      - What they need of this host is then declared here too, by names such as C(n8n@app1).
    type: dict
    default: {}
  declarations:
    description: What others declared already.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Ask two roles, and for a second instance of one
  borgstack.platform.declare:
    roles: [postgresql, n8n]
    instances:
      postgresql-reports: {role: postgresql, memory_limit_mb: 2048}
"""

RETURN = r"""
ansible_facts:
  description: What they said, with secrets, so it is never shown.
  returned: success
  type: dict
  contains:
    platform_declarations:
      description: Declarations by instance name.
      type: dict
    platform_secret_uses:
      description:
        - What they say of each secret that was asked for, by its name and without its value.
        - Its kinds, whether the operator supplies it, which instances use it, and which of these write data with it,
          run elsewhere, or are somebody else's servers whose administrator has it.
      type: dict
"""
