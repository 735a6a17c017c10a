#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: directus_objects
short_description: Keep what an integration needs in Directus as declared, with one connection
version_added: "0.1.0"
description:
  - Creates and changes fields, access policies, users with static tokens, and flows of a Directus 11 server.
  - Objects are told apart by their names; nothing undeclared is touched, and nothing is ever deleted but flows that
    are declared V(absent), and permissions, policies of a declared user and operations of a declared flow that are
    declared no more.
author:
  - The borgstack.platform contributors (@borgstack)
extends_documentation_fragment:
  - borgstack.platform.attributes
  - borgstack.platform.provisioning.connection
options:
  url:
    description: Address of the server, such as V(http://10.0.0.5:8055). No proxy is used.
    type: str
    required: true
  email:
    description: The administrator.
    type: str
    required: true
  password:
    description: The administrator's password.
    type: str
    required: true
  fields:
    description: Fields of collections. A field is created, its presentation is changed, its type never.
    type: list
    elements: dict
    default: []
    suboptions:
      collection:
        description: The collection, such as V(directus_files).
        type: str
        required: true
      field:
        description: The field's name.
        type: str
        required: true
      type:
        description: Its type in Directus' words.
        type: str
        default: string
      meta:
        description: How it is presented, in Directus' words; what is left out stays as it is.
        type: dict
        default: {}
  policies:
    description: Access policies, without access to the app or as an administrator.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Its name.
        type: str
        required: true
      description:
        description: What it is for.
        type: str
      permissions:
        description: All that it allows; C(collection), C(action), C(fields) and a filter C(permissions).
        type: list
        elements: dict
        required: true
  users:
    description: Users that programs log in as.
    type: list
    elements: dict
    default: []
    suboptions:
      email:
        description: Tells it apart from others.
        type: str
        required: true
      first_name:
        description: The name that is shown.
        type: str
      token:
        description: Its static token; left out, it stays as it is.
        type: str
      policies:
        description: Names of declared policies; it has no others.
        type: list
        elements: str
        default: []
  project_owner:
    description:
      - The address of the project's owner, whom Directus' licence asks for; left out or empty, it stays as it is.
      - Directus tells its makers of it, as it does where an administrator enters it in the browser.
    type: str
    version_added: "0.2.0"
  flows:
    description: Flows, all of them active; one that is V(absent) is deleted with its operations.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Its name.
        type: str
        required: true
      description:
        description: What it is for.
        type: str
      trigger:
        description: What starts it.
        type: str
        choices: [event, schedule, operation, webhook, manual]
        default: event
      options:
        description: Options of the trigger, in Directus' words.
        type: dict
        default: {}
      operation:
        description:
          - The first operation of a flow that is V(present), with C(key), C(name), C(type) and C(options); C(resolve)
            and C(reject) are the operations that follow it when it succeeds or fails.
          - C(<%) and C(%>) stand for the double braces of Directus' own templates, which Ansible would take for its
            own.
        type: dict
      state:
        description: Whether it is there.
        type: str
        choices: [present, absent]
        default: present
      secrets:
        description: Values by name; C(@@name@@) anywhere in O(flows[].operation) is replaced by the value.
        type: dict
        default: {}
"""

EXAMPLES = r"""
- name: Have Directus tell a program of each new file, which may mark it
  borgstack.platform.directus_objects:
    url: http://10.201.0.7:8055
    email: admin@example.com
    password: "{{ admin_password }}"
    fields:
      - collection: directus_files
        field: processing_status
    policies:
      - name: Processing
        permissions:
          - {collection: directus_files, action: read, fields: ["*"]}
          - {collection: directus_files, action: update, fields: [processing_status]}
    users:
      - email: processing@example.com
        token: "{{ processing_token }}"
        policies: [Processing]
    flows:
      - name: Tell of new files
        options: {type: action, scope: [files.upload]}
        operation:
          key: tell
          name: Tell
          type: request
          options:
            method: POST
            url: http://processing:8080/files
            headers: [{header: X-Token, value: "@@token@@"}]
            body: '{"id": "<%$trigger.key%>"}'
        secrets:
          token: "{{ webhook_token }}"
"""

RETURN = r"""
plan:
  description: What was done, or would be done in check mode, in words.
  returned: success
  type: list
  elements: str
  sample: ["create policy Processing", "create user processing@example.com"]
"""

from ansible_collections.borgstack.platform.plugins.module_utils import provisioning
from ansible_collections.borgstack.platform.plugins.module_utils.directus import connection
from ansible_collections.borgstack.platform.plugins.module_utils.directus.apply import Applier
from ansible_collections.borgstack.platform.plugins.module_utils.directus.check import check
from ansible_collections.borgstack.platform.plugins.module_utils.directus.inspect import inspect
from ansible_collections.borgstack.platform.plugins.module_utils.directus.options import FIELD, FLOW, POLICY, USER
from ansible_collections.borgstack.platform.plugins.module_utils.directus.plan import plan
from ansible_collections.borgstack.platform.plugins.module_utils.module import PlatformModule


def run(module):
    """Converge the objects and return the result."""
    check(module.params)
    server = connection.Server(module.params)
    try:
        server.log_in()
        actual = inspect(server, module.params)
        return provisioning.converge(module, plan(module.params, actual), Applier(server, actual))
    finally:
        server.close()


def main():
    """Run the module."""
    rules = {"flows": {"required_if": [("state", "present", ("operation",))]}}
    lists = {"fields": FIELD, "policies": POLICY, "users": USER, "flows": FLOW}
    module = PlatformModule(
        argument_spec={
            **connection.OPTIONS,
            "project_owner": {"type": "str"},
            **{
                name: {"type": "list", "elements": "dict", "default": [], "options": options, **rules.get(name, {})}
                for name, options in lists.items()
            },
        },
        supports_check_mode=True,
    )
    provisioning.finish(module, lambda: run(module))


if __name__ == "__main__":
    main()
