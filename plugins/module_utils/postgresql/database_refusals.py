# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Databases as a whole: what they need, and what stands in the way of a declaration."""

from __future__ import annotations

from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    DATA,
    PREREQUISITE,
    PlatformError,
)
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import (
    contradictions,
    database_catalog,
    privileges,
    settings,
)
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import check_limit
from ansible_collections.borgstack.platform.plugins.module_utils.references import Reference, refuse_missing

# The first version that has each provider of locales.
PROVIDERS = {"libc": 0, "icu": 150000, "builtin": 170000}


def check(database: dict) -> None:
    """Refuse what a declaration of one database cannot mean, whatever there is on the server.

    Raises:
        PlatformError: a provider without a locale, a limit that is none, or a contradiction.
    """
    where = f"database {database['name']}"
    if database["locale_provider"] in ("icu", "builtin") and not database["locale"]:
        raise PlatformError(
            CONFIGURATION,
            f"the locale provider {database['locale_provider']} has no locale of its own",
            "declare a locale, such as en-US for icu or C.UTF-8 for builtin",
            where=where,
        )
    check_limit(database["connection_limit"], where)
    for declared in (database["settings"], *database["role_settings"].values()):
        settings.check(where, declared)
    contradictions.check(database, database["owner"])


def references(databases: list[dict], actual: dict) -> list[Reference]:
    """Return what the declared databases need: roles, and templates that are not declared among them."""
    found = []
    for database in databases:
        if database["state"] == "absent":
            continue
        existing = actual["databases"].get(database["name"])
        where = f"database {database['name']}"
        hint = f"; the database belongs to role {existing['owner']}" if existing else ""
        uses = [("its owner", database["owner"])]
        uses += [(f"the owner of its schema {schema['name']}", schema["owner"]) for schema in database["schemas"]]
        uses += [("a role with settings", role) for role in database["role_settings"]]
        uses += [("an owner of objects", role) for role in database["reassign_objects_from"]]
        for grant in database["privileges"]:
            holder = None if grant["role"] == privileges.EVERYBODY else grant["role"]
            uses += [("a holder of privileges", holder), ("a creator of objects", grant["creator"])]
        found += [Reference("role", role, use, where, hint) for use, role in uses if role]
        template = database["template"]
        if template and existing is None and template not in [item["name"] for item in databases]:
            found.append(Reference("database", template, "its template", where))
    return found


def refuse(database: dict, found: dict | None, actual: dict) -> None:
    """Refuse what cannot be done about a database that is to be there.

    Args:
        database: the declaration.
        found: the database as it is; none where there is none.
        actual: as returned by `database_catalog.inspect`.

    Raises:
        PlatformError: there is something.
    """
    where = f"database {database['name']}"
    refuse_missing(references([database], actual), {"role": actual["known_roles"]})
    contradictions.check(database, database["owner"] or (found or {}).get("owner"))
    for declared in (database["settings"], *database["role_settings"].values()):
        settings.refuse(where, declared, actual["known_settings"], actual["wrong_settings"])
    provider = database["locale_provider"]
    if provider and actual["version"] and actual["version"] < PROVIDERS[provider]:
        raise PlatformError(
            PREREQUISITE,
            f"the server's version {actual['version'] // 10000} has no locale provider {provider}",
            f"upgrade the server to {PROVIDERS[provider] // 10000}, or declare another provider",
            where=where,
        )
    encoding = actual["encodings"].get(database["encoding"])
    if encoding == "":
        raise PlatformError(
            CONFIGURATION, f"the server has no encoding {database['encoding']}", "correct its name", where=where
        )
    if found is not None:
        _refuse_what_cannot_be_entered(found, where)
        _refuse_change(database, found, encoding, where)


def _refuse_what_cannot_be_entered(found: dict, where: str) -> None:
    if found["is_broken"]:
        raise PlatformError(
            DATA,
            "it was left behind half dropped by a DROP DATABASE that was interrupted, and nobody can log in to it",
            "declare it absent, which drops the rest of it; then declare it again, and restore what was in it",
            where=where,
        )
    if not found["is_open"]:
        raise PlatformError(
            CONFIGURATION,
            "it allows no connections, so nothing in it can be looked at",
            "open it with ALTER DATABASE … ALLOW_CONNECTIONS true, or take it out of the declaration",
            where=where,
        )


def _refuse_change(database: dict, found: dict, encoding: str | None, where: str) -> None:
    owner = database["owner"]
    if owner and found["owner"] != owner and not database["reassign_owner"]:
        raise PlatformError(
            DATA,
            f"it belongs to role {found['owner']}, not to role {owner}",
            "find out whose data it is; then correct the declaration, or set reassign_owner to hand it over",
            where=where,
        )
    wanted = {
        "encoding": encoding or database["encoding"],
        "locale": database["locale"],
        "locale_provider": database["locale_provider"],
    }
    for fixed, declared in wanted.items():
        if declared and _folded(found[fixed]) != _folded(declared):
            raise PlatformError(
                DATA,
                f"its {fixed.replace('_', ' ')} is {found[fixed]}, not {declared}, and cannot be changed in place",
                "keep it as it is in the declaration, or dump, drop and restore the database",
                where=where,
            )


def _folded(value: str) -> str:
    return value.lower().replace("-", "").replace("_", "")


def refuse_template(database: dict, there: set[str], actual: dict) -> None:
    """Refuse a template that a new database cannot be copied from.

    Args:
        database: the declaration of the new one.
        there: the databases that there will be when it is made.
        actual: as returned by `database_catalog.inspect`.

    Raises:
        PlatformError: it does not exist, is broken, or its collations are not those of the server.
    """
    name = database_catalog.template_of(database)
    where = f"database {database['name']}"
    if database["template"] and name not in there:
        raise PlatformError(
            PREREQUISITE,
            f"its template {name} does not exist",
            "declare that database before this one, or correct its name",
            where=where,
        )
    template = actual["templates"].get(name)
    if template is None:
        return
    if template["is_broken"]:
        raise PlatformError(
            PREREQUISITE,
            f"its template {name} was left behind half dropped by a DROP DATABASE that was interrupted",
            "drop that database, and declare another template",
            where=where,
        )
    recorded, present = template["collations"]
    if recorded and recorded != present:
        raise PlatformError(
            PREREQUISITE,
            f"its template {name} was made with version {recorded} of its collations, and the server now has {present}",
            f"in database {name} run REINDEX DATABASE and ALTER DATABASE {name} REFRESH COLLATION VERSION, and the "
            "same in every other database that was made with the old version",
            where=where,
        )


def refuse_drop(database: dict, found: dict, actual: dict) -> None:
    """Refuse to drop a database that is used, or that the server would not drop.

    Args:
        database: the declaration.
        found: the database as it is.
        actual: as returned by `database_catalog.inspect`.

    Raises:
        PlatformError: something uses it.
    """
    name = database["name"]
    where = f"database {name}"
    if name == actual["login_database"] or found["is_template"]:
        reason = "a template" if found["is_template"] else "the database that is logged in to"
        raise PlatformError(
            CONFIGURATION, f"it is {reason} and cannot be dropped", "correct its name or login_db", where=where
        )
    # These the server does not end by itself, with force or without.
    users = (
        (
            "subscription",
            found["subscriptions"],
            "in that database run ALTER SUBSCRIPTION … DISABLE, then DROP "
            "SUBSCRIPTION …; with SET (slot_name = NONE) in between where its publisher is gone",
        ),
        (
            "replication slot in use",
            found["active_slots"],
            "stop what reads from it, such as a subscription of another server or Debezium",
        ),
        ("prepared transaction", found["prepared"], "in that database run COMMIT PREPARED or ROLLBACK PREPARED"),
    )
    for kind, names, remedy in users:
        if names:
            raise PlatformError(DATA, f"it has a {kind}: {', '.join(names)}; force does not help", remedy, where=where)
    if found["sessions"] and not database["force"]:
        raise PlatformError(
            DATA, f"{found['sessions']} sessions use it", "end them, or set force to end them", where=where
        )
