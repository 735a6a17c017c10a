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


def actual(*declared, myself: str = "admin", **properties) -> users.Actual:
    return users.Actual(
        {item["name"]: rules.from_declaration(item) for item in declared}, myself, VOCABULARY, **properties
    )


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


def test_one_list_makes_changes_and_deletes():
    declared = [{**GONE, "name": "b"}, {**GONE, "name": "c"}, APP, {**APP, "name": "d"}]
    found = actual({**APP, "commands": []}, {**APP, "name": "c"})
    assert [step.words for step in users.plan(declared, found)] == ["delete user c", "change user app", "create user d"]


def test_absent_and_absent_again():
    assert [step.words for step in users.plan([GONE], actual(APP))] == ["delete user app"]
    assert users.plan([GONE], actual()) == []


def test_our_own_user_can_be_declared_without_a_change():
    assert users.plan([{**APP, "name": "admin"}], actual({**APP, "name": "admin"})) == []


def test_a_password_that_is_not_declared_stays_and_says_so():
    [step] = users.plan([{**APP, "password": None, "commands": []}], actual(APP))
    assert step.operation[3] == "clearselectors"
    assert step.before["password"] == step.after["password"] == "(secret, old)"
    assert users.plan([{**APP, "password": None}], actual(APP)) == []


def test_a_password_can_be_one_more_until_the_former_is_taken_away():
    rotated = {**APP, "password": "Application-2"}
    [step] = users.plan([rotated], actual(APP), keep_passwords=True)
    both = {rules.hash_of(APP["password"]), rules.hash_of("Application-2")}
    assert {word[1:] for word in step.operation if word[:1] == "#"} == both and step.operation[3] == "reset"
    name = APP["name"]
    two = users.Actual({name: rules.from_declaration(rotated, rules.from_declaration(APP), keep_passwords=True)})
    assert users.plan([rotated], two, keep_passwords=True) == []
    [step] = users.plan([rotated], two)
    assert {word[1:] for word in step.operation if word[:1] == "#"} == {rules.hash_of("Application-2")}


def test_a_disabled_user_can_be_made_without_a_password():
    [step] = users.plan([{**APP, "password": None, "enabled": False}], actual())
    assert (step.operation[3:5], step.after["password"]) == (("reset", "off"), None)


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("user app on nopass ~a +get", "(none needed)"),
        ("user app on #ab #cd ~a +get", "(2 secrets)"),
        ("user app on #ab ~a +get", "(secret, old)"),
        ("user app on ~a +get", None),
    ],
)
def test_passwords_in_words(told, shown):
    found = users.Actual(dict([rules.from_server(told)]))
    [step] = users.plan([APP], found)
    assert step.before["password"] == shown and step.after["password"] == "(secret, new)"
    [kept] = users.plan([{**APP, "password": None}], found)
    assert kept.before["password"] == kept.after["password"] == shown


def test_the_diff_shows_all_that_differs():
    rights = {"keys": ["a"], "channels": ["c"], "commands": ["+get"], "databases": [1], "selectors": ["+get ~x"]}
    [step] = users.plan([{**APP, **rights, "sanitize_payload": False}], actual())
    assert step.after == {
        "enabled": True,
        "password": "(secret, new)",
        "keys": ["~a"],
        "channels": ["&c"],
        "commands": ["-@all", "+get"],
        "databases": [1],
        "selectors": ["~x +get"],
        "sanitize_payload": False,
    }


def test_what_nobody_knows_is_shown_and_taken_back():
    found = users.Actual(dict([rules.from_server("user app on #ab new-word ~a +get")]))
    [step] = users.plan([APP], found)
    assert step.before["beyond"] == ["new-word"] and "beyond" not in step.after


def test_undeclared_users_are_reported():
    found = actual(
        APP, {**APP, "name": "admin"}, {**APP, "name": "default"}, {**APP, "name": "b"}, {**APP, "name": "a"}
    )
    assert users.undeclared([APP], found) == ["user a", "user b", "user default"]
    assert users.undeclared([GONE, {**APP, "name": "a"}], found) == ["user b", "user default"]
    assert users.undeclared([], actual({**APP, "name": "default", "enabled": False})) == []


def test_told_by_name_and_in_order():
    found = actual({**APP, "name": "b"}, APP, {**APP, "name": "c"}).users
    assert [item["name"] for item in users.to_declarations(found, None)] == ["app", "b", "c"]
    assert [item["name"] for item in users.to_declarations(found, ["c", "app", "nobody"])] == ["app", "c"]
    assert users.to_declarations(found, []) == []


def test_what_cannot_be_declared_is_not_told_as_something_else():
    found = dict(map(rules.from_server, ["user odd on new-word newer ~a +get", "user app on ~a +get"]))
    with pytest.raises(PlatformError) as caught:
        users.to_declarations(found, None)
    assert "new-word, newer" in caught.value.message and "user odd" in caught.value.message
    assert [item["name"] for item in users.to_declarations(found, ["app"])] == ["app"]


@pytest.mark.parametrize("rules_told", ["~\udcff", "resetchannels &\udcff", "-@all (~\udcff resetchannels -@all)"])
def test_what_is_no_utf_8_is_shown_escaped_and_not_told(rules_told):
    found = users.Actual(dict([rules.from_server(f"user app off {rules_told}"), rules.from_server("user \udcfe off")]))
    with pytest.raises(PlatformError) as caught:
        users.to_declarations(found.users, ["app"])
    assert "no UTF-8" in caught.value.message
    with pytest.raises(PlatformError) as caught:
        users.to_declarations(found.users, ["\udcfe"])
    assert "user \\udcfe" in caught.value.message
    [step] = users.plan([APP], found)
    assert "\\udcff" in f"{step.before['keys']}{step.before['channels']}{step.before['selectors']}".replace(
        "\\\\", "\\"
    )
    assert users.undeclared([APP], found) == ["user \\udcfe"]
    f"{step.before}{users.undeclared([], found)}{caught.value.message}".encode()


def test_a_server_that_forgets_rules_is_asked_for_their_effect():
    members = {"@all": {"get", "set"}, "@read": {"get"}, "get": {"get"}, "set": {"set"}}
    told = f"user app on #{rules.hash_of(APP['password'])} ~a -@all +@read (resetchannels -@all +set +get)"
    found = users.Actual(dict([rules.from_server(told)]), "admin", frozenset(members), members)
    same = {**APP, "keys": ["a"], "commands": ["+@all", "-@all", "+get", "-set"], "selectors": ["+set +@read"]}
    assert users.plan([same], found) == []
    assert users.plan([{**same, "commands": ["+set"]}], found) != []
    assert users.plan([{**same, "commands": ["+@all", "-set"]}], found) != []
    assert users.plan([{**same, "selectors": ["+set"]}], found) != []


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        ([APP, APP], "declared twice"),
        ([{**GONE, "name": "admin"}], "logged in as"),
        ([{**APP, "name": "admin", "enabled": False}], "logged in as"),
        ([{**GONE, "name": "default"}], "set enabled to false"),
        ([{**APP, "name": ""}], "its name is empty"),
        ([{**APP, "name": "a\tb"}], "its name holds a space"),
        ([{**APP, "name": "a\0b"}], "its name holds a space"),
        ([{**APP, "password": ""}], "its password is empty"),
        ([{**APP, "password": "", "enabled": False}], "its password is empty"),
        ([{**APP, "name": "new", "password": None}], "has no password"),
        ([{**APP, "commands": ["+@nonsense", "-strange"]}], "@nonsense, strange"),
        ([{**APP, "selectors": ["+get", "+strange"]}], "knows no command or category strange"),
    ],
)
def test_refusals(declared, reason):
    with pytest.raises(PlatformError) as caught:
        users.plan(declared, actual(APP))
    assert reason in caught.value.message and "at user" in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        ({"databases": [0]}, "cannot limit a user to single databases"),
        ({"databases": []}, "cannot limit a user to single databases"),
        ({"selectors": ["db=1"]}, "cannot limit a user to single databases"),
        ({"sanitize_payload": False}, "checks what anybody restores"),
        ({"name": 'a"b'}, 'could not read a"b back from its configuration file'),
        ({"keys": ["a'b"]}, "could not read ~a'b back from its configuration file"),
        ({"channels": ["a'b"]}, "could not read a'b back from its configuration file"),
        ({"name": "", "keys": ["X"]}, "its name is empty"),
    ],
)
def test_what_only_some_servers_can(declared, reason):
    unable = {"persistence": users.CONFIG_REWRITE, "limits_databases": False, "can_skip_sanitizing": False}
    item = {**APP, **declared}
    with pytest.raises(PlatformError) as caught:
        users.plan([item], actual(item, **unable))
    assert reason in caught.value.message
    assert users.plan([item], actual(item)) == []
    assert users.plan([{**APP, "name": "X", "keys": ["X"]}], actual(**unable)) != []


def test_without_a_server_no_command_is_called_unknown():
    assert users.plan([{**APP, "commands": ["+json.get"]}], users.Actual({}))[0].words == "create user app"


MYSELF = {**APP, "name": "me", "commands": ["+@admin"]}
KEPT = "user me on #ab ~app:* resetchannels -@all "


@pytest.mark.parametrize(
    ("found", "wanted", "lost"),
    [
        ("+@admin", ["+@admin", "-acl"], "ACL LIST"),
        ("+@admin", ["+@admin", "-acl|setuser"], "ACL SETUSER"),
        ("+@all", ["+@all", "-@dangerous"], "ACL LIST"),
        ("+@all", ["+@all", "-@dangerous", "+acl", "+config|get"], ""),
        ("+@all", ["+acl|list", "+acl|setuser", "+config|get"], "ACL SAVE"),
        ("+acl +config|get", ["+@admin"], "ACL CAT"),
        ("+acl +config|get", ["+@admin", "+acl|cat"], ""),
        ("+@all", ["+@admin", "+acl"], "COMMAND LIST"),
        ("+@all", ["+@admin", "+acl", "+@connection"], ""),
        ("+acl|list", ["+get"], "ACL LIST"),
        ("+get", ["+set"], ""),
        ("+@all", ["+@admin", "-config"], "CONFIG GET"),
    ],
)
def test_our_own_user_keeps_what_this_run_and_the_next_one_need(found, wanted, lost):
    known = users.Actual(dict([rules.from_server(KEPT + found)]), "me")
    declared = [{**MYSELF, "commands": wanted}]
    if not lost:
        assert users.plan(declared, known)
        return
    with pytest.raises(PlatformError) as caught:
        users.plan(declared, known)
    assert f"would lose the right to {lost}" in caught.value.what and caught.value.where == "user me"
    # Whoever else administers the server may do it.
    assert users.plan(declared, known._replace(myself="other"))


def test_a_selector_may_hold_what_our_own_user_needs():
    known = users.Actual(dict([rules.from_server(KEPT + "+@all")]), "me")
    assert users.plan([{**MYSELF, "commands": ["+get"], "selectors": ["+@admin +@slow"]}], known)
