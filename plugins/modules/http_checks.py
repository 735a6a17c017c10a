#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: http_checks
short_description: Carry out many HTTP checks at the same time
version_added: "0.1.0"
description:
  - Asks many URLs in parallel and says of each whether the answer is what is expected.
  - A check that fails does not make the task fail, and all of them are carried out. Only input that makes no sense is
    a failure.
  - What it returns holds no secret. Neither headers, bodies, queries nor texts out of an answer are part of it, only
    states such as C(ok), numbers and truth values.
  - Needs nothing but Python, and uses no proxy.
author:
  - The borgstack.platform contributors (@borgstack)
extends_documentation_fragment:
  - borgstack.platform.attributes.info
options:
  checks:
    description: The checks.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: What it proves, in words.
        type: str
        required: true
      url:
        description:
          - What to ask, as V(http://), V(https://), V(tcp://host:port) for a bare connection, or
            V(h2c://host:port) for one in which the server takes up HTTP/2 without encryption, as gRPC does where
            nobody has to prove who they are.
          - A login in it is refused; use O(checks[].headers).
        type: str
        required: true
      method:
        description: HTTP's method.
        type: str
        default: GET
      headers:
        description: Headers to send.
        type: dict
      body:
        description: What to send as JSON.
        type: dict
      status:
        description: Accepted statuses; numbers such as V(200), or ranges such as V(100-499) for any below 500.
        type: list
        elements: raw
        default: [200]
      location:
        description: What the address that it redirects to must begin with, such as V(https://www.example.com/).
        type: str
      json:
        description: >-
          Values that the answer must hold, by dotted path, with an item's number for lists, such as
          V(data.0.active). They are compared with their type.
        type: dict
      contains:
        description: A text that the answer must hold. No more than the first MiB of an answer is looked at.
        type: str
      open:
        description: >-
          Whether a bare connection (V(tcp://), V(h2c://)) shall succeed. When V(false), the check is good when it does
          not.
        type: bool
        default: true
      follow_redirects:
        description: Whether to go where it redirects to. Headers and body are sent to the first host and port alone.
        type: bool
        default: false
      timeout:
        description: Seconds that the check may take altogether.
        type: float
        default: 10
      connect_to:
        description: >-
          Where to connect to, whatever the URL's host says, as V(address:port), V([IPv6 address]:port) or an address
          alone. The host that is asked for, and that the certificate must be for, stays the URL's.
        type: str
      validate_certs:
        description: Whether the certificate must be valid.
        type: bool
        default: true
      ca_cert:
        description: File with the authorities to trust instead of the system's.
        type: path
      ca_pem:
        description: The same as text.
        type: str
      certificate_days:
        description: Days that the certificate must be valid for.
        type: int
  workers:
    description: How many checks run at a time.
    type: int
    default: 16
"""

EXAMPLES = r"""
- name: Ask all at once
  borgstack.platform.http_checks:
    checks:
      - name: n8n is connected to its database
        url: http://10.201.0.5:5678/healthz/readiness
        json:
          status: ok
      - name: the site is reachable before its name resolves
        url: https://n8n.example.com/
        connect_to: 203.0.113.7
        status: [200-399]
        certificate_days: 14
      - name: PostgreSQL cannot be reached from here
        url: tcp://203.0.113.7:5432
        open: false
        timeout: 2
  register: answers

- name: Say what failed
  ansible.builtin.debug:
    var: answers.failed
"""

RETURN = r"""
results:
  description: What came of each check, in order.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The check's name.
      type: str
    ok:
      description: Whether the answer is what is expected.
      type: bool
    reason:
      description: >-
        Why not, as one word; one of dns, refused, timeout, unreachable, closed, certificate, tls, protocol, redirect,
        status, location, contains, json, open, failure. Empty when it is.
      type: str
    what:
      description: What was expected and what came, in words.
      type: str
    status:
      description: HTTP's status; null without an answer.
      type: int
    certificate_days:
      description: Whole days until the server's certificate expires; null without one.
      type: int
    seconds:
      description: How long it took.
      type: float
  sample:
    - name: n8n is connected to its database
      ok: false
      reason: status
      what: status 503, not 200
      status: 503
      certificate_days: null
      seconds: 0.012
unmet:
  description: Names of the checks that are not ok.
  returned: success
  type: list
  elements: str
  sample: [n8n is connected to its database]
"""

from ansible_collections.borgstack.platform.plugins.module_utils.checks.declaration import parsed
from ansible_collections.borgstack.platform.plugins.module_utils.checks.run import run
from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.module import PlatformModule


def main():
    """Run the module."""
    check = {
        "name": {"type": "str", "required": True},
        "url": {"type": "str", "required": True},
        "method": {"type": "str", "default": "GET"},
        "headers": {"type": "dict", "no_log": True},
        "body": {"type": "dict", "no_log": True},
        "status": {"type": "list", "elements": "raw", "default": [200]},
        "location": {"type": "str"},
        "json": {"type": "dict"},
        "contains": {"type": "str"},
        "open": {"type": "bool", "default": True},
        "follow_redirects": {"type": "bool", "default": False},
        "timeout": {"type": "float", "default": 10},
        "connect_to": {"type": "str"},
        "validate_certs": {"type": "bool", "default": True},
        "ca_cert": {"type": "path"},
        "ca_pem": {"type": "str"},
        "certificate_days": {"type": "int"},
    }
    module = PlatformModule(
        argument_spec={
            # Not logged as a whole: a URL's query, or a value that an answer must hold, may be a secret too.
            "checks": {"type": "list", "elements": "dict", "required": True, "no_log": True, "options": check},
            "workers": {"type": "int", "default": 16},
        },
        supports_check_mode=True,
    )
    # The results are made of nothing but harmless words; masking all that a check holds would deface them.
    module.no_log_values = set()
    invocation = {"module_args": {"checks": [options["name"] for options in module.params["checks"]]}}
    try:
        checks = [parsed(options) for options in module.params["checks"]]
    except PlatformError as error:
        module.fail_json(invocation=invocation, **error.as_result())
    results = run(checks, max(1, module.params["workers"]))
    unmet = [result["name"] for result in results if not result["ok"]]
    module.exit_json(changed=False, results=results, unmet=unmet, invocation=invocation)


if __name__ == "__main__":
    main()
