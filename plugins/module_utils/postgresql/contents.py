# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is in a database, schemas and extensions: what is to be done."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    DATA,
    PREREQUISITE,
    PlatformError,
)
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import content_catalog, database_catalog
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import (
    Ident,
    Statement,
    Text,
    check_names,
)

# Templates that are as PostgreSQL makes them, where nobody says otherwise.
OF_POSTGRESQL = ("template0", "template1")
# Who owns the schema public from 15 on: whoever owns the database.
PUBLIC_OWNER = "pg_database_owner"


def check(database: dict) -> None:
    """Refuse names that PostgreSQL would not keep, that are its own, or that are declared twice.

    Raises:
        PlatformError: there is one.
    """
    for kind in ("schema", "extension"):
        check_names([item["name"] for item in database[f"{kind}s"]], kind)
    for schema in database["schemas"]:
        if schema["name"].startswith("pg_"):
            raise PlatformError(
                CONFIGURATION,
                f"the name of schema {schema['name']} is reserved by PostgreSQL",
                "choose another",
                where=f"database {database['name']}",
            )


def of_a_new_database(database: dict, templates: dict[str, dict], public_creates: bool) -> dict:
    """Return what a database that is yet to be made holds; not `certain` where nobody has looked into its template.

    Args:
        database: the declaration.
        templates: as returned by `database_catalog.inspect`.
        public_creates: whether everybody may create in the schema public of PostgreSQL's own templates.
    """
    name = database_catalog.template_of(database)
    inside = templates.get(name, {}).get("inside")
    if inside:
        # Privileges of the database itself, and settings in it, are not copied.
        copied = {key: value for key, value in inside.items() if key != "privileges"}
        return {**copied, "role_settings": {}}
    names = ("public", "pg_catalog", "information_schema")
    schemas = {name: {"owner": None, "objects": 0, "creators": [], "public_creates": public_creates} for name in names}
    if not public_creates:
        schemas["public"]["creators"] = [PUBLIC_OWNER]
    certain = name in OF_POSTGRESQL and name not in templates
    return {"certain": certain, "schemas": schemas, "extensions": {}, "owned": {}, "role_settings": {}}


def undeclared(database: dict, inside: dict) -> list[str]:
    """Return in words the extensions and schemas that exist without being declared, but for those of PostgreSQL.

    Args:
        database: the declaration.
        inside: as returned by `content_catalog.inspect`.
    """
    name = database["name"]
    extensions = set(inside["extensions"]) - {item["name"] for item in database["extensions"]} - {"plpgsql"}
    schemas = {
        schema
        for schema, actual in inside["schemas"].items()
        if content_catalog.is_users(schema) and schema != "public" and not actual["of_extension"]
    } - {item["name"] for item in database["schemas"]}
    return [f"extension {item} in {name}" for item in extensions] + [f"schema {item} in {name}" for item in schemas]


def schema_names(database: dict, inside: dict) -> set[str]:
    """Return the names of the schemas that there will be, as far as they are known."""
    declared = {schema["name"]: schema["state"] for schema in database["schemas"]}
    made = {name for name, state in declared.items() if state == "present"}
    return made | {name for name in inside["schemas"] if declared.get(name) != "absent"}


def plan(database: dict, inside: dict, offers: dict[str, dict] | None) -> t.Iterator[Step]:
    """Yield the steps to the declared schemas and extensions.

    Args:
        database: the declaration.
        inside: as returned by `content_catalog.inspect` or `of_a_new_database`.
        offers: as returned by `content_catalog.available`; none where it is not known.

    Raises:
        PlatformError: something cannot be done; raised before the first step is yielded.
    """
    _refuse(database, inside, offers)
    name = database["name"]
    kept, dropped = (
        {kind: [item for item in database[kind] if item["state"] == state] for kind in ("schemas", "extensions")}
        for state in ("present", "absent")
    )
    for schema in kept["schemas"]:
        yield from _schema(name, schema, inside["schemas"].get(schema["name"]))
    leaving = [extension["name"] for extension in dropped["extensions"] if extension["name"] in inside["extensions"]]
    if leaving:
        yield _drop(name, "extension", {item: inside["extensions"][item]["version"] for item in leaving})
    for extension in kept["extensions"]:
        yield from _extension(name, extension, inside["extensions"].get(extension["name"]))
    for schema in dropped["schemas"]:
        actual = inside["schemas"].get(schema["name"])
        if actual:
            yield _drop(name, "schema", {schema["name"]: actual["owner"]})


def _step(name: str, words: str, text: str, parts: tuple, before: dict, after: dict) -> Step:
    return Step(f"database {name}", words, Statement(text, parts, name), before, after)


def _drop(name: str, kind: str, dropped: dict[str, str]) -> Step:
    # Together in one statement, those that depend on each other may be declared in any order.
    text = f"DROP {kind.upper()} {', '.join('{}' for _item in dropped)}"
    before = {f"{kind} {item}": shown for item, shown in dropped.items()}
    return _step(name, f"drop {kind} {', '.join(dropped)} in {name}", text, tuple(map(Ident, dropped)), before, {})


def _schema(name: str, schema: dict, actual: dict | None) -> t.Iterator[Step]:
    wanted, owner = schema["name"], schema["owner"]
    shown = f"schema {wanted}"
    if actual is None:
        # A template that was changed may have it already.
        text, parts = "CREATE SCHEMA IF NOT EXISTS {}", (Ident(wanted),)
        if owner:
            text, parts = f"{text} AUTHORIZATION {{}}", (*parts, Ident(owner))
        yield _step(name, f"create {shown} in {name}", text, parts, {}, {shown: owner or "present"})
    elif owner and actual["owner"] != owner:
        words, text = f"change owner of {shown} in {name}", "ALTER SCHEMA {} OWNER TO {}"
        yield _step(name, words, text, (Ident(wanted), Ident(owner)), {shown: actual["owner"]}, {shown: owner})


def _extension(name: str, extension: dict, actual: dict | None) -> t.Iterator[Step]:
    wanted, version, schema = (extension[key] for key in ("name", "version", "schema"))
    shown = f"extension {wanted}"
    if actual is None:
        # A template may have it already, as it has plpgsql.
        text, parts = "CREATE EXTENSION IF NOT EXISTS {}", (Ident(wanted),)
        if schema:
            text, parts = f"{text} SCHEMA {{}}", (*parts, Ident(schema))
        if version:
            text, parts = f"{text} VERSION {{}}", (*parts, Text(version))
        yield _step(name, f"create {shown} in {name}", text, parts, {}, {shown: version or "present"})
        return
    if version and actual["version"] != version:
        words, text = f"update {shown} in {name} to {version}", "ALTER EXTENSION {} UPDATE TO {}"
        yield _step(name, words, text, (Ident(wanted), Text(version)), {shown: actual["version"]}, {shown: version})
    if schema and actual["schema"] != schema:
        words, text = f"move {shown} in {name} to schema {schema}", "ALTER EXTENSION {} SET SCHEMA {}"
        key = f"schema of {shown}"
        yield _step(name, words, text, (Ident(wanted), Ident(schema)), {key: actual["schema"]}, {key: schema})


def _refuse(database: dict, inside: dict, offers: dict[str, dict] | None) -> None:
    where = f"database {database['name']}"
    schemas = schema_names(database, inside)
    here = set(inside["extensions"])
    for extension in database["extensions"]:
        if extension["state"] == "absent":
            continue
        name, schema = extension["name"], extension["schema"]
        actual = inside["extensions"].get(name)
        if schema and inside["certain"] and schema not in schemas:
            raise PlatformError(
                PREREQUISITE,
                f"extension {name} is to be in schema {schema}, which does not exist",
                "declare that schema",
                where=where,
            )
        if offers is not None:
            _refuse_offer(extension, actual, offers, here, where)
        if actual:
            _refuse_change(extension, actual, where)
        here.add(name)
    leaving = {extension["name"] for extension in database["extensions"] if extension["state"] == "absent"}
    emptied = {actual["schema"] for name, actual in inside["extensions"].items() if name in leaving}
    for schema in database["schemas"]:
        actual = inside["schemas"].get(schema["name"])
        if schema["state"] == "absent" and actual and actual["objects"] and schema["name"] not in emptied:
            raise PlatformError(
                DATA,
                f"schema {schema['name']} is to be dropped, and holds {actual['objects']} objects",
                "find out whose they are, and drop them first",
                where=where,
            )


def _refuse_change(extension: dict, actual: dict, where: str) -> None:
    name, version, schema = (extension[key] for key in ("name", "version", "schema"))
    if version and version != actual["version"] and version not in actual["reachable"]:
        ways = f"it has one to {', '.join(sorted(actual['reachable']))}" if actual["reachable"] else "it has no other"
        raise PlatformError(
            PREREQUISITE,
            f"extension {name} is in version {actual['version']}, and the server has no way from there to {version}; "
            f"{ways}",
            "declare a version that it has a way to, or use an image that has this one",
            where=where,
        )
    if schema and schema != actual["schema"] and not actual["relocatable"]:
        raise PlatformError(
            DATA,
            f"extension {name} is in schema {actual['schema']}, not in {schema}, and cannot be moved",
            "keep it as it is in the declaration, or drop and create the extension",
            where=where,
        )


def _refuse_offer(extension: dict, actual: dict | None, offers: dict[str, dict], here: set[str], where: str) -> None:
    name = extension["name"]
    if actual and extension["version"] in (None, actual["version"]):
        return
    offer = offers.get(name)
    if offer is None:
        raise PlatformError(
            PREREQUISITE,
            f"the server does not have the extension {name}; it has {', '.join(sorted(offers))}",
            "use an image that has it",
            where=where,
        )
    version = extension["version"] or offer["default"]
    if version not in offer["requires"]:
        raise PlatformError(
            PREREQUISITE,
            f"the server has {name} in {', '.join(sorted(offer['requires']))}, not in {version}",
            "declare one of these versions",
            where=where,
        )
    # The template's only extension, plpgsql, is there without being declared.
    missing = sorted(set(offer["requires"][version]) - here - {"plpgsql"})
    if missing:
        raise PlatformError(
            PREREQUISITE,
            f"extension {name} requires {', '.join(missing)}",
            "declare it before this one",
            where=where,
        )
