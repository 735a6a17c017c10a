# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Carrying out a plan: names become ids."""

from __future__ import annotations

from ansible_collections.borgstack.platform.plugins.module_utils.directus.connection import Server
from ansible_collections.borgstack.platform.plugins.module_utils.directus.inspect import Actual
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step

# Where Directus' editor draws an operation that follows another one.
STEP_X, STEP_Y = 18, 16


class Applier:
    """Carries out steps, and remembers the ids of the policies that it makes.

    Args:
        server: the server.
        actual: what it is like.
    """

    def __init__(self, server: Server, actual: Actual):
        self._server = server
        self._policies = {name: policy["id"] for name, policy in actual.policies.items()}

    def __call__(self, step: Step) -> None:
        """Carry out one step.

        Raises:
            PlatformError: the server cannot be reached or refuses.
        """
        verb, *arguments = step.operation
        getattr(self, f"_{verb}")(*arguments)

    def _create_field(self, item: dict) -> None:
        body = {"field": item["field"], "type": item["type"], "meta": item.get("meta") or {}, "schema": {}}
        self._server.call("POST", f"/fields/{item['collection']}", body)

    def _change_field(self, place: tuple[str, str], meta: dict) -> None:
        self._server.call("PATCH", f"/fields/{place[0]}/{place[1]}", {"meta": meta})

    def _create_policy(self, policy: dict, permissions: list[dict]) -> None:
        made = self._server.call("POST", "/policies", {**policy, "permissions": permissions})
        self._policies[policy["name"]] = made["id"]

    def _change_policy(self, id: str, body: dict) -> None:
        self._server.call("PATCH", f"/policies/{id}", body)

    def _create_user(self, item: dict) -> None:
        body = {key: item[key] for key in ("email", "first_name", "token") if item.get(key)}
        self._server.call("POST", "/users", {**body, "policies": self._granted(item)})

    def _change_user(self, id: str, item: dict, keys: list[str], granted: list[str]) -> None:
        body = {key: item.get(key) for key in keys if key in ("first_name", "token")}
        if "status" in keys:
            body["status"] = "active"
        if "policies" in keys:
            body["policies"] = {"create": self._granted(item), "delete": granted}
        self._server.call("PATCH", f"/users/{id}", body)

    def _granted(self, item: dict) -> list[dict]:
        return [{"policy": self._policies[name]} for name in item["policies"]]

    def _create_flow(self, flow: dict, tree: dict) -> None:
        # Not at work until it is complete.
        made = self._server.call("POST", "/flows", {**flow, "status": "inactive"})
        self._change_flow(made["id"], {"status": flow["status"]}, tree, [])

    def _set_owner(self, address: str) -> None:
        # The route of the question in the browser, which alone tells Directus' makers. The rest stays unsaid.
        unsaid = {"project_usage": None, "org_name": None, "product_updates": False}
        self._server.call("POST", "/settings/owner", {"project_owner": address, **unsaid})

    def _delete_flow(self, id: str) -> None:
        self._server.call("DELETE", f"/flows/{id}")

    def _change_flow(self, id: str, different: dict, tree: dict | None, obsolete: list[str]) -> None:
        if tree:
            if obsolete:
                self._server.call("PATCH", f"/flows/{id}", {"operation": None})
                self._server.call("DELETE", "/operations", obsolete)
            different = {**different, "operation": _placed(tree, id, 1, 1)}
        self._server.call("PATCH", f"/flows/{id}", different)


def _placed(tree: dict, flow: str, column: int, row: int) -> dict:
    """Return an operation with those that follow it, as Directus wants them when it makes them all at once."""
    body = {**tree, "flow": flow, "position_x": 1 + STEP_X * column, "position_y": 1 + STEP_Y * (row - 1)}
    if "resolve" in tree:
        body["resolve"] = _placed(tree["resolve"], flow, column + 1, row)
    if "reject" in tree:
        body["reject"] = _placed(tree["reject"], flow, column + 1, row + 1)
    return body
