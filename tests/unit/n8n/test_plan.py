"""The plan for n8n: a pure function, tested without a server."""

from __future__ import annotations

import copy

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.n8n import definition, plan
from ansible_collections.borgstack.platform.plugins.module_utils.n8n.connection import secrets_of
from ansible_collections.borgstack.platform.plugins.module_utils.n8n.inspect import Actual, Workflow

TOKEN = {"name": "token", "type": "httpHeaderAuth", "data": {"name": "X", "value": "Unseen-1"}}
HOOK = {
    "name": "Hook",
    "type": "n8n-nodes-base.webhook",
    "typeVersion": 2,
    "parameters": {"path": "a", "httpMethod": "POST"},
    "credentials": {"httpHeaderAuth": "token"},
}
CALL = {
    "name": "Call",
    "type": "n8n-nodes-base.executeWorkflow",
    "typeVersion": 1.2,
    "parameters": {"workflowId": "inner"},
}
NODE = {"name": "Code", "type": "n8n-nodes-base.code", "typeVersion": 2, "parameters": {"jsCode": "return []"}}
LINK = {"Hook": {"main": [[{"node": "Call", "type": "main", "index": 0}]]}}
OUTER = {"name": "outer", "active": True, "definition": {"nodes": [HOOK, CALL], "connections": LINK}}
INNER = {"name": "inner", "active": False, "definition": {"nodes": [NODE]}}


def steps(actual: Actual = Actual(), credentials=(TOKEN,), workflows=(OUTER, INNER), rewrite=False):  # noqa: B008
    return plan.plan(list(credentials), plan.wanted(list(workflows)), actual, "platform", rewrite)


def words(*arguments, **keywords) -> list[str]:
    return [step.words for step in steps(*arguments, **keywords)]


def there(**changes) -> Actual:
    """A server that has everything as declared."""
    found = {
        one.name: Workflow(f"id-{one.name}", one.active, False, {"platform": "t"}, one.definition)
        for one in plan.wanted([OUTER, INNER])
    }
    return Actual({("httpHeaderAuth", "token"): "c"}, found, {}, "t")._replace(**changes)


def test_what_is_called_is_made_before_what_calls_it_and_activated_last():
    assert words() == [
        "create credential token",
        "create tag platform",
        "create workflow inner",
        "create workflow outer",
        "activate workflow outer",
    ]


def test_nothing_to_do_where_all_is_there():
    assert words(there()) == []


def test_no_secret_is_in_what_is_shown():
    assert "Unseen" not in repr(
        [(step.before, step.after, step.words) for step in [*steps(), *steps(there(), rewrite=True)]]
    )


def test_only_the_changed_node_is_shown():
    other = copy.deepcopy(OUTER)
    other["definition"]["nodes"][0]["parameters"]["path"] = "b"
    (step,) = steps(there(), workflows=(other, INNER))
    assert step.words == "update workflow outer: nodes Hook"
    assert list(step.after) == ["nodes"] and list(step.after["nodes"]) == ["Hook"]


def test_another_workflow_of_the_same_name_that_carries_the_tag_is_switched_off():
    assert words(there(others={"x": ("outer", True), "y": ("outer", False)})) == [
        "deactivate another workflow outer (id x) that carries the tag platform"
    ]


def test_one_that_is_not_declared_is_switched_off_before_another_takes_its_place():
    assert words(there(tag=None), workflows=(INNER,))[:1] == [
        "deactivate workflow outer, which is not declared any more"
    ]


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ({"workflows": (OUTER,)}, "the workflow inner, which does not exist"),
        ({"credentials": ()}, "the credential token of type httpHeaderAuth"),
        ({"workflows": (OUTER, INNER, INNER)}, "declared twice"),
        ({"credentials": (TOKEN, TOKEN)}, "declared twice"),
        ({"workflows": (OUTER, INNER, {**OUTER, "name": "copy"})}, "both answer POST a"),
        ({"workflows": ({**INNER, "definition": {"nodes": [CALL]}},)}, "call each other"),
        ({"workflows": ({**INNER, "definition": {"nodes": [NODE, NODE]}},)}, "several nodes Code"),
        ({"workflows": ({**INNER, "definition": {"nodes": []}},)}, "no nodes"),
        ({"workflows": ({**INNER, "definition": {"nodes": [{"name": "X"}]}},)}, "lacks type, typeVersion"),
        ({"workflows": ({**INNER, "definition": {"nodes": [NODE], "connections": LINK}},)}, "Call, Hook"),
        ({"workflows": ({**INNER, "definition": {"nodes": [NODE], "pinData": {}}},)}, "unknown keys pinData"),
    ],
)
def test_a_declaration_that_cannot_work_is_refused(declared, told):
    with pytest.raises(PlatformError) as caught:
        steps(**declared)
    assert told in caught.value.what


def test_names_become_ids_and_back():
    one = definition.declared("outer", OUTER["definition"])
    ids = {("credential", ("httpHeaderAuth", "token")): "c1", ("workflow", "inner"): "w1"}
    sent = definition.body(one, lambda kind, key: ids[kind, key])
    by_name = {node["name"]: node for node in sent["nodes"]}
    assert by_name["Hook"]["credentials"] == {"httpHeaderAuth": {"id": "c1", "name": "token"}}
    assert by_name["Call"]["parameters"]["workflowId"] == {"__rl": True, "mode": "id", "value": "w1"}
    back = {("credential", "c1"): "token", ("workflow", "w1"): "inner"}
    assert definition.stored(sent, lambda kind, id: back[kind, id]) == one


def test_what_a_file_leaves_out_is_the_same_at_each_run_and_laid_out_by_what_leads_where():
    first, second = (definition.declared("outer", OUTER["definition"]) for _time in range(2))
    assert first == second
    assert first.nodes["Hook"]["webhookId"] == first.nodes["Hook"]["id"] != first.nodes["Call"]["id"]
    assert "webhookId" not in first.nodes["Call"]
    assert (first.nodes["Hook"]["position"], first.nodes["Call"]["position"]) == ([0, 0], [220, 0])


def test_secrets_are_hidden_and_addresses_are_not():
    credentials = [
        {"name": "mail", "data": {"host": "mail.example.com", "port": 587, "password": "hidden-1", "secure": False}},
        {"name": "odd", "data": {"database": 0, "pin": 1234, "keys": [{"a": "hidden-2"}], "empty": ""}},
    ]
    options = {"password": "hidden-3", "previous_password": None, "credentials": credentials}
    assert secrets_of(options) == {"hidden-1", "hidden-2", "hidden-3", "1234"}
