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
  - A feature that is not declared is neither changed nor asked for, because servers lack different ones. What is
    declared and not offered by the server is named for all buckets before anything is done.
  - Policies and rules are compared by what they mean. The names of rules and statements (C(ID), C(Sid)) count only
    where they are declared, because servers give some of their own. The order of CORS rules counts, because the first
    match rules.
notes:
  - Proven against SeaweedFS, and against a mock of AWS (moto). For the others their documentation was followed.
  - Buckets are addressed by path, so that none needs a name of its own in DNS or in a certificate.
  - Some servers offer to read a feature and refuse to set it, such as versioning on Garage, CORS on MinIO, and
    lifecycle rules with transitions on SeaweedFS. That shows only when it is set, so check mode plans a step that will
    be refused, and O(skip_unsupported) leaves it out at each run anew.
  - SeaweedFS deletes a bucket that is not empty without being forced to. This module looks first, but what is written
    between its look and the deletion is lost.
  - On AWS, setting lifecycle rules sets C(TransitionDefaultMinimumObjectSize) to AWS's default.
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
        description:
          - Name, 3 to 63 lower-case letters, digits, dots and dashes.
          - One with a dot gives a warning where O(endpoint_url) is of HTTPS, because applications that address buckets
            as host names would need a certificate for it.
        type: str
        required: true
      prefixes:
        description:
          - Prefixes that are made visible by an empty object where nothing is under them.
          - Slashes around them mean nothing. Ones that a file system would take for another place, such as V(a/../b),
            V(a//b) and those with a backslash, are refused.
        type: list
        elements: str
      versioning:
        description:
          - Whether earlier versions of objects are kept.
          - Switching it off suspends it; a bucket that never had it is left so.
        type: bool
      lifecycle:
        description:
          - Lifecycle rules as in S3's API; an empty list removes them.
          - Dates are texts, such as V(2030-01-01).
        type: list
        elements: dict
      cors:
        description: CORS rules as in S3's API; an empty list removes them.
        type: list
        elements: dict
      policy:
        description: Bucket policy as in S3's API; an empty dictionary removes it.
        type: dict
      tags:
        description: Tags, which are texts; an empty dictionary removes them.
        type: dict
      quota:
        description:
          - Quota in bytes; always counts as not offered by the server, because S3 has no request for it.
          - Set it with the server's own tool, such as C(s3.bucket.quota) in C(weed shell), C(mc quota set) or
            C(radosgw-admin quota set).
        type: int
      state:
        description: Whether it exists.
        type: str
        choices: [present, absent]
        default: present
      force:
        description:
          - Whether objects, their versions and unfinished uploads are deleted with it; without it a bucket that is not
            empty is refused.
          - What is under retention or legal hold stays, and is named.
        type: bool
        default: false
  skip_unsupported:
    description:
      - Whether features that the server does not offer are left out, with a warning and named in RV(unsupported),
        instead of failing before anything is done.
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

- name: Let everybody read what a website needs, and say what else is there
  borgstack.platform.s3_buckets:
    endpoint_url: https://s3.example.com
    access_key: platform
    secret_key: "{{ admin_secret_key }}"
    report_undeclared: true
    buckets:
      - name: site
        prefixes: [images, fonts]
        tags: {team: web}
        cors:
          - AllowedMethods: [GET]
            AllowedOrigins: ["https://www.example.com"]
        policy:
          Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Principal: "*"
              Action: s3:GetObject
              Resource: arn:aws:s3:::site/*
"""

RETURN = r"""
plan:
  description: What was done, or would be done in check mode, in words.
  returned: success
  type: list
  elements: str
  sample: ["create bucket directus"]
undeclared:
  description: Buckets that are not declared, and undeclared features that are set on declared buckets, in words.
  returned: when O(report_undeclared) is set
  type: list
  elements: str
  sample: ["bucket old", "policy of bucket directus"]
unsupported:
  description: What is declared and was left out because the server does not offer it, in words.
  returned: when O(skip_unsupported) is set
  type: list
  elements: str
  sample: ["quota of directus"]
"""

from ansible_collections.borgstack.platform.plugins.module_utils import provisioning
from ansible_collections.borgstack.platform.plugins.module_utils.module import PlatformModule
from ansible_collections.borgstack.platform.plugins.module_utils.s3 import apply, connection, declaration, plan
from ansible_collections.borgstack.platform.plugins.module_utils.s3.inspect import Actual, inspect
from ansible_collections.borgstack.platform.plugins.module_utils.s3.options import BUCKET


def run(module):
    """Converge the buckets and return the result."""
    options, declared = module.params, declaration.checked(module.params["buckets"])
    skip = options["skip_unsupported"]
    if options["assume_empty"]:
        provisioning.refuse_assumption(module)
        server, actual = None, Actual()
    else:
        server = connection.Server(options)
        actual = inspect(server, declared, everything=options["report_undeclared"])
    steps, left_out = plan.plan(declared, actual, skip), plan.unsupported(declared, actual)
    if not module.check_mode:
        steps, refused = apply.carry_out(server, steps, skip)
        left_out += refused
    # What could not be set is no change, so only the steps that were carried out are told.
    result = provisioning.result_of(module, steps, lambda: plan.undeclared(declared, actual))
    if skip:
        result["unsupported"] = left_out
    for warning in plan.warnings(declared, actual, left_out, options["endpoint_url"]):
        module.warn(warning)
    return result


def main():
    """Run the module."""
    module = PlatformModule(
        argument_spec={
            **provisioning.OPTIONS,
            **connection.OPTIONS,
            "skip_unsupported": {"type": "bool", "default": False},
            "buckets": {"type": "list", "elements": "dict", "required": True, "options": BUCKET},
        },
        supports_check_mode=True,
    )
    provisioning.finish(module, lambda: run(module))


if __name__ == "__main__":
    main()
