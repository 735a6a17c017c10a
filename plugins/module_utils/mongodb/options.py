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
    "database": {"type": "str", "default": "admin"},
    "password": {"type": "str", "no_log": True},
    "roles": {
        "type": "list",
        "elements": "dict",
        "options": {"role": {"type": "str", "required": True}, "db": {"type": "str"}},
    },
    "state": STATE,
}
