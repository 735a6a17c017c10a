#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: n8n_workflows
short_description: Keep n8n's workflows and their credentials as declared, with one login
version_added: "0.1.0"
description:
  - Creates and updates credentials and workflows through the interface that n8n's own editor uses, and activates them
    in the running instance, without a restart, in queue mode too.
  - Workflows and nodes name credentials and other workflows; the module puts n8n's ids in.
  - A workflow is compared with what n8n stores, node by node. What somebody changed by hand is changed back.
  - What is imported carries a tag. A workflow with this tag that is not declared any more is deactivated, never
    deleted. One without it is left alone, unless a declared one has its name.
  - What is in a credential cannot be read back; see O(rewrite_credentials).
author:
  - The borgstack.platform contributors (@borgstack)
extends_documentation_fragment:
  - borgstack.platform.attributes
  - borgstack.platform.provisioning
  - borgstack.platform.provisioning.connection
notes:
  - n8n takes five logins in five minutes from one address. The module logs in once a run, or twice when the password
    is being changed.
options:
  url:
    description: Address of n8n, such as V(http://10.201.0.7:5678).
    type: str
    required: true
  email:
    description: The owner of the instance, who must exist and must not use two-factor authentication.
    type: str
    required: true
  password:
    description: The owner's password.
    type: str
    required: true
  previous_password:
    description: The owner's password until now. Where O(password) is refused and this fits, it is changed.
    type: str
  credentials:
    description: The credentials.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name by which nodes refer to it.
        type: str
        required: true
      type:
        description: n8n's name of its type, such as V(httpHeaderAuth), V(postgres) or V(redis).
        type: str
        required: true
      data:
        description: What n8n wants for this type.
        type: dict
        required: true
  rewrite_credentials:
    description:
      - Whether credentials that exist are written again.
      - Give V(true) when a secret may have changed. Then each of them counts as a change.
    type: bool
    default: false
  workflows:
    description: The workflows.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name, one of a kind in this instance.
        type: str
        required: true
      active:
        description: Whether its triggers are listened to. One that only other workflows call needs no activation.
        type: bool
        default: true
      definition:
        description:
          - The C(nodes), C(connections) and C(settings), in the form of n8n's export.
          - A node refers to credentials as a mapping of type to name, and to a workflow that it calls by its name.
          - The C(id), C(webhookId) and C(position) of a node may be left out.
        type: dict
        required: true
  exclusive_tag:
    description: Name of the tag that all declared workflows carry and no others should.
    type: str
    default: platform
"""

EXAMPLES = r"""
- name: Keep one workflow and the credential that it uses
  borgstack.platform.n8n_workflows:
    url: http://10.201.0.7:5678
    email: admin@example.com
    password: "{{ owner_password }}"
    credentials:
      - name: webhook token
        type: httpHeaderAuth
        data:
          name: X-Webhook-Token
          value: "{{ webhook_token }}"
    workflows:
      - name: greet
        definition:
          nodes:
            - name: Webhook
              type: n8n-nodes-base.webhook
              typeVersion: 2
              parameters: {path: greet, httpMethod: POST, authentication: headerAuth}
              credentials: {httpHeaderAuth: webhook token}
          connections: {}
          settings: {executionOrder: v1}
"""

RETURN = r"""
plan:
  description: What was done, or would be done in check mode, in words.
  returned: success
  type: list
  elements: str
  sample: ["create credential webhook token", "create tag platform", "create workflow greet", "activate workflow greet"]
undeclared:
  description: Which workflows carry the tag without being declared, in words. They are inactive.
  returned: when O(report_undeclared) is set
  type: list
  elements: str
  sample: ["workflow old-greeting"]
"""

from ansible_collections.borgstack.platform.plugins.module_utils import provisioning
from ansible_collections.borgstack.platform.plugins.module_utils.module import PlatformModule
from ansible_collections.borgstack.platform.plugins.module_utils.n8n import apply, connection, inspect, plan
from ansible_collections.borgstack.platform.plugins.module_utils.n8n.options import CREDENTIAL, WORKFLOW


def run(module):
    """Converge credentials and workflows and return the result."""
    options = module.params
    tag, workflows = options["exclusive_tag"], plan.wanted(options["workflows"])
    plan.check(options["credentials"], workflows)

    def planned(actual):
        return plan.plan(options["credentials"], workflows, actual, tag, options["rewrite_credentials"])

    if options["assume_empty"]:
        provisioning.refuse_assumption(module)
        return provisioning.result_of(module, planned(inspect.Actual()), list)
    server = connection.Server(options)
    try:
        names = {one.name for one in workflows}
        actual = inspect.inspect(server, names, tag, server.log_in())
        return provisioning.converge(
            module,
            planned(actual),
            apply.Applier(server, actual),
            lambda: plan.undeclared(workflows, actual),
        )
    finally:
        server.close()


def main():
    """Run the module."""
    module = PlatformModule(
        argument_spec={
            **provisioning.OPTIONS,
            **connection.OPTIONS,
            "credentials": {"type": "list", "elements": "dict", "default": [], "options": CREDENTIAL, "no_log": False},
            "rewrite_credentials": {"type": "bool", "default": False, "no_log": False},
            "workflows": {"type": "list", "elements": "dict", "default": [], "options": WORKFLOW},
            "exclusive_tag": {"type": "str", "default": "platform"},
        },
        supports_check_mode=True,
    )
    module.no_log_values = connection.secrets_of(module.params)
    provisioning.finish(module, lambda: run(module))


if __name__ == "__main__":
    main()
