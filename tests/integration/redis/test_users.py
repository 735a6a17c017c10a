"""redis_users against real servers."""

from __future__ import annotations

import random
import threading
import time

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from integration.every50ms import asked
from integration.redis.servers import ADMIN, PRODUCTS, converge, run, started

from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl import rules

pytestmark = pytest.mark.integration
APP = {
    "name": "app",
    "password": "Application-1",
    "keys": ["app:*", "%R~shared:*"],
    "channels": ["app:*"],
    "commands": ["+@all", "-@admin", "-@dangerous", "+info"],
}
# What shells, templates, ACL files and servers themselves could take for something else.
HOSTILE = ["on", "#app", "a|b", "$(id)", "`id`", "%s", "{{x}}", "--", ";", "a\\nb", "é", "user:1", "~*", "+@all", ">x"]
HOSTILE += ["(a", "a)", "\u00a0", "x" * 300]
QUOTED = ['a"b', "it's", '"']


@pytest.fixture(scope="module", params=PRODUCTS, ids=lambda product: product.name)
def shared(request):
    with started(request.param, request.param.with_acl_file()) as server:
        yield server


@pytest.fixture
def server(shared):
    shared.forget()
    return shared


def test_a_user_is_limited_to_what_is_declared(server):
    assert converge(server, [APP]) == ["create user app"]
    client = server.client("app", APP["password"])
    assert client.set("app:x", "1") and client.get("app:x") == "1" and client.get("shared:x") is None
    for refused in (
        lambda: client.get("other:x"),
        lambda: client.set("shared:x", "1"),
        client.flushall,
        lambda: client.publish("other", "x"),
    ):
        with pytest.raises(redis.exceptions.NoPermissionError):
            refused()


def test_the_same_in_other_words_is_no_change(server):
    selectors = ["~x* +get", "(%R~y &c +@read)"]
    converge(server, [{**APP, "selectors": selectors}])
    for spelling in [
        {"keys": ["%R~shared:*", "~app:*"]},
        {"keys": ["%RW~app:*", "%R~shared:*"]},
        {"keys": ["%R~app:*", "%R~shared:*", "%W~app:*"]},
        {"commands": ["-get", "+@ALL", "-@admin", "-@dangerous", "+INFO"]},
        {"commands": ["allcommands", "-@admin", "-@dangerous", "-info", "+info"]},
        {"commands": ["+@all", "+get", "-@dangerous", "-@admin", "+info"]},
        {"channels": ["&app:*"]},
        {"selectors": selectors[::-1]},
        {"selectors": ["-@all +GET ~x*", "&a resetchannels &c +@read %R~y"]},
        {"sanitize_payload": True},
    ]:
        assert converge(server, [{**APP, "selectors": selectors, **spelling}]) == [], spelling


def test_selectors_allow_more(server):
    assert converge(server, [{**APP, "selectors": ["%R~other:* +get"]}]) == ["create user app"]
    client = server.client("app", APP["password"])
    assert client.get("other:x") is None
    with pytest.raises(redis.exceptions.NoPermissionError):
        client.set("other:x", "1")
    assert converge(server, [{**APP, "selectors": ["~other:* +set"]}]) == ["change user app"]
    assert client.set("other:x", "1")
    assert converge(server, [APP]) == ["change user app"]


def test_databases_and_unchecked_payloads_where_the_server_knows_them(server):
    limited = {**APP, "databases": [1], "selectors": ["db=0 ~x +get"]}
    unchecked = {**APP, "sanitize_payload": False}
    if server.product.limits_databases:
        assert converge(server, [limited]) == ["create user app"]
        with pytest.raises(redis.exceptions.NoPermissionError):
            server.client("app", APP["password"]).get("app:x")
        assert converge(server, [{**limited, "databases": [], "password": None}]) == ["change user app"]
        assert converge(server, [{**APP, "password": None}]) == ["change user app"]
        assert server.client("app", APP["password"]).ping()
        assert "checks what anybody restores" in run("redis_users", {**server.login, "users": [unchecked]}).refusal
    else:
        assert converge(server, [unchecked]) == ["create user app"]
        assert "skip-sanitize-payload" in server.acl()[0]
        assert converge(server, [{**APP, "password": None}]) == ["change user app"]
        assert "cannot limit a user" in run("redis_users", {**server.login, "users": [limited]}).refusal


def test_a_rotated_password_is_one_change(server):
    converge(server, [APP])
    rotated = {**APP, "password": "Application-2"}
    assert converge(server, [rotated]) == ["change user app"]
    assert server.client("app", "Application-2").set("app:x", "2")
    with pytest.raises(redis.exceptions.AuthenticationError):
        server.client("app", APP["password"]).get("app:x")


def test_a_client_that_asks_every_50_ms_sees_no_failure_where_the_former_password_goes_last(server):
    converge(server, [APP])
    rotated = {**APP, "password": "Application-2"}
    with asked(lambda password: server.client("app", password).set("app:x", "1"), APP["password"]) as asking:
        time.sleep(0.2)
        assert converge(server, [rotated], keep_passwords=True) == ["change user app"]
        time.sleep(0.2)
        asking.password = "Application-2"
        time.sleep(0.2)
        assert converge(server, [rotated]) == ["change user app"]
        time.sleep(0.2)
    assert asking.failures == [] and asking.count > 8
    with pytest.raises(redis.exceptions.AuthenticationError):
        server.client("app", APP["password"]).get("app:x")
    assert converge(server, [rotated]) == []


def test_passwords_that_are_not_declared_stay(server):
    for name, words in {"open": ["nopass"], "two": [">first", ">second"], "none": []}.items():
        server.ask("acl", "setuser", name, "on", *words, "+@all", "skip-sanitize-payload", "(+get)")
        assert converge(server, [{"name": name, "commands": ["+get"], "keys": ["a"]}]) == [f"change user {name}"]
    assert server.client("open", "anything").get("a") is None
    assert server.client("two", "first").get("a") is server.client("two", "second").get("a") is None
    assert converge(server, [{**APP, "name": "open"}]) == ["change user open"]
    with pytest.raises(redis.exceptions.AuthenticationError):
        server.client("open", "anything").get("a")


def test_what_was_added_by_hand_is_taken_back(server):
    converge(server, [APP])
    for words in (["nopass"], ["allkeys"], ["(~x +get)"], ["allchannels"], ["+flushall"], [">other"], ["off"]):
        server.ask("acl", "setuser", "app", *words)
        assert converge(server, [APP]) == ["change user app"], words


def test_a_server_that_would_allow_all_channels_is_told_otherwise(server):
    server.ask("config", "set", "acl-pubsub-default", "allchannels")
    assert converge(server, [{**APP, "channels": [], "selectors": ["~a +get"]}]) == ["create user app"]
    server.ask("config", "set", "acl-pubsub-default", "resetchannels")
    assert "&" not in server.acl()[0]


def test_absent_and_absent_again(server):
    converge(server, [{**APP, "name": "gone"}])
    assert converge(server, [{"name": "gone", "state": "absent"}]) == ["delete user gone"]
    assert converge(server, [{"name": "gone", "state": "absent"}]) == []


def test_undeclared_users_are_reported_and_left_alone(server):
    converge(server, [APP, {**APP, "name": "by"}, {**APP, "name": "keeper", "keys": ["*"], "commands": ["+@all"]}])
    before = server.acl()
    asked = {**server.login, "report_undeclared": True}
    assert run("redis_users", {**asked, "users": [APP]})["undeclared"] == ["user by", "user keeper"]
    assert run("redis_users", {**asked, "users": [APP]}, check=True)["undeclared"] == ["user by", "user keeper"]
    own = {**asked, "login_user": "keeper", "login_password": APP["password"], "users": [APP]}
    assert run("redis_users", own)["undeclared"] == ["user by", "user default"]
    assert "undeclared" not in run("redis_users", {**server.login, "users": [APP]})
    assert server.acl() == before
    disabled = [{"name": "default", "enabled": False}]
    run("redis_users", {**own, "users": disabled})
    assert run("redis_users", {**own, "users": [{"name": "by", "state": "absent"}]})["undeclared"] == ["user app"]
    with server.client("keeper", APP["password"]) as client:
        client.execute_command("ACL", "SETUSER", "default", "on", f">{ADMIN}", "~*", "&*", "+@all")


@pytest.mark.parametrize("way", ["with_acl_file", "with_configuration"])
@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.name)
def test_users_survive_a_restart(product, way):
    odd = [{**APP, "name": name, "selectors": ["~(x &é +get"]} for name in HOSTILE]
    odd += [{**APP, "keys": ["a'b", '"c'], "channels": ['"'], "name": name} for name in QUOTED]
    storable = odd if way == "with_acl_file" else odd[: len(HOSTILE)]
    with started(product, getattr(product, way)()) as server:
        assert len(converge(server, storable)) == len(storable)
        for item in odd[len(storable) :]:
            refusal = run("redis_users", {**server.login, "users": [item]}).refusal
            assert "could not read" in refusal and "aclfile" in refusal
        before = server.acl()
        # As when a run dies after the change and before it is kept: the next one keeps it, though it changes nothing.
        late = {**APP, "name": "late"}
        server.ask("acl", "setuser", "late", *rules.to_rules(rules.from_declaration({**late, "enabled": True})))
        assert run("redis_users", {**server.login, "users": [late]})["plan"] == []
        server.restart()
        if product.keeps_rules:
            assert [line for line in server.acl() if not line.startswith("user late ")] == before
        assert run("redis_users", {**server.login, "users": [*storable, late]})["plan"] == []
        assert all(server.client(user["name"], user["password"]).ping() for user in storable)


@pytest.fixture(scope="module")
def one_of_each(shared):
    """A server to be looked at while declarations come and go; forgotten before, not between the examples."""
    shared.forget()
    return shared


RIGHTS = {
    "enabled": st.booleans(),
    "keys": st.lists(st.sampled_from(["a", "~*", "%R~*", "%W~b", "%R~b", "é(", "~"]), max_size=3),
    "channels": st.lists(st.sampled_from(["a", "&*", "&&b", "&"]), max_size=2),
    "commands": st.lists(
        st.sampled_from(
            ["+@all", "-@all", "+get", "-get", "+@read", "-@dangerous", "+client|list", "-client", "+select|0"]
        ),
        max_size=4,
    ),
    "selectors": st.lists(
        st.sampled_from(["~a +get", "%R~a +@read -get", "allkeys allchannels +@all", ""]), max_size=2
    ),
}
DECLARED = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["a", "b", "c"]),
        "password": st.sampled_from(["Password-1", "Password-2"]),
        "state": st.sampled_from(["present", "present", "absent"]),
        **RIGHTS,
    }
)
STEPS = st.lists(st.lists(DECLARED, max_size=3, unique_by=lambda item: item["name"]), min_size=1, max_size=3)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(declarations=STEPS)
def test_check_mode_tells_what_is_done_and_writes_nothing(one_of_each, declarations):
    for declared in declarations:
        arguments = {**one_of_each.login, "users": declared, "report_undeclared": True}
        before = one_of_each.everything()
        predicted = run("redis_users", arguments, check=True)
        assert one_of_each.everything() == before
        done = run("redis_users", arguments)
        del predicted["invocation"], done["invocation"]
        assert predicted == done
        again = run("redis_users", arguments)
        assert (again["changed"], again["plan"], again["diff"]) == (False, [], [])


def test_two_runs_at_once(module, server):
    lists = [[{**APP, "name": name, "password": f"Password-{run}"} for name in "abc"] for run in (1, 2)]
    outcomes = [None, None]

    def declare(number: int) -> None:
        outcomes[number] = module("redis_users", {**server.login, "users": lists[number]})

    threads = [threading.Thread(target=declare, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not [outcome for outcome in outcomes if outcome.get("failed")]
    server.restart()
    for name in "abc":
        # One of the two, whole, and kept.
        assert any(
            not run("redis_users", {**server.login, "users": [item]}, check=True)["plan"]
            for items in lists
            for item in items
            if item["name"] == name
        )


def test_the_canonical_form_means_the_same_to_a_real_server(server):
    client = server.client()
    commands = [name for name in client.execute_command("COMMAND LIST") if "|" not in name or name[:6] == "client"]
    categories = [f"@{name}" for name in client.execute_command("ACL", "CAT")]
    subjects = [*categories, "@all", "get", "set", "client", "client|list", "client|kill", "config|set", "select|0"]
    dice = random.Random(20261121)
    for _attempt in range(25):
        chosen = [dice.choice(subjects) for _rule in range(dice.randint(1, 7))]
        declared = [f"{'+' if subject == 'select|0' else dice.choice('+-')}{subject}" for subject in chosen]
        user = rules.from_declaration({"name": "canonical", "enabled": False, "commands": declared})
        client.execute_command("ACL", "SETUSER", "plain", "reset", *declared)
        client.execute_command("ACL", "SETUSER", "canonical", *rules.to_rules(user))
        read = dict(rules.from_server(line) for line in client.execute_command("ACL", "LIST"))
        if server.product.keeps_rules:
            assert read["plain"] == read["canonical"] == user, declared
        assert (
            run(
                "redis_users",
                {
                    **server.login,
                    "users": [
                        {"name": name, "enabled": False, "commands": declared} for name in ("plain", "canonical")
                    ],
                },
                check=True,
            )["plan"]
            == []
        ), declared
        assert allowed(client, "plain", commands) == allowed(client, "canonical", commands), declared


def allowed(client: redis.Redis, name: str, commands: list[str]) -> list[bool]:
    pipeline = client.pipeline(transaction=False)
    for command in commands:
        pipeline.execute_command("ACL", "DRYRUN", name, *command.split("|"), *["0"] * 12)
    answers = pipeline.execute(raise_on_error=False)
    return [
        isinstance(answer, redis.exceptions.ResponseError) or "no permissions to run" not in answer
        for answer in answers
    ]


def test_nothing_is_changed_where_one_user_is_refused(server):
    before = server.everything()
    declared = [{**APP, "name": "innocent"}, {**APP, "name": "odd", "commands": ["+nosuchcommand"]}]
    assert "nosuchcommand" in run("redis_users", {**server.login, "users": declared}).refusal
    assert server.everything() == before


def test_an_empty_server_is_planned_for_without_one():
    nowhere = {"login_port": 1, "assume_empty": True, "report_undeclared": True, "users": [APP]}
    planned = run("redis_users", nowhere, check=True)
    assert (planned["plan"], planned["undeclared"]) == (["create user app"], [])
