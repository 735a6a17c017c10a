# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A database that is closed to everybody: what PUBLIC loses, and what its owner keeps."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import contents
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.privilege_kinds import wanted
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import Ident, Statement


def plan(database: dict, found: dict | None, owner: str | None, inside: dict, has: set[str]) -> t.Iterator[Step]:
    """Yield the steps that close a database, if that is declared.

    In a schema `public` that does not belong to the owner, as in PostgreSQL 14 and in what was upgraded from it, the
    owner could create by what everybody may only.

    Args:
        database: the declaration.
        found: the database as it is; none where there is none.
        owner: whom it will belong to; none where that is the login role.
        inside: as returned by `content_catalog.inspect` or `contents.of_a_new_database`.
        has: the roles whose privileges the owner has; all of them if it is a superuser.
    """
    if not database["revoke_public"]:
        return
    name = database["name"]
    if "public" in contents.schema_names(database, inside):
        public = inside["schemas"].get("public", {"owner": None, "creators": [], "public_creates": False})
        lacking = _lacking(database, owner, public, has)
        if lacking:
            words, shown = f"grant {lacking} on schema {name}.public to its owner {owner}", f"{owner} may create"
            text = f"GRANT {lacking} ON SCHEMA public TO {{}}"
            yield _step(name, words, text, (Ident(owner),), {shown: False}, {shown: True})
        if public["public_creates"]:
            words, shown = f"revoke create on schema public of {name} from PUBLIC", "PUBLIC may create"
            yield _step(name, words, "REVOKE CREATE ON SCHEMA public FROM PUBLIC", (), {shown: True}, {shown: False})
    if found is None or found["public"]:
        words, shown = f"revoke all on database {name} from PUBLIC", "PUBLIC may connect"
        text = "REVOKE ALL ON DATABASE {} FROM PUBLIC"
        yield _step(name, words, text, (Ident(name),), {shown: True}, {shown: False})


def kept(database: dict, owner: str | None) -> set[str]:
    """Return what the owner keeps on the schema `public`, which nobody else's declaration is to take away."""
    if not database["revoke_public"] or not owner:
        return set()
    refused = set()
    for grant in database["privileges"]:
        if (grant["role"], grant["on"], grant["schema"], grant["state"]) == (owner, "schema", "public", "absent"):
            refused |= wanted(grant)
    return {"CREATE", "USAGE"} - refused


def _lacking(database: dict, owner: str | None, public: dict, has: set[str]) -> str:
    """Return the privileges that the owner does not hold on the schema by itself, as one text."""
    declared = {schema["name"]: schema["owner"] for schema in database["schemas"]}.get("public")
    holders = set(public["creators"])
    if declared and public["owner"]:
        # Whom a schema is handed over to gets what its owner held.
        holders = (holders - {public["owner"]}) | {declared}
    if holders & {owner, contents.PUBLIC_OWNER, *has}:
        return ""
    return ", ".join(sorted(kept(database, owner)))


def _step(name: str, words: str, text: str, parts: tuple, before: dict, after: dict) -> Step:
    return Step(f"database {name}", words, Statement(text, parts, name), before, after)
