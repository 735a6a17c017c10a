"""A chain of steps becomes the object that FileFlows takes."""

from __future__ import annotations

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils.fileflows import NEW, flow_object

ELEMENTS = [{"Uid": "x.Input", "Type": 0, "Inputs": 0, "Outputs": 1}, {"Uid": "x.Do", "Type": 2, "Inputs": 1}]
FLOW = {
    "name": "Media",
    "steps": [
        {"name": "Take", "element": "x.Input"},
        {"name": "Convert", "element": "x.Do", "model": {"Code": "return 1"}},
        {"name": "Report", "element": "x.Do"},
    ],
}


def test_steps_are_a_chain_and_types_come_from_fileflows():
    made = flow_object(FLOW, ELEMENTS, [])
    assert (made["Uid"], made["Type"], made["Default"], made["Enabled"]) == (NEW, 0, False, True)
    assert [part["Type"] for part in made["Parts"]] == [0, 2, 2]
    ids = [part["Uid"] for part in made["Parts"]]
    following = [[one["InputNode"] for one in part["OutputConnections"]] for part in made["Parts"]]
    assert following == [[ids[1]], [ids[2]], []]
    assert made["Parts"][1]["Model"] == {"Code": "return 1"}


def test_a_flow_of_the_same_name_is_replaced_and_its_parts_keep_their_ids():
    first = flow_object(FLOW, ELEMENTS, [])
    again = flow_object(FLOW, ELEMENTS, [{**first, "Uid": "known", "Revision": 3}, {"Uid": "b", "Name": "Other"}])
    assert (again["Uid"], again["Revision"]) == ("known", 3)
    assert again["Parts"] == first["Parts"]


def test_a_failure_flow_is_the_default():
    made = flow_object({**FLOW, "type": "failure"}, ELEMENTS, [])
    assert (made["Type"], made["Default"]) == (1, True)


def test_a_missing_element_is_named():
    with pytest.raises(PlatformError, match=r"no element x\.Do") as refusal:
        flow_object(FLOW, ELEMENTS[:1], [])
    assert (refusal.value.category, refusal.value.where) == (5, "flow Media")
