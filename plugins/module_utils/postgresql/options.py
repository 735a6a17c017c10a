# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a role, a database and the migrations of a database may say.

By name of the option, as Ansible specifies arguments: modules are given such items, and services declare them in their
needs.
"""

from __future__ import annotations

from ansible_collections.borgstack.platform.plugins.module_utils.provisioning import STATE

NAME = {"type": "str", "required": True}

ROLE = {
    "name": NAME,
    "password": {"type": "str", "no_log": True},
    "login": {"type": "bool", "default": True},
    "superuser": {"type": "bool"},
    "createdb": {"type": "bool"},
    "createrole": {"type": "bool"},
    "replication": {"type": "bool"},
    "inherit": {"type": "bool"},
    "bypassrls": {"type": "bool"},
    "connection_limit": {"type": "int"},
    "valid_until": {"type": "str"},
    "member_of": {"type": "list", "elements": "str"},
    "exclusive_memberships": {"type": "bool", "default": False},
    "reassign_to": {"type": "str"},
    "allow_lockout": {"type": "bool", "default": False},
    "settings": {"type": "dict"},
    "comment": {"type": "str"},
    "state": STATE,
}

EXTENSION = {"name": NAME, "version": {"type": "str"}, "schema": {"type": "str"}, "state": STATE}

SCHEMA = {"name": NAME, "owner": {"type": "str"}, "state": STATE}

PRIVILEGE = {
    "role": NAME,
    "on": {
        "type": "str",
        "required": True,
        "choices": ["database", "schema", "all_tables", "all_sequences", "all_functions", "default"],
    },
    "schema": {"type": "str", "default": "public"},
    "objects": {"type": "str", "choices": ["tables", "sequences", "functions"], "default": "tables"},
    "creator": {"type": "str"},
    "privileges": {"type": "list", "elements": "str", "required": True},
    "grant_option": {"type": "bool", "default": False},
    "state": STATE,
}

DATABASE = {
    **{key: {"type": "str"} for key in ("owner", "encoding", "locale", "template", "comment")},
    **{
        key: {"type": "bool", "default": False}
        for key in ("reassign_owner", "revoke_public", "exclusive_privileges", "force")
    },
    "reassign_objects_from": {"type": "list", "elements": "str", "default": []},
    "locale_provider": {"type": "str", "choices": ["libc", "icu", "builtin"]},
    "role_settings": {"type": "dict", "default": {}},
    "name": NAME,
    "connection_limit": {"type": "int"},
    "settings": {"type": "dict"},
    "extensions": {"type": "list", "elements": "dict", "default": [], "options": EXTENSION},
    "schemas": {"type": "list", "elements": "dict", "default": [], "options": SCHEMA},
    "privileges": {"type": "list", "elements": "dict", "default": [], "options": PRIVILEGE},
    "state": STATE,
}

# Of a database, beside the name of the database and the role that they run as.
MIGRATIONS = {
    "schema": {"type": "str", "default": "platform"},
    "allow_out_of_order": {"type": "bool", "default": False},
    "migrations": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {"version": NAME, "name": NAME, "sql": NAME},
    },
}
