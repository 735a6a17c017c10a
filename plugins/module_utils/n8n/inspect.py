# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is in an n8n server, as far as it concerns what is declared."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.n8n import definition
from ansible_collections.borgstack.platform.plugins.module_utils.n8n.connection import Server


class Workflow(t.NamedTuple):
    """A workflow that exists.

    Attributes:
        id: n8n's id.
        active: whether its triggers are listened to.
        archived: whether it was put away.
        tags: the ids of its tags by name.
        definition: what it does, none for one that was not read.
    """

    id: str
    active: bool
    archived: bool = False
    tags: t.Mapping[str, str] = {}
    definition: t.Any = None


class Actual(t.NamedTuple):
    """What a server is like; by default an empty one that is not asked.

    Attributes:
        credentials: the id of each credential by type and name.
        workflows: the workflow of each name that is declared or carries the tag.
        others: further workflows that carry the tag and a name that is there already, by id.
        tag: the id of the tag, or none.
        has_previous_password: whether the owner still logs in with the previous password.
    """

    credentials: t.Mapping[tuple, str] = {}
    workflows: t.Mapping[str, Workflow] = {}
    others: t.Mapping[str, tuple] = {}
    tag: str | None = None
    has_previous_password: bool = False


def inspect(server: Server, declared: t.Collection[str], tag: str, has_previous_password: bool) -> Actual:
    """Return what the server is like.

    Args:
        server: the server.
        declared: the names of the declared workflows.
        tag: the name of the tag that ours carry.
        has_previous_password: as `Server.log_in` found.
    """
    tags = {item["name"]: item["id"] for item in server.call("GET", "/rest/tags")}
    told = sorted(server.call("GET", "/rest/credentials"), key=lambda item: (item["createdAt"], item["id"]))
    credentials: dict[tuple, str] = {}
    for item in told:
        # Nothing keeps people from giving a name twice: the one that was there first is meant.
        credentials.setdefault((item["type"], item["name"]), item["id"])
    listed = server.call("GET", "/rest/workflows")
    chosen, others = _chosen(listed, declared, tag)
    # Another one of the same name is not the one that is meant.
    names_of_credentials = {id: name for (_type, name), id in credentials.items()}
    names_of_workflows = {item["id"]: name for name, item in chosen.items()}

    def names(kind: str, id: t.Any) -> t.Any:
        known = names_of_credentials if kind == "credential" else names_of_workflows
        # What leads nowhere is never equal to a name.
        return known.get(id, {"missing": id})

    found = {}
    for name, item in chosen.items():
        content = None
        if name in declared:
            content = definition.stored(server.call("GET", f"/rest/workflows/{item['id']}"), names)
        found[name] = Workflow(item["id"], item["active"], item["isArchived"], _tags(item), content)
    return Actual(credentials, found, others, tags.get(tag), has_previous_password)


def _tags(item: dict) -> dict:
    return {one["name"]: one["id"] for one in item.get("tags") or []}


def _chosen(listed: list, declared: t.Collection[str], tag: str) -> tuple[dict, dict]:
    # Of several with one name, ours is the one with the tag, or the one that was there first.
    ordered = sorted(listed, key=lambda item: (tag not in _tags(item), item["createdAt"], item["id"]))
    chosen: dict[str, dict] = {}
    others: dict[str, tuple] = {}
    for item in ordered:
        ours = tag in _tags(item)
        if item["name"] in chosen:
            if ours:
                others[item["id"]] = (item["name"], item["active"])
        elif ours or item["name"] in declared:
            chosen[item["name"]] = item
    return chosen, others
