# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a verification says of accounts and rules in a datastore that nobody declared: pure functions."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION
from ansible_collections.borgstack.platform.plugins.plugin_utils.verification import Row, failed, good, module_row

REMEDY = "remove what nobody needs; name what is yours in verify_known_accounts"
# What lets a role of PostgreSQL read or change what is not its own.
POWERS = ("superuser", "createrole", "replication", "bypassrls")


def accounts_of(needs: list[dict[str, t.Any]]) -> list[str]:
    """Return the users that services need, in the words in which modules report undeclared ones.

    Args:
        needs: of one datastore, each with a `user`.
    """
    users = [need["user"] for need in needs if "user" in need]
    return [
        f"user {user['name']} in database {user['database']}" if "database" in user else f"user {user['name']}"
        for user in users
    ]


def undeclared_row(result: dict[str, t.Any], check: str, known: t.Collection[str] = ()) -> Row:
    """Return whether a datastore has nothing but what is declared; for hooks, so without a component.

    Args:
        result: of a provisioning module in check mode with `report_undeclared`.
        check: what it proves, in words.
        known: what may be there without being declared, in the module's words.
    """
    if "undeclared" not in result:
        return module_row(result, check)
    return _row(check, [f"nobody declared {words}" for words in result["undeclared"] if words not in known])


def powerful_roles_row(result: dict[str, t.Any], check: str, known: t.Collection[str] = ()) -> Row:
    """Return whether no role of PostgreSQL has power that nobody gave it; for hooks, so without a component.

    A declared role has none of these powers, whatever it owns.

    Args:
        result: of `postgresql_roles_info`.
        check: what it proves, in words.
        known: what may be there, such as `role reporting`.
    """
    if "roles" not in result:
        return module_row(result, check)
    roles = [role for role in result["roles"] if f"role {role['name']}" not in known]
    return _row(check, [f"role {role['name']} has {', '.join(powers)}" for role in roles if (powers := _powers(role))])


def passwordless_row(result: dict[str, t.Any], check: str) -> Row:
    """Return whether nobody gets into PostgreSQL over the network without a proof of who he is; for hooks.

    Args:
        result: of the task that printed such rules of pg_hba.conf, one a line.
        check: what it proves, in words.
    """
    if "stdout_lines" not in result:
        return module_row(result, check)
    return _row(check, [f"pg_hba.conf has: {rule}" for rule in result["stdout_lines"]])


def _powers(role: dict[str, t.Any]) -> list[str]:
    predefined = [f"the rights of {group}" for group in role.get("member_of") or [] if group.startswith("pg_")]
    return [power for power in POWERS if role.get(power)] + predefined


def _row(check: str, strange: list[str]) -> Row:
    if strange:
        return failed("", check, "; ".join(strange), CONFIGURATION, REMEDY)
    return good("", check, "nothing strange")
