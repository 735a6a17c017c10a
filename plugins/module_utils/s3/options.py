# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a bucket may say.

By name of the option, as Ansible specifies arguments: modules are given such items, and services declare them in their
needs.
"""

from __future__ import annotations

from ansible_collections.borgstack.platform.plugins.module_utils.provisioning import STATE

BUCKET = {
    "name": {"type": "str", "required": True},
    "prefixes": {"type": "list", "elements": "str"},
    "versioning": {"type": "bool"},
    "lifecycle": {"type": "list", "elements": "dict"},
    "cors": {"type": "list", "elements": "dict"},
    "policy": {"type": "dict"},
    "tags": {"type": "dict"},
    "quota": {"type": "int"},
    "state": STATE,
    "force": {"type": "bool", "default": False},
}
