# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""From a flow as a role writes it, a chain of steps, to the object that FileFlows' API takes: pure functions."""

from __future__ import annotations

import typing as t
import uuid

from ansible_collections.borgstack.platform.plugins.module_utils.errors import INTEGRATION, PlatformError

NEW = str(uuid.UUID(int=0))
TYPES = {"standard": 0, "failure": 1}
# Parts keep their ids from run to run, so that FileFlows' statistics and logs do.
NAMESPACE = uuid.UUID("6f0a5c1e-40c5-4d0c-9a55-6b1f3c4f0f11")


def flow_object(flow: dict[str, t.Any], elements: list[dict], existing: list[dict]) -> dict[str, t.Any]:
    """Return the flow for `PUT /api/flow`.

    Args:
        flow: `name`, `type` (standard or failure) and `steps`, each with `name`, `element` and `model`; a step's first
            output leads to the next step.
        elements: what FileFlows says that flows can be made of; it knows their types and counts of connections.
        existing: the flows that it has; one of the same name is replaced.

    Raises:
        PlatformError: FileFlows lacks an element.
    """
    known = {element["Uid"]: element for element in elements}
    lacking = sorted({step["element"] for step in flow["steps"]} - set(known))
    if lacking:
        raise PlatformError(
            INTEGRATION,
            f"FileFlows has no element {', '.join(lacking)}",
            "install the plugin that has it in FileFlows, under Extensions, and run again",
            where=f"flow {flow['name']}",
        )
    same = [found for found in existing if found["Name"] == flow["name"]]
    ids = [str(uuid.uuid5(NAMESPACE, f"{flow['name']}/{step['name']}")) for step in flow["steps"]]
    return {
        **(same[0] if same else {"Uid": NEW}),
        "Name": flow["name"],
        "Type": TYPES[flow.get("type", "standard")],
        "Enabled": True,
        # A failure flow is run for the flows that have none of their own only if it is the default.
        "Default": flow.get("type") == "failure",
        "Parts": [_part(step, known[step["element"]], ids, place) for place, step in enumerate(flow["steps"])],
    }


def _part(step: dict, element: dict, ids: list[str], place: int) -> dict:
    following = ids[place + 1 : place + 2]
    return {
        "Uid": ids[place],
        "Name": step["name"],
        "FlowElementUid": step["element"],
        "xPos": 450,
        "yPos": 50 + 120 * place,
        "Type": element["Type"],
        "Inputs": element.get("Inputs", 0),
        "Outputs": element.get("Outputs", 1),
        "Model": step.get("model", {}),
        "OutputConnections": [{"Input": 1, "Output": 1, "InputNode": one} for one in following],
    }
