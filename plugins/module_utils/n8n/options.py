# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a credential and a workflow may say.

By name of the option, as Ansible specifies arguments: modules are given such items, and services declare them in their
needs.
"""

from __future__ import annotations

CREDENTIAL = {
    "name": {"type": "str", "required": True},
    "type": {"type": "str", "required": True},
    "data": {"type": "dict", "required": True, "no_log": True},
}

WORKFLOW = {
    "name": {"type": "str", "required": True},
    "active": {"type": "bool", "default": True},
    "definition": {"type": "dict", "required": True},
}
