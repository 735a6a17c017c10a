"""What has to be done in Directus, told from what is declared and what there is."""

from __future__ import annotations

import copy

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.directus.inspect import Actual
from ansible_collections.borgstack.platform.plugins.module_utils.directus.plan import plan
from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError

FIELD = {"collection": "directus_files", "field": "status", "type": "string", "meta": {"readonly": True}}
READ = {"collection": "directus_files", "action": "read", "fields": ["*"]}
MARK = {"collection": "directus_files", "action": "update", "fields": ["status"]}
POLICY = {"name": "Processing", "description": "p", "permissions": [READ, MARK]}
USER = {"email": "p@example.com", "first_name": "P", "token": "Token-Secret", "policies": ["Processing"]}
AGAIN = {"key": "again", "name": "Again", "type": "request", "options": {"url": "u", "token": "@@token@@"}}
TELL = {**AGAIN, "key": "tell", "reject": {"key": "wait", "name": "Wait", "type": "sleep", "options": {}}}
FLOW = {
    "name": "Tell",
    "description": None,
    "trigger": "event",
    "options": {"scope": ["files.upload"]},
    "operation": {**TELL, "reject": {**TELL["reject"], "resolve": AGAIN}},
    "secrets": {"token": "Flow-Secret"},
}
DECLARED = {"fields": [FIELD], "policies": [POLICY], "users": [USER], "flows": [FLOW]}


def with_secret(tree: dict) -> dict:
    """The tree as Directus has it."""
    tree = copy.deepcopy(tree)
    for node in (tree, tree["reject"]["resolve"]):
        node["options"]["token"] = "Flow-Secret"
    return tree


@pytest.fixture
def actual():
    """All as declared."""
    permissions = [{"id": number, "permissions": None, **one} for number, one in enumerate((MARK, READ))]
    policy = {"id": "P1", **POLICY, "admin_access": False, "app_access": False, "permissions": permissions}
    user = {"id": "U1", "email": USER["email"], "first_name": "P", "status": "active"}
    flow = {**FLOW, "id": "F1", "status": "active", "accountability": None, "tree": with_secret(FLOW["operation"])}
    return Actual(
        fields={("directus_files", "status"): {"type": "string", "meta": {"readonly": True, "width": "full"}}},
        policies={"Processing": policy},
        users={USER["email"]: {**user, "policies": [{"id": "A1", "policy": "P1"}]}},
        flows={"Tell": {**flow, "operations": [{"id": "O1"}, {"id": "O2"}]}},
        token_owners={USER["email"]: "U1"},
    )


def words(steps) -> list[str]:
    return [step.words for step in steps]


def test_what_is_as_declared_is_left_alone(actual):
    assert plan(DECLARED, actual) == []


def test_an_empty_server_gets_everything_in_order():
    steps = plan(DECLARED, Actual())
    assert words(steps) == [
        "create field directus_files.status",
        "create policy Processing",
        "create user p@example.com",
        "create flow Tell",
    ]
    assert "Secret" not in str([(step.subject, step.words, step.before, step.after) for step in steps])


@pytest.mark.parametrize(
    ("change", "step"),
    [
        (lambda a: a.fields["directus_files", "status"]["meta"].update(readonly=False), "field directus_files.status"),
        (lambda a: a.policies["Processing"]["permissions"].pop(), "policy Processing"),
        (lambda a: a.policies["Processing"]["permissions"][0].update(fields=["*"]), "policy Processing"),
        (lambda a: a.policies["Processing"].update(admin_access=True), "policy Processing"),
        (lambda a: a.users["p@example.com"].update(status="suspended"), "user p@example.com"),
        (lambda a: a.users["p@example.com"]["policies"].append({"id": "A2", "policy": "ADMIN"}), "user p@example.com"),
        (lambda a: a.token_owners.update({"p@example.com": ""}), "user p@example.com"),
        (lambda a: a.token_owners.update({"p@example.com": "SOMEBODY"}), "user p@example.com"),
        (lambda a: a.flows["Tell"].update(status="inactive"), "flow Tell"),
        (lambda a: a.flows["Tell"].update(tree=None), "flow Tell"),
        (lambda a: a.flows["Tell"]["tree"]["options"].update(token="Old"), "flow Tell"),
    ],
)
def test_each_difference_is_one_change(actual, change, step):
    change(actual)
    steps = plan(DECLARED, actual)
    assert words(steps) == [f"change {step}"]
    assert steps[0].before != steps[0].after
    assert "Secret" not in str((steps[0].before, steps[0].after))


def test_a_surplus_permission_is_taken_away_and_the_others_stay(actual):
    actual.policies["Processing"]["permissions"].append({"id": 9, **READ, "action": "delete", "permissions": None})
    (step,) = plan(DECLARED, actual)
    assert step.operation == ("change_policy", "P1", {"permissions": {"create": [], "delete": [9]}})


def test_a_token_that_is_not_declared_stays(actual):
    actual.token_owners.clear()
    declared = {**DECLARED, "users": [{**USER, "token": None}]}
    assert plan(declared, actual) == []


def test_a_type_is_never_changed(actual):
    actual.fields["directus_files", "status"]["type"] = "json"
    with pytest.raises(PlatformError, match="exists with the type json, not string"):
        plan(DECLARED, actual)


def test_a_placeholder_without_a_secret_is_refused():
    with pytest.raises(PlatformError, match="no secret is given for"):
        plan({**DECLARED, "flows": [{**FLOW, "secrets": {}}]}, Actual())


def test_braces_of_directus_and_secrets_are_put_in():
    operation = {**AGAIN, "options": {"body": "<%$trigger.key%> @@token@@", "headers": [{"value": "@@token@@"}]}}
    (step,) = plan(
        {
            **DECLARED,
            "fields": [],
            "policies": [],
            "users": [],
            "flows": [{**FLOW, "operation": operation, "secrets": {"token": "a<%b@@c@@"}}],
        },
        Actual(),
    )
    options = step.operation[2]["options"]
    assert options == {"body": "{{$trigger.key}} a<%b@@c@@", "headers": [{"value": "a<%b@@c@@"}]}


def test_a_flow_that_is_to_be_gone_is_deleted_if_it_is_there(actual):
    declared = {"fields": [], "policies": [], "users": [], "flows": [{"name": "Tell", "state": "absent"}]}
    (step,) = plan(declared, actual)
    assert (step.words, step.operation) == ("delete flow Tell", ("delete_flow", "F1"))
    assert "Secret" not in str((step.before, step.after))
    assert plan(declared, Actual()) == []


@pytest.mark.parametrize(
    ("wanted", "is_", "told"),
    [
        (None, "", []),
        ("", "a@example.com", []),
        ("a@example.com", "", ["set project owner"]),
        ("a@example.com", "b@example.com", ["change project owner"]),
        ("a@example.com", "a@example.com", []),
    ],
)
def test_the_projects_owner_is_whom_the_operator_names_and_nobody_otherwise(actual, wanted, is_, told):
    actual.project_owner = is_
    assert words(plan({**DECLARED, "project_owner": wanted}, actual)) == told
