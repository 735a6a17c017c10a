# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a Directus server has of what is declared."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, field
from urllib.parse import urlencode

from ansible_collections.borgstack.platform.plugins.module_utils.directus.connection import Server

# What is declared of an operation; Directus adds more.
OPERATION = ("key", "name", "type", "options")


@dataclass
class Actual:
    """The declared objects as they are, by the names that they are declared by; what does not exist is left out."""

    fields: dict[tuple[str, str], dict] = field(default_factory=dict)
    policies: dict[str, dict] = field(default_factory=dict)
    users: dict[str, dict] = field(default_factory=dict)
    flows: dict[str, dict] = field(default_factory=dict)
    # Whom the declared tokens belong to, by the email that they are declared for.
    token_owners: dict[str, str] = field(default_factory=dict)
    project_owner: str = ""


def inspect(server: Server, declared: dict[str, t.Any]) -> Actual:
    """Read all that is declared.

    Raises:
        PlatformError: the server cannot be asked.
    """
    actual = Actual()
    for collection in sorted({item["collection"] for item in declared["fields"]}):
        found = server.call("GET", f"/fields/{collection}")
        actual.fields.update({(collection, one["field"]): one for one in found})
    wanted = _listed(server, "policies", "name", declared["policies"], ["*", "permissions.*"])
    actual.policies = {one["name"]: one for one in wanted}
    wanted = _listed(server, "users", "email", declared["users"], ["*", "policies.id", "policies.policy"])
    actual.users = {one["email"]: one for one in wanted}
    for item in declared["users"]:
        if item.get("token") and item["email"] in actual.users:
            actual.token_owners[item["email"]] = server.owner_of(item["token"])
    wanted = _listed(server, "flows", "name", declared["flows"], ["*", "operations.*"])
    actual.flows = {one["name"]: {**one, "tree": _tree(one, one["operation"])} for one in wanted}
    if declared.get("project_owner"):
        actual.project_owner = (server.call("GET", "/settings?fields=project_owner") or {}).get("project_owner") or ""
    return actual


def _listed(server: Server, kind: str, key: str, items: list[dict], fields: list[str]) -> list[dict]:
    names = [item[key] for item in items]
    if not names:
        return []
    question = {"filter": json.dumps({key: {"_in": names}}), "fields": ",".join(fields), "limit": "-1"}
    return server.call("GET", f"/{kind}?{urlencode(question)}")


def _tree(flow: dict, id: str | None) -> dict | None:
    """Return an operation of a flow with those that follow it, as they are declared."""
    found = [one for one in flow["operations"] if one["id"] == id]
    if not found:
        return None
    operation: dict = {key: found[0][key] for key in OPERATION}
    for branch in ("resolve", "reject"):
        following = _tree(flow, found[0][branch])
        if following:
            operation[branch] = following
    return operation
