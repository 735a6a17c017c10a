# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Roles: what they need, and what stands in the way of a declaration."""

from __future__ import annotations

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, DATA, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import bequests, settings
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import (
    check_limit,
    check_name,
    check_names,
    is_text,
)
from ansible_collections.borgstack.platform.plugins.module_utils.references import Reference, refuse_missing

# A role could have the second one, in quotes; wherever privileges are declared it means everybody.
RESERVED = ("public", "PUBLIC", "none")


def check(roles: list[dict]) -> None:
    """Refuse what cannot be meant, whatever there is on the server.

    Raises:
        PlatformError: a name that PostgreSQL would not keep, one declared twice, a reserved one, a password that nobody
            could log in with, or a membership that cannot be.
    """
    check_names([role["name"] for role in roles], "role")
    leaving = {role["name"] for role in roles if role["state"] == "absent"}
    for role in roles:
        name = role["name"]
        where = f"role {name}"
        if name.startswith("pg_") or name in RESERVED:
            raise _refused("the name is reserved by PostgreSQL", "choose another", where)
        if not is_text(role.get("password") or ""):
            raise _refused("its password holds a zero byte or is not valid UTF-8", "choose another password", where)
        check_limit(role.get("connection_limit"), where)
        settings.check(where, role.get("settings"))
        groups = role.get("member_of") or []
        for other in (*groups, *([role["reassign_to"]] if role.get("reassign_to") else [])):
            check_name(other, "role")
        for group in groups if role["state"] == "present" else ():
            if groups.count(group) > 1:
                raise _refused(f"role {group} is in its member_of twice", "name it once", where)
            if group in leaving:
                raise _refused(
                    f"it is to be a member of role {group}, which is declared absent", "correct one of the two", where
                )
    _refuse_circles(roles, {})


def references(roles: list[dict], actual: dict) -> list[Reference]:
    """Return what the declared roles need: other roles, which are not declared among them."""
    declared = {role["name"] for role in roles if role["state"] == "present"}
    found = []
    for role in roles:
        where = f"role {role['name']}"
        if role["state"] == "present":
            uses = [("a role that it is to be a member of", group) for group in role.get("member_of") or []]
        else:
            leaves = role["name"] in actual["roles"]
            uses = [("who gets what it owns", role["reassign_to"])] if leaves and role.get("reassign_to") else []
        found += [Reference("role", name, use, where) for use, name in uses if name not in declared]
    return found


def refuse(present: list[dict], leaving: list[dict], actual: dict) -> None:
    """Refuse what cannot be done.

    Args:
        present: the roles that are to be there.
        leaving: those that are to go, and are there.
        actual: as returned by `role_catalog.inspect`.

    Raises:
        PlatformError: there is something.
    """
    refuse_missing(references([*present, *leaving], actual), {"role": actual["known_roles"]})
    for role in present:
        where = f"role {role['name']}"
        settings.refuse(where, role.get("settings"), actual["known_settings"], actual["wrong_settings"])
        _refuse_lock_out(role, actual)
    _refuse_circles(present, actual["groups"])
    _refuse_what_cannot_go(leaving, present, actual)


def _refuse_lock_out(role: dict, actual: dict) -> None:
    """Refuse to take from the role that is logged in as what it needs to log in and to do the same again."""
    name, found = role["name"], actual["roles"].get(role["name"])
    if name != actual["login_role"] or found is None or role.get("allow_lockout"):
        return
    lost = [flag for flag in ("login", "superuser", "createrole") if found[flag] and role.get(flag) is False]
    if found["superuser"] and "superuser" not in lost:
        lost = [flag for flag in lost if flag != "createrole"]
    if role.get("connection_limit") == 0:
        lost.append("connection_limit")
    if role.get("valid_until") and actual["instants"].get(role["valid_until"], {}).get("is_past"):
        lost.append("valid_until")
    if lost:
        raise _refused(
            f"it is the role that is logged in as, and would lose {', '.join(lost)}: the next run could not log in, or "
            "could not change it back",
            "log in as another role, correct the declaration, or set allow_lockout to confirm it",
            f"role {name}",
        )


def _refuse_circles(roles: list[dict], existing: dict[str, set[str]]) -> None:
    """Refuse memberships that lead back to where they began.

    Args:
        roles: the declared ones.
        existing: the roles that each one is a member of, as it is; those of roles that lose them do not count.
    """
    groups = {role["name"]: set(role.get("member_of") or []) for role in roles if role["state"] == "present"}
    exclusive = {role["name"] for role in roles if role.get("exclusive_memberships")}
    all_of = {
        name: groups.get(name, set()) | (set() if name in exclusive else existing.get(name, set()))
        for name in {*groups, *existing}
    }
    for name in groups:
        way = _way_back(name, name, all_of, set())
        if way:
            raise _refused(
                f"it would be a member of itself: {' is to be in '.join([name, *way])}",
                "take one of these memberships out; one that is not declared is revoked by exclusive_memberships",
                f"role {name}",
            )


def _way_back(start: str, name: str, all_of: dict[str, set[str]], seen: set[str]) -> list[str]:
    for group in sorted(all_of.get(name, ())):
        if group == start:
            return [group]
        if group not in seen:
            seen.add(group)
            way = _way_back(start, group, all_of, seen)
            if way:
                return [group, *way]
    return []


def _refuse_what_cannot_go(leaving: list[dict], present: list[dict], actual: dict) -> None:
    staying = ({role["name"] for role in present} | (actual["known_roles"] or set())) - {
        role["name"] for role in leaving
    }
    for role in leaving:
        name, heir = role["name"], role.get("reassign_to")
        where = f"role {name}"
        if name == actual["login_role"]:
            raise _refused("it cannot be dropped while logged in", "log in as another role", where)
        if heir and heir not in staying:
            raise _refused(
                f"what it owns is to go to role {heir}, which does not exist or is to be dropped",
                "correct reassign_to",
                where,
            )
        ties = bequests.in_words(name, actual)
        if ties and not heir:
            raise PlatformError(
                DATA,
                "; ".join(ties),
                "set reassign_to to the role that is to own what it owns; its privileges are revoked then, and what it "
                "granted is granted anew",
                where=where,
            )


def _refused(what: str, remedy: str, where: str) -> PlatformError:
    return PlatformError(CONFIGURATION, what, remedy, where=where)
