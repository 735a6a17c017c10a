#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_migrations
short_description: Bring many PostgreSQL databases up to date with SQL migrations, with one connection a database
version_added: "0.1.0"
description:
  - Runs the migrations that a database has not seen yet, in order of their versions, forward only.
  - A migration and its row in the ledger are one transaction, so a run that is killed leaves all of it or nothing.
  - Two runs at once wait for each other.
  - A migration that was applied is never run again; where its text has changed since, the whole run is refused.
  - What was applied and is not declared is left as it is.
notes:
  - The text of a migration is run as a whole, as part of one transaction. What PostgreSQL does not allow in one, such
    as C(COMMIT) and C(CREATE INDEX CONCURRENTLY), is refused by the server, and so is C(COPY FROM STDIN).
  - A text whose first line, after comments at most, is C(-- migrate:up transaction:false) is sent as it is, outside of
    a transaction, and its row in the ledger follows it. It is one statement. A run that is killed in between carries it
    out again.
  - Line ends, blanks at the end of lines and a byte order mark do not count as a change of a text. It is run with plain
    line ends and without the mark.
  - Commands of psql, which begin with a backslash, are refused.
  - It runs with the server's own defaults, except for C(search_path), which is C("$user", public), C(DateStyle), which
    is C(ISO, YMD), and C(TimeZone), which is C(UTC). What a migration sets for the session ends with it.
  - The ledger is a table C(schema_migrations) with the column C(version) as dbmate and Rails have it, and C(name),
    C(checksum) and C(applied_at). One that was begun by such a tool is continued; one whose columns our rows do not fit
    into is refused.
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
    description:
      - The databases, with what they are to have been through.
      - A database may be there several times; those with the same ledger are one history.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name; has to exist.
        type: str
        required: true
      role:
        description:
          - Role that the migrations run as, and that owns what they make.
          - The login role where it is not given.
        type: str
      schema:
        description:
          - Schema of the ledger; made where it does not exist, and closed to all but the login role then.
          - Histories that know nothing of each other have a schema each.
          - Rails keeps a table of the ledger's name in the schema C(public) of its own databases.
        type: str
        default: platform
      allow_out_of_order:
        description: Whether a migration runs although a newer one has been applied, instead of being refused.
        type: bool
        default: false
      migrations:
        description: The migrations, in any order.
        type: list
        elements: dict
        required: true
        suboptions:
          version:
            description: Digits that put it in order, as a number. Quote them in YAML, where C(010) is eight.
            type: str
            required: true
          name:
            description: What it does, in a word or two.
            type: str
            required: true
          sql:
            description: SQL statements. No place for secrets, as servers may log them.
            type: str
            required: true
  assume_databases:
    description:
      - Databases that count as existing, and as empty, in check mode, because an earlier task of the same play would
        make them; any other that does not exist is refused then.
      - Where it is not given, every database that does not exist counts so in check mode, with a warning.
      - Without meaning outside of check mode, and for those that exist.
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: Keep the tables that the workflows use
  borgstack.platform.postgresql_migrations:
    login_host: 10.201.0.2
    login_password: "{{ superuser_password }}"
    databases:
      - name: n8n_db
        role: n8n_user
        migrations:
          - version: "20250101120000"
            name: create_error_queue
            sql: "{{ lookup('ansible.builtin.file', 'create_error_queue.sql') }}"
"""

RETURN = r"""
plan:
  description: What was done, or would be done in check mode, in words.
  returned: success
  type: list
  elements: str
  sample: ["migrate database n8n_db to 20250101120000 create_error_queue"]
undeclared:
  description: What was applied and is not declared, in words.
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
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import migrations
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.options import MIGRATIONS, NAME
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.session import OPTIONS, run
from ansible_collections.borgstack.platform.plugins.module_utils.provisioning import finish


def main():
    """Run the module."""
    options = {"name": NAME, "role": {"type": "str"}, **MIGRATIONS}
    module = PlatformModule(
        argument_spec={
            **OPTIONS,
            "assume_databases": {"type": "list", "elements": "str"},
            "databases": {"type": "list", "elements": "dict", "required": True, "options": options},
        },
        supports_check_mode=True,
    )
    finish(module, lambda: run(module, migrations, module.params["databases"]))


if __name__ == "__main__":
    main()
