#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: s3_buckets
short_description: Keep many S3 buckets as declared, with one client
version_added: "0.1.0"
description:
  - Creates, changes and deletes buckets on SeaweedFS, MinIO, Garage, Ceph, AWS and other servers that speak S3.
  - A feature that is not declared is neither changed nor asked for, because servers lack different ones.
  - Policies and rules are compared by what they mean.
author:
  - The borgstack.platform contributors (@borgstack)
extends_documentation_fragment:
  - borgstack.platform.attributes
  - borgstack.platform.provisioning
  - borgstack.platform.provisioning.connection
  - borgstack.platform.s3
options:
  buckets:
    description: The buckets.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name, 3 to 63 lower-case letters, digits, dots and dashes.
        type: str
        required: true
      prefixes:
        description: Prefixes that are made visible by an empty object.
        type: list
        elements: str
      versioning:
        description: Whether earlier versions of objects are kept; switching it off suspends it.
        type: bool
      lifecycle:
        description: Lifecycle rules as in S3's API; an empty list removes them.
        type: list
        elements: dict
      cors:
        description: CORS rules as in S3's API; an empty list removes them.
        type: list
        elements: dict
      policy:
        description: Bucket policy; an empty dictionary removes it.
        type: dict
      tags:
        description: Tags; an empty dictionary removes them.
        type: dict
      quota:
        description: Quota in bytes; refused, because S3 has no request for it and no server's own is known yet.
        type: int
      state:
        description: Whether it exists.
        type: str
        choices: [present, absent]
        default: present
      force:
        description: Whether objects, versions and unfinished uploads are deleted with it.
        type: bool
        default: false
"""

EXAMPLES = r"""
- name: Keep the buckets of two applications
  borgstack.platform.s3_buckets:
    endpoint_url: http://10.201.0.4:8333
    access_key: platform
    secret_key: "{{ admin_secret_key }}"
    buckets:
      - name: directus
      - name: archive
        versioning: true
        lifecycle:
          - ID: expire
            Status: Enabled
            Filter: {Prefix: ""}
            Expiration: {Days: 365}
"""

RETURN = r"""
plan:
  description: What was done, or would be done in check mode, in words.
  returned: success
  type: list
  elements: str
  sample: ["create bucket directus"]
undeclared:
  description: What exists and is not declared, in words.
  returned: when O(report_undeclared) is set
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.borgstack.platform.plugins.module_utils import provisioning
from ansible_collections.borgstack.platform.plugins.module_utils.s3 import buckets, connection


def run(module):
    """Converge the buckets and return the result."""
    declared = module.params["buckets"]
    buckets.check(declared)
    if module.params["assume_empty"]:
        provisioning.refuse_assumption(module)
        return provisioning.converge(module, buckets.plan(declared, {}), lambda step: None)
    server = connection.Server(module.params)
    steps = buckets.plan(declared, buckets.inspect(server, declared))
    return provisioning.converge(module, steps, lambda step: buckets.apply(server, step))


def main():
    """Run the module."""
    options = {
        "name": {"type": "str", "required": True},
        "prefixes": {"type": "list", "elements": "str"},
        "versioning": {"type": "bool"},
        "lifecycle": {"type": "list", "elements": "dict"},
        "cors": {"type": "list", "elements": "dict"},
        "policy": {"type": "dict"},
        "tags": {"type": "dict"},
        "quota": {"type": "int"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "force": {"type": "bool", "default": False},
    }
    module = AnsibleModule(
        argument_spec={
            **provisioning.OPTIONS,
            **connection.OPTIONS,
            "buckets": {"type": "list", "elements": "dict", "required": True, "options": options},
        },
        supports_check_mode=True,
    )
    provisioning.finish(module, lambda: run(module))


if __name__ == "__main__":
    main()
