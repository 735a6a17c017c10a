# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A workflow's definition in one form, whether it was declared or read: with names where n8n keeps ids."""

from __future__ import annotations

import copy
import typing as t
import uuid

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError

# Ids that a file leaves out are made from names, so that they are the same at each run.
NAMESPACE = uuid.UUID("6b6a1b4e-6f0e-5d0b-9a3f-2f6a8d0c9d11")
# These are called from outside; without an id of its own, such a node's address would hold the workflow's id.
WITH_WEBHOOK = ("webhook", "formTrigger", "wait")
REQUIRED = ("name", "type", "typeVersion")
COLUMN, ROW = 220, 160
# n8n drops these when it saves a workflow again.
DEFAULT = "DEFAULT"

Names = t.Callable[[str, str], t.Any]


class Definition(t.NamedTuple):
    """What a workflow does.

    Attributes:
        nodes: its nodes by name.
        connections: what leads where, as n8n has it.
        settings: its settings.
    """

    nodes: dict
    connections: dict
    settings: dict


def declared(workflow: str, definition: dict) -> Definition:
    """Return a declared definition with everything that may be left out.

    Raises:
        PlatformError: it makes no sense.
    """
    where = f"workflow {workflow}"
    unknown = sorted(set(definition) - {"nodes", "connections", "settings"})
    if unknown:
        raise _wrong(where, f"its definition has the unknown keys {', '.join(unknown)}")
    listed = definition.get("nodes") or []
    for number, node in enumerate(listed):
        if not isinstance(node, dict):
            raise _wrong(where, f"its node number {number + 1} is no dictionary")
        missing = [key for key in REQUIRED if not node.get(key)]
        if missing:
            raise _wrong(where, f"the node {node.get('name') or '?'} lacks {', '.join(missing)}")
    names = [node["name"] for node in listed]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated or not names:
        raise _wrong(where, f"it has several nodes {', '.join(repeated)}" if repeated else "it has no nodes")
    connections = definition.get("connections") or {}
    _check_connections(where, set(names), connections)
    places = _layout(names, connections)
    nodes = {node["name"]: _completed(workflow, node, places[node["name"]]) for node in listed}
    return Definition(nodes, connections, _settings(definition.get("settings")))


def _check_connections(where: str, names: set, connections: dict) -> None:
    ends = {link["node"] for _source, link in links(connections)}
    strangers = sorted((set(connections) | ends) - names)
    if strangers:
        raise _wrong(where, f"its connections name the nodes {', '.join(strangers)}, which it does not have")


def links(connections: dict) -> t.Iterator[tuple[str, dict]]:
    """Yield each connection: the name of the node that it leaves, and n8n's description of where it leads."""
    for source, outputs in connections.items():
        for branches in outputs.values():
            for branch in branches:
                for link in branch or []:
                    yield source, link


def _layout(names: list, connections: dict) -> dict:
    # A column for each step away from where it starts. Loops lead back, so each node is placed once.
    depth: dict[str, int] = {}
    ends = {link["node"] for _source, link in links(connections)}
    front = [name for name in names if name not in ends] or names[:1]
    level = 0
    while front:
        for name in front:
            depth.setdefault(name, level)
        front = list(
            dict.fromkeys(
                link["node"] for source, link in links(connections) if source in front and link["node"] not in depth
            )
        )
        level += 1
    rows: dict[int, int] = {}
    places = {}
    for name in names:
        column = depth.get(name, 0)
        places[name] = [column * COLUMN, rows.get(column, 0) * ROW]
        rows[column] = rows.get(column, 0) + 1
    return places


def _completed(workflow: str, node: dict, place: list) -> dict:
    # n8n leaves out what is false or empty only where the file does, so nothing else is added.
    unique = str(uuid.uuid5(NAMESPACE, f"{workflow}/{node['name']}"))
    short = node["type"].rsplit(".", 1)[-1]
    return {
        "id": unique,
        "parameters": {},
        "position": place,
        **({"webhookId": unique} if short in WITH_WEBHOOK else {}),
        **copy.deepcopy(node),
    }


def stored(found: dict, names: Names) -> Definition:
    """Return a definition that n8n told.

    Args:
        found: n8n's answer.
        names: gives the name of a `credential` or `workflow` by its id, or something that is no name.
    """
    nodes = {}
    for told in found["nodes"]:
        node = copy.deepcopy(told)
        _replace_credentials(node, lambda kind, ref: names("credential", ref.get("id")))
        _replace_workflow(node, lambda value: names("workflow", value.get("value")))
        nodes[node["name"]] = node
    settings = _settings(found.get("settings"))
    if settings.get("errorWorkflow"):
        settings["errorWorkflow"] = names("workflow", settings["errorWorkflow"])
    return Definition(nodes, found.get("connections") or {}, settings)


def body(definition: Definition, ids: Names) -> dict:
    """Return what n8n is sent.

    Args:
        definition: the definition.
        ids: gives the id of a `credential` (named as type and name) or `workflow`.
    """
    nodes = []
    for one in definition.nodes.values():
        node = copy.deepcopy(one)
        _replace_credentials(node, lambda kind, name: {"id": ids("credential", (kind, name)), "name": name})
        _replace_workflow(node, lambda name: {"__rl": True, "mode": "id", "value": ids("workflow", name)})
        nodes.append(node)
    settings = dict(definition.settings)
    if settings.get("errorWorkflow"):
        settings["errorWorkflow"] = ids("workflow", settings["errorWorkflow"])
    return {"nodes": nodes, "connections": definition.connections, "settings": settings}


def credentials_of(definition: Definition) -> set:
    """Return the type and name of each credential that is used."""
    return {
        (kind, name) for node in definition.nodes.values() for kind, name in (node.get("credentials") or {}).items()
    }


def workflows_of(definition: Definition) -> set:
    """Return the names of the workflows that are called."""
    called = {
        node["parameters"]["workflowId"]
        for node in definition.nodes.values()
        if isinstance(node.get("parameters", {}).get("workflowId"), str)
    }
    return called | ({definition.settings["errorWorkflow"]} if definition.settings.get("errorWorkflow") else set())


def webhooks_of(definition: Definition) -> set:
    """Return the method and path of each address that it answers at."""
    return {
        (node["parameters"].get("httpMethod", "GET"), str(node["parameters"].get("path", "")))
        for node in definition.nodes.values()
        if node["type"] == "n8n-nodes-base.webhook" and not node.get("disabled")
    }


def _replace_credentials(node: dict, replaced: t.Callable) -> None:
    if node.get("credentials"):
        node["credentials"] = {kind: replaced(kind, ref) for kind, ref in node["credentials"].items()}
    else:
        node.pop("credentials", None)


def _replace_workflow(node: dict, replaced: t.Callable) -> None:
    value = node.get("parameters", {}).get("workflowId")
    # An expression is chosen when it runs; n8n's own form is a mapping, ours a name.
    if isinstance(value, dict) or (isinstance(value, str) and not value.startswith("=")):
        node["parameters"]["workflowId"] = replaced(value)


def _settings(told: dict | None) -> dict:
    return {key: value for key, value in (told or {}).items() if value not in (None, "", DEFAULT)}


def _wrong(where: str, what: str) -> PlatformError:
    return PlatformError(CONFIGURATION, what, "correct the workflow's file", where=where)
