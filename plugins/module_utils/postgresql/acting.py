# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Whom a login role without SUPERUSER may give something to: only a role that it may act as.

From PostgreSQL 16 on, who makes a role may not act as it, but may grant itself the right to.
"""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import INTEGRATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.connection import Server
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import Ident, Statement

FIRST_VERSION_WITH_SET = 160000
MAY_ACT, MAY_GRANT, MAY_NOT = "may act", "may grant", "may not"
# Before that version, who may make roles may grant any that is no superuser.
POWERS = """
select rolname as name, pg_has_role(oid, %(acting)s) as may_act,
       pg_has_role(oid, 'MEMBER WITH ADMIN OPTION') or (
           %(acting)s = 'MEMBER' and not rolsuper
           and (select rolcreaterole from pg_roles where rolname = current_user)) as may_grant
from pg_roles where rolname = any(%(names)s)
"""


def inspect(server: Server, databases: list[dict]) -> dict[str, str] | None:
    """Return for each role that something is to belong to whether the login role may act as it; none if for all.

    Args:
        server: the server.
        databases: the declared ones.
    """
    query = "select rolsuper as super from pg_roles where rolname = current_user"
    if server.rows(query)[0]["super"]:
        return None
    names = {database["owner"] for database in databases}
    names |= {schema["owner"] for database in databases for schema in database["schemas"]}
    acting = "SET" if server.version >= FIRST_VERSION_WITH_SET else "MEMBER"
    rows = server.rows(POWERS, {"names": sorted(filter(None, names)), "acting": acting})
    return {row["name"]: MAY_ACT if row["may_act"] else MAY_GRANT if row["may_grant"] else MAY_NOT for row in rows}


def plan(steps: list[Step], owners: t.Iterable[str], actual: dict) -> t.Iterator[Step]:
    """Yield a step for each role that the login role has to be granted first.

    Args:
        steps: what is planned so far; no role is granted twice.
        owners: the roles that something is to be given to.
        actual: as returned by `database_catalog.inspect`.

    Raises:
        PlatformError: it may not be granted one.
    """
    powers, own = actual["powers"], actual["login_role"]
    if powers is None:
        return
    for role in owners:
        # One that is yet to be made will be made by the login role.
        power = MAY_ACT if role == own else powers.get(role, MAY_GRANT)
        if power == MAY_NOT:
            raise PlatformError(
                INTEGRATION,
                f"something is to belong to role {role}, and the login role {own} may not act as that role",
                f"log in as a superuser, or have one run GRANT for role {role} to role {own}",
                where=f"role {role}",
            )
        words = f"grant role {role} to the login role {own}, which could give it nothing otherwise"
        if power == MAY_GRANT and words not in [step.words for step in steps]:
            statement = Statement("GRANT {} TO {}", (Ident(role), Ident(own)))
            yield Step(f"role {own}", words, statement, {}, {f"member of {role}": True})


def owners_of(database: dict, found: dict | None, inside: dict) -> list[str]:
    """Return the roles that something of a database will belong to, and does not yet.

    Args:
        database: the declaration.
        found: the database as it is; none where there is none.
        inside: as returned by `content_catalog.inspect` or `contents.of_a_new_database`.
    """
    owner = database["owner"]
    owners = [owner] if owner and (found is None or found["owner"] != owner or any(inside["owned"].values())) else []
    for schema in database["schemas"]:
        actual = inside["schemas"].get(schema["name"], {"owner": None})
        if schema["state"] == "present" and schema["owner"] and actual["owner"] != schema["owner"]:
            owners.append(schema["owner"])
    return list(dict.fromkeys(owners))
