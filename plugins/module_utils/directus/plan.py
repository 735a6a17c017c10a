# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What has to be done so that Directus has what is declared: pure functions."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.directus.inspect import Actual
from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step

PERMISSION = ("collection", "action", "fields", "permissions")
MASK = "(secret)"
PLACEHOLDER = re.compile(r"@@([a-z_]+)@@")


def plan(declared: dict[str, t.Any], actual: Actual) -> list[Step]:
    """Return the steps, in an order in which each finds what it needs.

    Args:
        declared: `fields`, `policies`, `users` and `flows`, and `project_owner` if that is declared.
        actual: what there is.

    Raises:
        PlatformError: a declaration makes no sense.
    """
    steps = [step for item in declared["fields"] for step in _field(item, actual)]
    steps += [step for item in declared["policies"] for step in _policy(item, actual)]
    steps += [step for item in declared["users"] for step in _user(item, actual)]
    steps += [step for item in declared["flows"] for step in _flow(item, actual)]
    return steps + _owner(declared.get("project_owner"), actual)


def _owner(wanted: str | None, actual: Actual) -> list[Step]:
    if not wanted or wanted == actual.project_owner:
        return []
    before = {"project_owner": actual.project_owner} if actual.project_owner else {}
    verb = "change" if before else "set"
    return [_step("project owner", verb, ("set_owner", wanted), before, {"project_owner": wanted})]


def _step(subject: str, verb: str, operation: tuple, before: dict, after: dict) -> Step:
    return Step(subject, f"{verb} {subject}", operation, before, after)


def _field(item: dict, actual: Actual) -> t.Iterator[Step]:
    place = (item["collection"], item["field"])
    subject = f"field {'.'.join(place)}"
    found = actual.fields.get(place)
    meta = item.get("meta") or {}
    if not found:
        yield _step(subject, "create", ("create_field", item), {}, {"type": item["type"], **meta})
        return
    if found["type"] != item["type"]:
        raise PlatformError(
            CONFIGURATION,
            f"it exists with the type {found['type']}, not {item['type']}",
            "rename one of them; a type is never changed here, since that can lose data",
            where=subject,
        )
    different = {key: value for key, value in meta.items() if (found["meta"] or {}).get(key) != value}
    if different:
        before = {key: (found["meta"] or {}).get(key) for key in different}
        yield _step(subject, "change", ("change_field", place, different), before, different)


def _policy(item: dict, actual: Actual) -> t.Iterator[Step]:
    subject = f"policy {item['name']}"
    wanted = [_permission(one) for one in item["permissions"]]
    found = actual.policies.get(item["name"])
    rights = {"admin_access": False, "app_access": False, "description": item.get("description")}
    if not found:
        yield _step(subject, "create", ("create_policy", {**rights, "name": item["name"]}, wanted), {}, _shown(wanted))
        return
    kept = [one for one in found["permissions"] if _permission(one) in wanted]
    surplus = [one["id"] for one in found["permissions"] if one not in kept]
    missing = [one for one in wanted if one not in [_permission(other) for other in kept]]
    different = {key: value for key, value in rights.items() if found[key] != value}
    if surplus or missing or different:
        before = _shown([_permission(one) for one in found["permissions"]])
        before.update({key: found[key] for key in different})
        operation = ("change_policy", found["id"], {**different, "permissions": {"create": missing, "delete": surplus}})
        yield _step(subject, "change", operation, before, {**_shown(wanted), **different})


def _permission(one: dict) -> dict:
    values = {key: one.get(key) for key in PERMISSION}
    return {**values, "fields": sorted(values["fields"] or ["*"]), "permissions": values["permissions"] or {}}


def _shown(permissions: list[dict]) -> dict:
    return {"permissions": sorted(f"{one['action']} {one['collection']} {one['fields']}" for one in permissions)}


def _user(item: dict, actual: Actual) -> t.Iterator[Step]:
    subject = f"user {item['email']}"
    found = actual.users.get(item["email"])
    wanted = {"first_name": item.get("first_name"), "status": "active", "policies": sorted(item["policies"])}
    if not found:
        after = {**wanted, **({"token": MASK} if item.get("token") else {})}
        yield _step(subject, "create", ("create_user", item), {}, after)
        return
    names = {policy["id"]: name for name, policy in actual.policies.items()}
    is_ = {
        "first_name": found["first_name"],
        "status": found["status"],
        # A policy that nobody declared is one too many as well.
        "policies": sorted(names.get(one["policy"], str(one["policy"])) for one in found["policies"]),
    }
    before = {key: value for key, value in is_.items() if value != wanted[key]}
    after = {key: wanted[key] for key in before}
    if item.get("token") and actual.token_owners.get(item["email"]) != found["id"]:
        before["token"], after["token"] = f"{MASK}, old", f"{MASK}, new"
    if after:
        granted = [one["id"] for one in found["policies"]] if "policies" in after else []
        yield _step(subject, "change", ("change_user", found["id"], item, sorted(after), granted), before, after)


def _flow(item: dict, actual: Actual) -> t.Iterator[Step]:
    subject = f"flow {item['name']}"
    if item.get("state") == "absent":
        if found := actual.flows.get(item["name"]):
            yield _step(subject, "delete", ("delete_flow", found["id"]), {"operations": _outline(found["tree"])}, {})
        return
    tree = with_secrets(item["operation"], item.get("secrets") or {}, subject)
    wanted = {
        "status": "active",
        "trigger": item["trigger"],
        "options": item["options"],
        "description": item.get("description"),
        # Directus keeps no record of runs: their data may hold secrets.
        "accountability": None,
    }
    found = actual.flows.get(item["name"])
    if not found:
        after = {**wanted, "operations": _outline(tree)}
        yield _step(subject, "create", ("create_flow", {**wanted, "name": item["name"]}, tree), {}, after)
        return
    different = {key: value for key, value in wanted.items() if found[key] != value}
    before: dict = {key: found[key] for key in different}
    after = dict(different)
    if found["tree"] != tree:
        before["operations"] = _outline(found["tree"])
        after["operations"] = _outline(tree)
        if before["operations"] == after["operations"]:
            after["operations"] = [*_outline(tree), "with other options"]
    if after:
        obsolete = [one["id"] for one in found["operations"]] if "operations" in after else []
        new = tree if "operations" in after else None
        yield _step(subject, "change", ("change_flow", found["id"], different, new, obsolete), before, after)


def _outline(tree: dict | None) -> list[str]:
    """Return an operation and those that follow it without their options, which may hold secrets."""
    if not tree:
        return []
    return [f"{tree['key']} ({tree['type']})", *_outline(tree.get("resolve")), *_outline(tree.get("reject"))]


def with_secrets(value: t.Any, secrets: dict[str, str], where: str) -> t.Any:
    """Return an operation with its secrets in their places.

    Raises:
        PlatformError: it names a secret that is not given.
    """
    if isinstance(value, dict):
        return {key: with_secrets(one, secrets, where) for key, one in value.items()}
    if isinstance(value, list):
        return [with_secrets(one, secrets, where) for one in value]
    if not isinstance(value, str):
        return value
    unknown = sorted(set(PLACEHOLDER.findall(value)) - set(secrets))
    if unknown:
        raise PlatformError(CONFIGURATION, f"no secret is given for {unknown}", "add it to `secrets`", where=where)
    # A secret may hold anything, so it is put in as it is.
    parts = [one.replace("<%", "{{").replace("%>", "}}") for one in PLACEHOLDER.split(value)[::2]]
    found = [secrets[name] for name in PLACEHOLDER.findall(value)]
    return "".join(text for pair in zip(parts, [*found, ""]) for text in pair)
