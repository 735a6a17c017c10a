#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_roles
short_description: Keep many PostgreSQL roles as declared, with one connection
version_added: "0.1.0"
description:
  - Creates, changes and drops roles, their passwords, attributes, memberships, settings and comments.
  - A property that is not declared is left as it is.
  - All that is changed is one transaction; handing over what a role owned is one more in each database.
  - Passwords are compared with what the server stores and sent as SCRAM-SHA-256 verifiers only, so that an unchanged
    password is no change and no clear password reaches a server's log.
author:
  - The borgstack.platform contributors (@borgstack)
extends_documentation_fragment:
  - borgstack.platform.attributes
  - borgstack.platform.provisioning
  - borgstack.platform.provisioning.connection
  - borgstack.platform.postgresql
  - borgstack.platform.postgresql.planning
options:
  roles:
    description: The roles.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name, up to 63 bytes.
        type: str
        required: true
      password:
        description:
          - Clear password or a verifier as PostgreSQL stores it.
          - Compared with the stored verifier; where that cannot be read, by logging in with it.
        type: str
      login:
        description: Whether it may log in.
        type: bool
        default: true
      superuser:
        description: Whether it may do everything.
        type: bool
      createdb:
        description: Whether it may create databases.
        type: bool
      createrole:
        description: Whether it may create roles.
        type: bool
      replication:
        description: Whether it may replicate.
        type: bool
      inherit:
        description: Whether it has the privileges of the roles that it is a member of without asking for them.
        type: bool
      bypassrls:
        description: Whether it sees rows that policies hide from others.
        type: bool
      connection_limit:
        description: How many connections it may have; V(-1) for any number.
        type: int
      valid_until:
        description: When its password expires, in any spelling that PostgreSQL reads; V(infinity) for never.
        type: str
      member_of:
        description:
          - Roles that it is a member of.
          - The right to grant a role, and nothing else, as PostgreSQL 16 gives it to who makes one, is no membership.
        type: list
        elements: str
      exclusive_memberships:
        description: Whether it leaves the roles that O(roles[].member_of) does not name.
        type: bool
        default: false
      reassign_to:
        description:
          - Role that gets what it owns, in all databases, where it is dropped; its privileges are revoked then, and
            memberships that it granted are granted anew by the role that is logged in as.
          - Where it is not given, a role that owns something, holds privileges or granted memberships is not dropped.
        type: str
      allow_lockout:
        description:
          - Whether the role that is logged in as may lose what it needs to log in and to manage roles again, such as
            O(roles[].login) or O(roles[].superuser); refused otherwise.
        type: bool
        default: false
      settings:
        description: Settings of its sessions by name; a null value resets one, a list has several elements.
        type: dict
      comment:
        description: Comment; empty for none.
        type: str
      state:
        description: Whether it exists.
        type: str
        choices: [present, absent]
        default: present
"""

EXAMPLES = r"""
- name: Keep the roles of two applications
  borgstack.platform.postgresql_roles:
    login_host: 10.201.0.2
    login_password: "{{ superuser_password }}"
    roles:
      - name: n8n_user
        password: "{{ n8n_password }}"
        connection_limit: 50
      - name: reports
        login: false
"""

RETURN = r"""
plan:
  description: What was done, or would be done in check mode, in words.
  returned: success
  type: list
  elements: str
  sample: ["create role n8n_user"]
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
      description: The role or the server that it happened at.
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
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import roles
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.options import ROLE
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.session import OPTIONS, run
from ansible_collections.borgstack.platform.plugins.module_utils.provisioning import finish


def main():
    """Run the module."""
    module = PlatformModule(
        argument_spec={**OPTIONS, "roles": {"type": "list", "elements": "dict", "required": True, "options": ROLE}},
        supports_check_mode=True,
    )
    finish(module, lambda: run(module, roles, module.params["roles"]))


if __name__ == "__main__":
    main()
