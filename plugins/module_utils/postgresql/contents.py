# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is in a database: extensions and schemas."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PREREQUISITE, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import Ident, Statement, Text

EXTENSIONS = """select extname as name, extversion as version, nspname as schema
                from pg_extension join pg_namespace n on n.oid = extnamespace"""
SCHEMAS = """select nspname as name, pg_get_userbyid(nspowner) as owner,
             exists (select from aclexplode(coalesce(nspacl, acldefault('n', nspowner)))
                     where grantee = 0 and privilege_type = 'CREATE') as public_creates
             from pg_namespace"""


def step(name: str, words: str, statement: Statement, before: dict, after: dict) -> Step:
    """Return a step that is about a database."""
    return Step(f"database {name}", words, statement, before, after)


def refuse_extension(extension: dict, offered: list[str] | None, names: list[str], where: str) -> None:
    """Refuse an extension that the server cannot create.

    Args:
        extension: the declared one.
        offered: the versions that the server has of it.
        names: the extensions that the server has.
        where: the place, for messages.

    Raises:
        PlatformError: it is not there, or not in the declared version; says what is there.
    """
    if not offered:
        known = ", ".join(names)
        raise PlatformError(
            PREREQUISITE,
            f"the server does not have the extension {extension['name']}; it has {known}",
            "use an image that has it",
            where=where,
        )
    if extension["version"] and extension["version"] not in offered:
        raise PlatformError(
            PREREQUISITE,
            f"the server has {extension['name']} in {', '.join(sorted(offered))}, not in {extension['version']}",
            "declare one of these versions",
            where=where,
        )


def extensions(database: dict, found: dict) -> t.Iterator[Step]:
    """Yield the steps for a database's declared extensions; `found` are those that are there, by name."""
    name = database["name"]
    for extension in database["extensions"]:
        wanted, actual = extension["name"], found.get(extension["name"])
        shown = f"extension {wanted}"
        if extension["state"] == "absent":
            if actual:
                statement = Statement("DROP EXTENSION {}", (Ident(wanted),), name)
                yield step(name, f"drop {shown} in {name}", statement, {shown: actual["version"]}, {})
        elif actual is None:
            text, parts = "CREATE EXTENSION {}", [Ident(wanted)]
            for word, key, kind in (("SCHEMA", "schema", Ident), ("VERSION", "version", Text)):
                if extension[key]:
                    text += f" {word} {{}}"
                    parts.append(kind(extension[key]))
            yield step(
                name,
                f"create {shown} in {name}",
                Statement(text, tuple(parts), name),
                {},
                {shown: extension["version"] or "present"},
            )
        elif extension["version"] and actual["version"] != extension["version"]:
            statement = Statement("ALTER EXTENSION {} UPDATE TO {}", (Ident(wanted), Text(extension["version"])), name)
            yield step(
                name,
                f"update {shown} in {name} to {extension['version']}",
                statement,
                {shown: actual["version"]},
                {shown: extension["version"]},
            )


def schemas(database: dict, found: dict) -> t.Iterator[Step]:
    """Yield the steps for a database's declared schemas; `found` are those that are there, by name."""
    name = database["name"]
    for schema in database["schemas"]:
        actual, shown = found.get(schema["name"]), f"schema {schema['name']}"
        if schema["state"] == "absent":
            if actual:
                statement = Statement("DROP SCHEMA {}", (Ident(schema["name"]),), name)
                yield step(name, f"drop {shown} in {name}", statement, {shown: actual["owner"]}, {})
        elif actual is None:
            owned = (Ident(schema["owner"]),) if schema["owner"] else ()
            text = "CREATE SCHEMA {} AUTHORIZATION {}" if owned else "CREATE SCHEMA {}"
            statement = Statement(text, (Ident(schema["name"]), *owned), name)
            yield step(name, f"create {shown} in {name}", statement, {}, {shown: schema["owner"] or "present"})
        elif schema["owner"] and actual["owner"] != schema["owner"]:
            statement = Statement("ALTER SCHEMA {} OWNER TO {}", (Ident(schema["name"]), Ident(schema["owner"])), name)
            yield step(
                name,
                f"change owner of {shown} in {name}",
                statement,
                {shown: actual["owner"]},
                {shown: schema["owner"]},
            )
