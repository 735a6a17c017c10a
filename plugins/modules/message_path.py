#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: message_path
short_description: Try the whole path of messages between WhatsApp and Chatwoot
version_added: "0.1.0"
description:
  - Has n8n try each of its wires with the credentials that its workflows really use, and tells which is broken.
  - Where none is, a message of a contact that nobody has goes the whole way in, to Chatwoot, and a reply goes back out,
    as far as Evolution API, which is asked for the state of the number instead of sending anything.
  - It leaves a closed conversation of that contact behind, and changes nothing else.
author:
  - The borgstack.platform contributors (@borgstack)
attributes:
  check_mode:
    description: Can run in check mode, and then asks each wire and sends no message.
    support: full
  diff_mode:
    description: Returns a diff.
    support: none
options:
  n8n_url:
    description: Address of n8n, such as V(http://10.201.0.7:5678).
    type: str
    required: true
  operator_token:
    description: What n8n's webhooks for operators want.
    type: str
    required: true
  evolution_webhook_token:
    description: What n8n's webhooks for Evolution API want.
    type: str
    required: true
  chatwoot_url:
    description: Address of Chatwoot.
    type: str
    required: true
  chatwoot_token:
    description: Access token of a user of Chatwoot.
    type: str
    required: true
  account_id:
    description: Number of the account in Chatwoot.
    type: int
    default: 1
  instances:
    description: Names of the WhatsApp numbers, which are names of instances and of inboxes.
    type: list
    elements: str
    required: true
  probe_phone:
    description: Number of the contact that nobody has, the same as the workflows have been given.
    type: str
    default: "550000000000"
  whole_way:
    description: Whether a message is sent the whole way where no wire is broken. Never in check mode.
    type: bool
    default: true
  request_timeout:
    description: Seconds that a request may take.
    type: int
    default: 60
  timeout:
    description: Seconds that a message may take from one end to the other.
    type: int
    default: 60
"""

EXAMPLES = r"""
- name: Try the path of messages
  borgstack.platform.message_path:
    n8n_url: http://10.201.0.7:5678
    operator_token: "{{ operator_token }}"
    evolution_webhook_token: "{{ evolution_webhook_token }}"
    chatwoot_url: http://10.201.0.9:3000
    chatwoot_token: "{{ chatwoot_token }}"
    instances: [atendimento]
  register: message_path
  failed_when: message_path.unmet | length > 0
"""

RETURN = r"""
wires:
  description: What is known of each wire. After a broken one the whole way is not tried.
  returned: success
  type: list
  elements: dict
  contains:
    wire:
      description: Its name.
      type: str
    ok:
      description: Whether it works.
      type: bool
    detail:
      description: What is wrong with it, or what was told.
      type: str
    category:
      description: Category of its failure.
      type: int
    remedy:
      description: What to do; empty where it works.
      type: str
  sample:
    - {wire: n8n to Redis, ok: false, detail: WRONGPASS, category: 5, remedy: run the site playbook}
unmet:
  description: The names of the broken ones.
  returned: success
  type: list
  elements: str
"""

import uuid

from ansible_collections.borgstack.platform.plugins.module_utils.messages import probe
from ansible_collections.borgstack.platform.plugins.module_utils.module import PlatformModule
from ansible_collections.borgstack.platform.plugins.module_utils.provisioning import finish


def run(module):
    """Ask each wire, go the whole way unless in check mode, where nothing is left behind, and return the result."""
    path = probe.Path(module.params, uuid.uuid4().hex[:12])
    wires = list(path.rows(whole_way=module.params["whole_way"] and not module.check_mode))
    return {"changed": False, "wires": wires, "unmet": [one["wire"] for one in wires if not one["ok"]]}


def main():
    """Run the module."""
    module = PlatformModule(
        argument_spec={
            "n8n_url": {"type": "str", "required": True},
            "operator_token": {"type": "str", "required": True, "no_log": True},
            "evolution_webhook_token": {"type": "str", "required": True, "no_log": True},
            "chatwoot_url": {"type": "str", "required": True},
            "chatwoot_token": {"type": "str", "required": True, "no_log": True},
            "account_id": {"type": "int", "default": 1},
            "instances": {"type": "list", "elements": "str", "required": True},
            "probe_phone": {"type": "str", "default": "550000000000"},
            "whole_way": {"type": "bool", "default": True},
            "request_timeout": {"type": "int", "default": 60},
            "timeout": {"type": "int", "default": 60},
        },
        supports_check_mode=True,
    )
    finish(module, lambda: run(module))


if __name__ == "__main__":
    main()
