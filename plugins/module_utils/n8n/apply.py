# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Carrying out a plan: names become ids."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.n8n import definition
from ansible_collections.borgstack.platform.plugins.module_utils.n8n.connection import Server
from ansible_collections.borgstack.platform.plugins.module_utils.n8n.inspect import Actual
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step


class Applier:
    """Carries out steps, and remembers the ids of what they make.

    Args:
        server: the server.
        actual: what it is like.
    """

    def __init__(self, server: Server, actual: Actual):
        self._server = server
        self._tag = actual.tag
        self._ids: dict[tuple, str] = {("credential", key): id for key, id in actual.credentials.items()}
        self._ids.update({("workflow", name): one.id for name, one in actual.workflows.items()})

    def __call__(self, step: Step) -> None:
        """Carry out one step.

        Raises:
            PlatformError: the server cannot be reached or refuses.
        """
        verb, *arguments = step.operation
        {
            "password": self._server.change_password,
            "credential": self._credential,
            "tag": self._make_tag,
            "workflow": self._workflow,
            "switch": self._switch,
        }[verb](*arguments)

    def _credential(self, id: str | None, item: dict) -> None:
        body = {"name": item["name"], "type": item["type"], "data": item["data"]}
        if id:
            self._server.call("PATCH", f"/rest/credentials/{id}", body)
        else:
            made = self._server.call("POST", "/rest/credentials", body)
            self._ids["credential", (item["type"], item["name"])] = made["id"]

    def _make_tag(self, name: str) -> None:
        self._tag = self._server.call("POST", "/rest/tags", {"name": name})["id"]

    def _switch(self, name: str, active: bool) -> None:
        id = self._ids.get(("workflow", name), name)
        self._confirm(self._server.call("PATCH", f"/rest/workflows/{id}", {"active": active}), active)

    def _workflow(self, found: t.Any, one: t.Any) -> None:
        body = {"name": one.name, **definition.body(one.definition, lambda kind, key: self._ids[kind, key])}
        if not found:
            # What is created as active would be marked so without being listened to.
            body.update({"active": False, "tags": [self._tag]})
            self._ids["workflow", one.name] = self._server.call("POST", "/rest/workflows", body)["id"]
            return
        if found.archived:
            self._server.call("POST", f"/rest/workflows/{found.id}/unarchive", {})
        tags = sorted({*found.tags.values(), self._tag})
        body.update({"active": one.active, "tags": tags})
        self._confirm(self._server.call("PATCH", f"/rest/workflows/{found.id}", body), one.active)

    def _confirm(self, answer: dict, active: bool) -> None:
        if answer["active"] != active:
            raise PlatformError(
                CONFIGURATION,
                f"n8n keeps it {'active' if answer['active'] else 'inactive'}",
                "open the workflow in n8n: a trigger may be wrong",
            )
