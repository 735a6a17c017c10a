#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_databases
short_description: Keep many PostgreSQL databases as declared, with one connection a database
version_added: "0.1.0"
description:
  - Creates, changes and drops databases, and the extensions, schemas and privileges in them.
  - A property that is not declared is left as it is, and so is an object that is not declared.
  - What cannot be done in place is refused before anything is changed.
  - What is done in one database is one transaction; only creating and dropping it cannot be part of it.
author:
  - The borgstack.platform contributors (@borgstack)
extends_documentation_fragment:
  - borgstack.platform.attributes
  - borgstack.platform.provisioning
  - borgstack.platform.provisioning.connection
  - borgstack.platform.postgresql
  - borgstack.platform.postgresql.planning
options:
  databases:
    description: The databases.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name, up to 63 bytes.
        type: str
        required: true
      owner:
        description: Role that it belongs to; has to exist.
        type: str
      reassign_owner:
        description: Whether a database of somebody else is handed over to O(databases[].owner) instead of refused.
        type: bool
        default: false
      reassign_objects_from:
        description:
          - Roles whose objects in this database, and in no other, are handed over to its owner.
          - Schemas with an owner of their own in O(databases[].schemas) and members of extensions are left alone,
            and so are the kinds of objects that can only belong to superusers.
        type: list
        elements: str
        default: []
      encoding:
        description: Encoding, such as V(UTF8); cannot be changed later.
        type: str
      locale_provider:
        description:
          - What its locale is of; cannot be changed later.
          - V(icu) needs PostgreSQL 15, V(builtin) needs 17, and both a O(databases[].locale).
        type: str
        choices: [libc, icu, builtin]
      locale:
        description: Locale of its provider, such as V(C.UTF-8); cannot be changed later.
        type: str
      template:
        description: Database that it is copied from when it is created.
        type: str
      connection_limit:
        description: How many connections it may have; V(-1) for any number.
        type: int
      settings:
        description: Settings of its sessions by name; a null value resets one, a list has several elements.
        type: dict
      role_settings:
        description: Settings of a role's sessions in this database alone, as in O(databases[].settings), by role.
        type: dict
        default: {}
      comment:
        description: Comment; empty for none.
        type: str
      revoke_public:
        description:
          - Whether everybody loses the right to connect to it and to create in its schema C(public).
          - Its owner keeps the right to, also where that schema belongs to somebody else.
        type: bool
        default: false
      extensions:
        description: Extensions.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: Name.
            type: str
            required: true
          version:
            description: Version; updated to it where it differs.
            type: str
          schema:
            description: Schema that it is created in; moved there where it can be.
            type: str
          state:
            description: Whether it exists.
            type: str
            choices: [present, absent]
            default: present
      schemas:
        description: Schemas.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: Name.
            type: str
            required: true
          owner:
            description: Role that it belongs to.
            type: str
          state:
            description: Whether it exists.
            type: str
            choices: [present, absent]
            default: present
      privileges:
        description: Privileges.
        type: list
        elements: dict
        default: []
        suboptions:
          role:
            description: Role that holds them; V(PUBLIC) for everybody.
            type: str
            required: true
          'on':
            description:
              - What they are on.
              - V(default) means objects that O(databases[].privileges[].creator) will create in the schema.
            type: str
            choices: [database, schema, all_tables, all_sequences, all_functions, default]
            required: true
          schema:
            description:
              - Schema that is meant; without meaning where O(databases[].privileges[].on=database).
              - Where O(databases[].privileges[].on=default), an empty one means all schemas. What is given there cannot
                be taken back in a single one; PostgreSQL gives C(EXECUTE) on every new function to V(PUBLIC) so.
            type: str
            default: public
          objects:
            description: Kind of objects that is meant where O(databases[].privileges[].on=default).
            type: str
            choices: [tables, sequences, functions]
            default: tables
          creator:
            description:
              - Role whose objects are meant where O(databases[].privileges[].on=default).
              - The database's owner where it is not given.
            type: str
          privileges:
            description: Privileges as in SQL, such as V(SELECT), or V(ALL).
            type: list
            elements: str
            required: true
          grant_option:
            description: Whether the role may grant them to others; V(false) leaves it as it is.
            type: bool
            default: false
          state:
            description: Whether the role holds them.
            type: str
            choices: [present, absent]
            default: present
      exclusive_privileges:
        description:
          - Whether other roles lose what they hold where O(databases[].privileges) names any for the same objects.
          - What everybody holds is a matter of O(databases[].revoke_public), or of a privilege of V(PUBLIC).
        type: bool
        default: false
      state:
        description: Whether it exists.
        type: str
        choices: [present, absent]
        default: present
      force:
        description: Whether sessions are ended when it is dropped.
        type: bool
        default: false
"""

EXAMPLES = r"""
- name: Keep the database of an application, with vectors, closed to all others
  borgstack.platform.postgresql_databases:
    login_host: 10.201.0.2
    login_password: "{{ superuser_password }}"
    databases:
      - name: n8n_db
        owner: n8n_user
        revoke_public: true
        extensions:
          - name: vector
        privileges:
          - role: reports
            'on': database
            privileges: [CONNECT]
"""

RETURN = r"""
plan:
  description: What was done, or would be done in check mode, in words.
  returned: success
  type: list
  elements: str
  sample: ["create database n8n_db", "create extension vector in n8n_db"]
undeclared:
  description: What exists and is not declared, in words.
  returned: when O(report_undeclared) is set
  type: list
  elements: str
error:
  description: What went wrong, in parts.
  returned: failure
  type: dict
  contains:
    category:
      description: Number of the category.
      type: int
    category_name:
      description: Name of the category.
      type: str
    what:
      description: What was tried, and what the server answered.
      type: str
    where:
      description: The database or the server that it happened at.
      type: str
    remedy:
      description: What to do next.
      type: str
    done:
      description: The steps that had been committed before, in words.
      type: list
      elements: str
"""

from ansible_collections.borgstack.platform.plugins.module_utils.module import PlatformModule
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import databases
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.options import DATABASE
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.session import OPTIONS, run
from ansible_collections.borgstack.platform.plugins.module_utils.provisioning import finish


def main():
    """Run the module."""
    module = PlatformModule(
        argument_spec={
            **OPTIONS,
            "databases": {"type": "list", "elements": "dict", "required": True, "options": DATABASE},
        },
        supports_check_mode=True,
    )
    finish(module, lambda: run(module, databases, module.params["databases"]))


if __name__ == "__main__":
    main()
