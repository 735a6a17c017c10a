# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What privileges there are on what, and how a declaration names the place."""

from __future__ import annotations

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.privilege_catalog import Place

ON_TABLES = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"})
ON_SEQUENCES = frozenset({"SELECT", "USAGE", "UPDATE"})
ON_FUNCTIONS = frozenset({"EXECUTE"})
KNOWN = {
    "database": frozenset({"CONNECT", "CREATE", "TEMPORARY"}),
    "schema": frozenset({"USAGE", "CREATE"}),
    "all_tables": ON_TABLES,
    "all_sequences": ON_SEQUENCES,
    "all_functions": ON_FUNCTIONS,
}
# By what a default privilege is for.
FUTURE = {"tables": ON_TABLES, "sequences": ON_SEQUENCES, "functions": ON_FUNCTIONS}
# From this version on tables have one more.
FIRST_VERSION_WITH_MAINTAIN = 170000


def wanted(grant: dict, version: int = 0) -> frozenset[str]:
    """Return the privileges of a declared grant, spelled as the catalog spells them.

    Args:
        grant: the declared one.
        version: the server's, as a number; 0 for any that is supported.

    Raises:
        PlatformError: one is not known for what it is on.
    """
    known = FUTURE[grant["objects"]] if grant["on"] == "default" else KNOWN[grant["on"]]
    if known is ON_TABLES and version >= FIRST_VERSION_WITH_MAINTAIN:
        known |= {"MAINTAIN"}
    asked = {privilege.upper() for privilege in grant["privileges"]}
    if asked & {"ALL", "ALL PRIVILEGES"}:
        return known
    asked = {"TEMPORARY" if privilege == "TEMP" else privilege for privilege in asked}
    if asked - known:
        raise PlatformError(
            CONFIGURATION,
            f"{', '.join(sorted(asked - known))} cannot be granted on {grant['on']}",
            f"choose from {', '.join(sorted(known))} or ALL",
            where=f"privileges of role {grant['role']}",
        )
    return frozenset(asked)


def place_of(grant: dict, owner: str | None) -> Place:
    """Return what a declared grant is on.

    Args:
        grant: the declared one.
        owner: whom the database will belong to; default privileges are for what it creates, if for no other's.
    """
    if grant["on"] == "database":
        return Place("database")
    if grant["on"] == "default":
        return Place("default", grant["schema"] or None, grant["objects"], grant["creator"] or owner)
    return Place(grant["on"], grant["schema"])


def in_words(database: str, place: Place) -> str:
    """Return what privileges are on, in words."""
    if place.on == "database":
        return f"database {database}"
    if place.on == "schema":
        return f"schema {database}.{place.schema}"
    kind = f"future {place.kind}" if place.on == "default" else place.on.replace("_", " ")
    if place.schema is None:
        return f"{kind} in all schemas of {database}"
    return f"{kind} of {database}.{place.schema}"
