# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a role leaves behind that goes: objects, privileges, and memberships that it granted to others."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import Ident, Statement


def in_words(name: str, actual: dict) -> list[str]:
    """Return in words what keeps a role from being dropped.

    Args:
        name: the role.
        actual: as returned by `role_catalog.inspect`.
    """
    held = [f"{count} in {_place(database)}" for database, count in actual["ties"].get(name, {}).items()]
    granted = [
        f"the membership of role {one['member']} in role {one['role']}" for one in actual["granted"].get(name, ())
    ]
    found = [f"objects belong to it or grant it privileges: {', '.join(held)}"] if held else []
    return [*found, f"it granted {', '.join(granted)}"] if granted else found


def plan(name: str, heir: str | None, actual: dict) -> t.Iterator[Step]:
    """Yield the steps that free a role of what it leaves behind, where it has an heir.

    Args:
        name: the role.
        heir: who gets what it owns.
        actual: as returned by `role_catalog.inspect`.
    """
    if not heir:
        return
    for one in actual["granted"].get(name, ()):
        yield _granted_anew(name, one)
    ties = actual["ties"].get(name, {})
    # What belongs to the whole server is handed over from any database.
    for database in [database for database in ties if database] or ([actual["login_database"]] if ties else []):
        text = "REASSIGN OWNED BY {} TO {}; DROP OWNED BY {}"
        words = f"hand what role {name} owns in database {database} over to role {heir}, and revoke its privileges"
        before = {_place(place): f"{count} objects" for place, count in ties.items() if place in (database, None)}
        after = dict.fromkeys(before, f"of role {heir}, or revoked")
        statement = Statement(text, (Ident(name), Ident(heir), Ident(name)), database)
        yield Step(f"role {name}", words, statement, before, after)


def _granted_anew(name: str, one: dict) -> Step:
    """Return the step that keeps a membership, granted by the login role from now on."""
    group, member = one["role"], one["member"]
    options = ", ".join(f"{key.upper()} {str(one[key]).upper()}" for key in ("admin", "inherit", "set"))
    text = f"GRANT {{}} TO {{}} WITH {options}; REVOKE {{}} FROM {{}} GRANTED BY {{}} CASCADE"
    parts = (Ident(group), Ident(member), Ident(group), Ident(member), Ident(name))
    words = f"grant role {group} to role {member} anew, which role {name} had granted"
    shown = f"membership of {member} in {group}"
    return Step(f"role {name}", words, Statement(text, parts), {shown: f"of {name}"}, {shown: "of the login role"})


def _place(database: str | None) -> str:
    return "the whole server" if database is None else f"database {database}"
