# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a user may say.

By name of the option, as Ansible specifies arguments: modules are given such items, and services declare them in their
needs.
"""

from __future__ import annotations

from ansible_collections.borgstack.platform.plugins.module_utils.provisioning import STATE

USER = {
    "name": {"type": "str", "required": True},
    "password": {"type": "str", "no_log": True},
    "enabled": {"type": "bool", "default": True},
    "keys": {"type": "list", "elements": "str", "default": [], "aliases": ["key_patterns"], "no_log": False},
    "channels": {"type": "list", "elements": "str", "default": []},
    "commands": {"type": "list", "elements": "str", "default": []},
    "databases": {"type": "list", "elements": "int"},
    "selectors": {"type": "list", "elements": "str", "default": []},
    "sanitize_payload": {"type": "bool", "default": True},
    "state": STATE,
}
