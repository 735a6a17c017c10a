# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a field, a policy, a user and a flow may say.

By name of the option, as Ansible specifies arguments: modules are given such items, and services declare them in their
needs.
"""

from __future__ import annotations

from ansible_collections.borgstack.platform.plugins.module_utils.provisioning import STATE

FIELD = {
    "collection": {"type": "str", "required": True},
    "field": {"type": "str", "required": True},
    "type": {"type": "str", "default": "string"},
    "meta": {"type": "dict", "default": {}},
}

POLICY = {
    "name": {"type": "str", "required": True},
    "description": {"type": "str"},
    "permissions": {"type": "list", "elements": "dict", "required": True},
}

USER = {
    "email": {"type": "str", "required": True},
    "first_name": {"type": "str"},
    "token": {"type": "str", "no_log": True},
    "policies": {"type": "list", "elements": "str", "default": []},
}

FLOW = {
    "name": {"type": "str", "required": True},
    "description": {"type": "str"},
    "trigger": {
        "type": "str",
        "choices": ["event", "schedule", "operation", "webhook", "manual"],
        "default": "event",
    },
    "options": {"type": "dict", "default": {}},
    "operation": {"type": "dict"},
    "state": STATE,
    "secrets": {"type": "dict", "default": {}, "no_log": True},
}
