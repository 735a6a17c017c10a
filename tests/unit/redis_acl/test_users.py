"""The plan for users, without a server."""

from __future__ import annotations

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.plan import diff_of
from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl import rules, users

APP = {
    "name": "app",
    "password": "Application-1",
    "enabled": True,
    "keys": ["app:*"],
    "channels": [],
    "commands": ["+@all", "-@dangerous"],
    "state": "present",
}
GONE = {"name": "app", "state": "absent", "enabled": True}
VOCABULARY = frozenset(["@dangerous", "get"])


def actual(*declared, myself: str = "admin") -> users.Actual:
    return users.Actual({item["name"]: rules.from_declaration(item) for item in declared}, myself, VOCABULARY)


def test_what_is_as_declared_needs_no_step():
    assert users.plan([APP], actual(APP)) == []


def test_one_step_makes_a_user_whole():
    [step] = users.plan([APP], actual())
    assert (step.words, step.before) == ("create user app", {})
    assert step.operation[:4] == ("ACL", "SETUSER", "app", "reset")


def test_an_undeclared_user_is_left_alone():
    assert users.plan([APP], actual(APP, {**APP, "name": "other"})) == []


def test_a_rotated_password_shows_as_new_and_nowhere_in_clear():
    steps = users.plan([{**APP, "password": "Application-2"}], actual(APP))
    [difference] = diff_of(steps)
    assert "(secret, old)" in difference["before"] and "(secret, new)" in difference["after"]
    hidden = ["Application-1", "Application-2", rules.hash_of("Application-1"), rules.hash_of("Application-2")]
    assert not [secret for secret in hidden if secret in f"{difference}{steps}"]


def test_our_own_user_comes_last():
    declared = [{**APP, "name": "admin"}, {**APP, "name": "b"}, {**APP, "name": "a"}]
    assert [step.words for step in users.plan(declared, actual())] == [
        "create user b",
        "create user a",
        "create user admin",
    ]


def test_absent_and_absent_again():
    assert [step.words for step in users.plan([GONE], actual(APP))] == ["delete user app"]
    assert users.plan([GONE], actual()) == []


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        ([APP, APP], "declared twice"),
        ([{**GONE, "name": "admin"}], "logged in as"),
        ([{**APP, "name": "admin", "enabled": False}], "logged in as"),
        ([{**GONE, "name": "default"}], "set enabled to false"),
        ([{**APP, "name": ""}], "its name is empty"),
        ([{**APP, "name": "a\tb"}], "holds a space"),
        ([{**APP, "name": 'a"b'}], "or a quote"),
        ([{**APP, "password": ""}], "has no password"),
        ([{**APP, "commands": ["+@nonsense", "-strange"]}], "@nonsense, strange"),
    ],
)
def test_refusals(declared, reason):
    with pytest.raises(PlatformError) as caught:
        users.plan(declared, actual(APP))
    assert reason in caught.value.message


def test_without_a_server_no_command_is_called_unknown():
    assert users.plan([{**APP, "commands": ["+json.get"]}], users.Actual({}))[0].words == "create user app"
