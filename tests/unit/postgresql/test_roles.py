"""The plan for roles, without a server."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import roles, scram

OPTIONS = (
    "password",
    "login",
    "superuser",
    "createdb",
    "createrole",
    "replication",
    "inherit",
    "bypassrls",
    "connection_limit",
    "valid_until",
    "member_of",
    "exclusive_memberships",
    "settings",
    "comment",
)
DECLARED = st.fixed_dictionaries(
    {"name": st.sampled_from("abc"), "state": st.sampled_from(["present", "absent"])},
    optional={
        "password": st.sampled_from(["Password-1", "Password-2"]),
        **{flag: st.booleans() for flag in roles.FLAGS},
        "connection_limit": st.integers(-1, 3),
        "member_of": st.lists(st.sampled_from("xy"), unique=True),
        "exclusive_memberships": st.booleans(),
        "settings": st.dictionaries(st.sampled_from(["work_mem", "app.x"]), st.sampled_from(["1MB", "2MB", None])),
        "comment": st.sampled_from(["", "text"]),
    },
)


def filled(declared: dict) -> dict:
    return {**dict.fromkeys(OPTIONS), **declared}


def carried_out(actual: dict, declared: list[dict]) -> dict:
    """What a server would hold after the plan, worked out from the declaration and not from the steps."""
    found = {name: dict(role) for name, role in actual["roles"].items()}
    for item in declared:
        if item["state"] == "absent":
            found.pop(item["name"], None)
            continue
        new = {
            **dict.fromkeys(roles.FLAGS, False),
            "connection_limit": -1,
            "valid_until_instant": None,
            "member_of": {},
            "admin_of": {},
            "settings": {},
            "comment": None,
            "verifier": None,
        }
        role = found.setdefault(item["name"], new)
        for key in (*roles.FLAGS, "connection_limit"):
            role[key] = role[key] if item[key] is None else item[key]
        if item["exclusive_memberships"]:
            role["member_of"] = {}
        role["member_of"] = {**role["member_of"], **{group: ["postgres"] for group in item["member_of"] or []}}
        settings_now = {**role["settings"], **(item["settings"] or {})}
        role["settings"] = {key: value for key, value in settings_now.items() if value is not None}
        role["comment"] = role["comment"] if item["comment"] is None else item["comment"] or None
        if item["password"] and not scram.matches(role["verifier"], item["password"]):
            role["verifier"] = scram.verifier_of(item["password"], iterations=1)
    return {**actual, "roles": found}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(DECLARED, max_size=3, unique_by=lambda item: item["name"]), min_size=1, max_size=3))
def test_after_any_history_the_next_plan_is_empty(history):
    actual = dict(roles.EMPTY, iterations=1)
    for declared in history:
        wanted = [filled(item) for item in declared]
        actual = carried_out(actual, wanted)
        assert roles.plan(wanted, actual) == []


def test_undeclared_properties_are_left_alone():
    found = {
        **dict.fromkeys(roles.FLAGS, True),
        "connection_limit": 7,
        "valid_until": "2031-01-01",
        "member_of": {"x": ["postgres"]},
        "admin_of": {},
        "settings": {"a": "b"},
        "comment": "c",
        "verifier": "d",
    }
    assert roles.plan([filled({"name": "a", "state": "present"})], {**roles.EMPTY, "roles": {"a": found}}) == []


def test_a_plan_holds_no_secret_in_words_or_diff():
    (step,) = roles.plan([filled({"name": "a", "state": "present", "password": "Password-1"})], roles.EMPTY)
    assert "Password-1" not in f"{step} {step.before} {step.after}"
    assert "SCRAM" not in f"{step} {step.before} {step.after}"
    assert "Password-1" not in str(step.operation)


@pytest.mark.parametrize("name", ["", "x" * 64, "pg_x", "public", "none", "a\0b"])
def test_names_that_cannot_be(name):
    with pytest.raises(PlatformError):
        roles.plan([filled({"name": name, "state": "present"})], roles.EMPTY)


@pytest.mark.parametrize("password", ["a\0b", "a\ud800"])
def test_passwords_that_nobody_could_log_in_with(password):
    with pytest.raises(PlatformError, match="its password holds a zero byte"):
        roles.plan([filled({"name": "a", "state": "present", "password": password})], roles.EMPTY)


def test_a_role_declared_twice_is_refused():
    with pytest.raises(PlatformError, match="declared twice"):
        roles.plan([filled({"name": "a", "state": "present"})] * 2, roles.EMPTY)
