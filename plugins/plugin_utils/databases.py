# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What services need of one PostgreSQL server, sorted by database: several may need something of the same one."""

from __future__ import annotations

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError

# As the module postgresql_migrations names them; all but the migrations have defaults there.
HISTORY = ("schema", "allow_out_of_order", "migrations")


def databases_of(needs: list[dict]) -> list[dict]:
    """Return each needed database once, with all that is needed in it.

    One that no need gives an owner is a database that a service outside of `needs` declares: it is left out.

    Raises:
        PlatformError: two needs contradict each other.
    """
    merged: dict[str, dict] = {}
    for need in needs:
        name = need["database"]["name"]
        merged[name] = _merged(merged.get(name, {}), need["database"])
    return [database for database in merged.values() if database.get("owner")]


def _merged(first: dict, second: dict) -> dict:
    result = dict(first)
    for key, value in second.items():
        if isinstance(value, list):
            result[key] = [*result.get(key, []), *(item for item in value if item not in result.get(key, []))]
        elif result.setdefault(key, value) != value:
            raise _wrong(second["name"], f"services need its {key} to be {result[key]!r} and {value!r}")
    return result


def roles_of(needs: list[dict], connection_limit: int) -> list[dict]:
    """Return the role of each need that has one; it may hold so many connections unless it says otherwise."""
    return [{"connection_limit": int(connection_limit), **need["role"]} for need in needs if need.get("role")]


def migrations_of(needs: list[dict]) -> list[dict]:
    """Return an item of the module `postgresql_migrations` for each need that has migrations.

    They run as the need's own role, or as the one that it names in `run_as`.

    Raises:
        PlatformError: a need has neither.
    """
    items = []
    for need in needs:
        if not need.get("migrations"):
            continue
        name = need["database"]["name"]
        role = need.get("run_as") or need.get("role", {}).get("name")
        if not role:
            raise _wrong(name, "a need with migrations says neither role nor run_as")
        items.append({"name": name, "role": role, **{key: need[key] for key in HISTORY if key in need}})
    return items


def _wrong(database: str, what: str) -> PlatformError:
    return PlatformError(CONFIGURATION, what, "correct the roles' declarations", where=f"database {database}")
