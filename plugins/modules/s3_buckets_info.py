#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: s3_buckets_info
short_description: Write down the buckets of an S3 server as they would be declared
version_added: "0.1.0"
description:
  - Returns buckets in the shape that M(borgstack.platform.s3_buckets) accepts; given to it, they change nothing.
  - What is not set on a bucket, and what the server does not offer, is left out.
author:
  - The borgstack.platform contributors (@borgstack)
extends_documentation_fragment:
  - borgstack.platform.attributes.info
  - borgstack.platform.provisioning.connection
  - borgstack.platform.s3
options:
  names:
    description:
      - Only these buckets; one that does not exist is left out.
      - Needed where the access key may not list all buckets.
    type: list
    elements: str
  prefixes:
    description: Whether the prefixes up to the first slash are returned, too; takes a request for every thousand.
    type: bool
    default: false
  usage:
    description:
      - Whether the number and the size of the objects are returned, too; takes a request for every thousand.
      - Earlier versions of objects, and unfinished uploads, do not count.
    type: bool
    default: false
seealso:
  - module: borgstack.platform.s3_buckets
"""

EXAMPLES = r"""
- name: Read the buckets of a server
  borgstack.platform.s3_buckets_info:
    endpoint_url: http://10.201.0.4:8333
    access_key: platform
    secret_key: "{{ admin_secret_key }}"
  register: existing

- name: Write them down
  ansible.builtin.copy:
    content: "{{ {'buckets': existing.buckets} | to_nice_yaml }}"
    dest: buckets.yml
    mode: "0600"
  delegate_to: localhost
"""

RETURN = r"""
buckets:
  description: The buckets, as O(borgstack.platform.s3_buckets#module:buckets) has them, sorted by name.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name.
      type: str
      returned: always
    prefixes:
      description: Prefixes up to the first slash.
      type: list
      elements: str
      returned: when O(prefixes) is set
    versioning:
      description: Whether earlier versions of objects are kept; false where that is suspended.
      type: bool
      returned: where it was ever set
    lifecycle:
      description: Lifecycle rules.
      type: list
      elements: dict
      returned: where it is set
    cors:
      description: CORS rules.
      type: list
      elements: dict
      returned: where it is set
    policy:
      description: Bucket policy.
      type: dict
      returned: where it is set
    tags:
      description: Tags, without those of AWS itself.
      type: dict
      returned: where it is set
  sample: [{"name": "directus", "versioning": true}]
usage:
  description: Number of objects and their size in bytes, by the bucket's name.
  returned: when O(usage) is set
  type: dict
  sample: {"directus": {"objects": 12, "bytes": 34567}}
unsupported:
  description: Features that the server does not offer, in words.
  returned: success
  type: list
  elements: str
  sample: ["versioning"]
"""

from ansible_collections.borgstack.platform.plugins.module_utils import provisioning
from ansible_collections.borgstack.platform.plugins.module_utils.module import PlatformModule
from ansible_collections.borgstack.platform.plugins.module_utils.s3 import connection, info


def main():
    """Run the module."""
    module = PlatformModule(
        argument_spec={
            **connection.OPTIONS,
            **provisioning.INFO_OPTIONS,
            "prefixes": {"type": "bool", "default": False},
            "usage": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    options = module.params
    wanted = {key: options[key] for key in ("names", "prefixes", "usage")}
    provisioning.tell(module, lambda: info.describe(connection.Server(options), **wanted))


if __name__ == "__main__":
    main()
