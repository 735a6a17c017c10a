# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Objects in a database that are to be handed over to its owner."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import Ident, Quoted, Statement

# Where the server names a kind of object otherwise than ALTER does.
KEYWORDS = {"statistics object": "STATISTICS"}


def plan(database: dict, owner: str, inside: dict) -> t.Iterator[Step]:
    """Yield a step for each role whose objects are to be handed over; declared schemas are a matter of their own.

    Args:
        database: the declaration.
        owner: whom the database will belong to.
        inside: as returned by `content_catalog.inspect` or `contents.of_a_new_database`.
    """
    name = database["name"]
    schemas = {schema["name"] for schema in database["schemas"]}
    for old in database["reassign_objects_from"]:
        objects = [
            item
            for item in inside["owned"].get(old, ())
            if old != owner and not (item["type"] == "schema" and item["name"] in schemas)
        ]
        if objects:
            text = "; ".join(f"ALTER {_keyword(item['type'])} {{}} OWNER TO {{}}" for item in objects)
            parts = tuple(part for item in objects for part in (Quoted(item["identity"]), Ident(owner)))
            shown = [f"{item['type']} {item['identity']}" for item in objects]
            yield Step(
                f"database {name}",
                f"hand {len(objects)} objects of role {old} in database {name} over to role {owner}",
                Statement(text, parts, name),
                dict.fromkeys(shown, f"of role {old}"),
                dict.fromkeys(shown, f"of role {owner}"),
            )


def _keyword(kind: str) -> str:
    return KEYWORDS.get(kind, kind.upper())
