#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Documentation alone: the action of the same name does it, on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rotate_secrets
short_description: Put new secrets in place of old ones, and tell how old they are
version_added: "0.3.0"
description:
  - Makes new values, by policy, for secrets in the vaulted file beside the inventory, and replaces the file once for
    all of them. What the hosts run gets them with the next run of C(site.yml).
  - Only what a declaration asks for is rotated. What others made, what data was written with, what is supplied, and the
    administrator of somebody else's server never is.
  - What is used by a program that does not run here is rotated by its name alone.
  - Without O(names) and O(older_than) it changes nothing and tells ages.
  - Runs on the controller.
author:
  - The borgstack.platform contributors (@borgstack)
attributes:
  check_mode:
    description: Tells what would be rotated.
    support: full
  diff_mode:
    description: Secrets are not shown.
    support: none
  platform:
    description: Where the hosts' systems do not matter.
    support: full
    platforms: posix
options:
  path:
    description: The vaulted file.
    type: path
    required: true
  uses:
    description: C(platform_secret_uses) of each host that shares the file, as M(borgstack.platform.declare) returns it.
    type: list
    elements: dict
    required: true
  names:
    description: The secrets to rotate; V(all) alone for all that may be.
    type: list
    elements: str
    default: []
  older_than:
    description: In place of names, an age in days; what is older is rotated.
    type: int
  unknown:
    description: Whether a secret whose age is not known counts as older.
    type: bool
    default: false
  limit_days:
    description: The age in days from which on a secret is told as overdue; one of unknown age is.
    type: int
    default: 90
  missing:
    description:
      - As O(borgstack.platform.secret#lookup:platform_missing_secrets).
      - Nothing is rotated unless that comes to V(make).
    type: str
    default: auto
  read_only:
    description: As O(borgstack.platform.secret#lookup:platform_secrets_read_only).
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Have everything new that is older than half a year
  borgstack.platform.rotate_secrets:
    path: "{{ platform_secrets_file }}"
    uses: ["{{ platform_secret_uses }}"]
    older_than: 180
"""

RETURN = r"""
rotated:
  description: Names of the secrets that were rotated, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample: [n8n_database_password]
lines:
  description: A table for people.
  returned: success
  type: list
  elements: str
  sample: ["secret       since       days  used by", "n8n_api_key  2026-08-01  120   n8n      is rotated"]
artifact:
  description: The same as data, without secrets.
  returned: success
  type: dict
  contains:
    limit_days:
      description: The limit.
      type: int
    rotated:
      description: What was rotated.
      type: list
      elements: str
    overdue:
      description: What is over the limit, or may be, could be rotated and was not.
      type: list
      elements: str
    unknown:
      description: Secrets whose age is not known.
      type: list
      elements: str
    days:
      description: Days by name; none where the age is not known.
      type: dict
    stays:
      description: Why it is never rotated, by name.
      type: dict
"""
