# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Memberships of roles in roles: what is to be granted and revoked."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import Ident, Statement

# From this version on a membership knows who granted it, and only that grant is revoked.
FIRST_VERSION_WITH_GRANTORS = 160000


def grants(found: dict | None) -> dict[str, list[str]]:
    """Return who granted what to a role, by role that it is granted: also the right to grant it, and no more.

    Args:
        found: the role as it is; none where there is none.
    """
    held: dict[str, list[str]] = {}
    for kind in ("member_of", "admin_of") if found else ():
        for group, grantors in found[kind].items():
            held.setdefault(group, []).extend(grantors)
    return held


def granted(role: dict, actual: dict) -> t.Iterator[Step]:
    """Yield a step for each membership that is lacking.

    Args:
        role: the declaration.
        actual: as returned by `role_catalog.inspect`.
    """
    name, found = role["name"], actual["roles"].get(role["name"])
    for group in role.get("member_of") or []:
        # The right to grant a role, which PostgreSQL 16 gives to who makes it, makes nobody a member.
        if not found or group not in found["member_of"]:
            statement = Statement("GRANT {} TO {}", (Ident(group), Ident(name)))
            yield _step(name, f"grant role {group} to role {name}", statement, {}, {f"member of {group}": True})


def revoked(role: dict, actual: dict) -> t.Iterator[Step]:
    """Yield a step for each membership that is not declared, where the declared ones exclude others.

    Args:
        role: the declaration.
        actual: as returned by `role_catalog.inspect`.
    """
    name = role["name"]
    for group, grantors in grants(actual["roles"].get(name)).items() if role.get("exclusive_memberships") else ():
        if group not in (role.get("member_of") or []):
            text, parts = "REVOKE {} FROM {}", (Ident(group), Ident(name))
            if actual["version"] >= FIRST_VERSION_WITH_GRANTORS:
                text = "; ".join([f"{text} GRANTED BY {{}}"] * len(grantors))
                parts = tuple(part for grantor in grantors for part in (*parts, Ident(grantor)))
            words, shown = f"revoke role {group} from role {name}", f"member of {group}"
            yield _step(name, words, Statement(text, parts), {shown: True}, {shown: False})


def _step(name: str, words: str, statement: Statement, before: dict, after: dict) -> Step:
    return Step(f"role {name}", words, statement, before, after)
