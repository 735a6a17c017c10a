"""redis_users_info against real servers: what it tells of any user is declared without a change."""

from __future__ import annotations

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from integration.redis.servers import PRODUCTS, run, started

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module", params=PRODUCTS, ids=lambda product: product.name)
def server(request):
    with started(request.param, request.param.with_acl_file()) as server:
        yield server


# Whatever a client may send; the server takes it or refuses it.
TEXT = st.text("ab*é~&%#+@|[\\(\x85\u00a0\"'", max_size=5) | st.sampled_from(["*", "app:*"])
PLAIN_TEXT = st.text("ab*é~&%#+@|[\\\x85\u00a0", max_size=5) | st.just("*")
COMMANDS = [
    "@all",
    "@read",
    "@write",
    "@dangerous",
    "@admin",
    "get",
    "set",
    "client",
    "client|list",
    "config|set",
    "acl",
]


def rights(text: st.SearchStrategy) -> st.SearchStrategy:
    """Rules of a selector."""
    return (
        st.tuples(st.sampled_from(["~", "%R~", "%W~", "%RW~", "&"]), text).map("".join)
        | st.tuples(st.sampled_from("+-"), st.sampled_from(COMMANDS)).map("".join)
        | st.sampled_from(["+select|0", "allkeys", "resetkeys", "allchannels", "resetchannels", "+@all", "-@all"])
        | st.sampled_from(["db=0", "db=3,1", "resetdbs", "alldbs"])
    )


OWN = st.sampled_from(
    ["on", "off", "nopass", ">one", ">two", "<one", "resetpass", "skip-sanitize-payload", "sanitize-payload", "reset"]
)
SELECTOR = st.lists(rights(PLAIN_TEXT), max_size=4).map(lambda rules: f"({' '.join(rules)})")
RULES = st.lists(rights(TEXT) | rights(TEXT) | OWN | SELECTOR, max_size=8)
NAMES = st.sampled_from(["a", "b", "on", "(a", 'q"', "\u00a0", ""])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(made=st.dictionaries(NAMES, st.lists(RULES, min_size=1, max_size=2), max_size=3))
def test_what_is_told_is_declared_without_a_change(server, made):
    server.forget()
    with server.client() as client:
        for name, commands in made.items():
            for words in commands:
                # One by one, because the server refuses some, such as a pattern after the one for all keys.
                for word in words:
                    try:
                        client.execute_command("ACL", "SETUSER", name, word)
                    except redis.exceptions.ResponseError:
                        continue
    before = server.acl()
    told = run("redis_users_info", server.login)
    assert len(told["users"]) == len(before)
    fed = run("redis_users", {**server.login, "users": told["users"], "report_undeclared": True}, check=True)
    assert not fed.get("failed"), (fed, before)
    assert (fed["changed"], fed["plan"], fed["diff"], fed["undeclared"]) == (False, [], [], []), before
    # Nor is it empty for anything: each user changed by hand is noticed.
    others = [user["name"] for user in told["users"] if user["name"] != "default"]
    with server.client() as client:
        for name in others:
            client.execute_command("ACL", "SETUSER", name, "resetkeys", "~changed")
    changed = run("redis_users", {**server.login, "users": told["users"]}, check=True)
    assert changed["plan"] == [f"change user {name}" for name in others]


def test_what_is_told(server):
    server.forget()
    server.ask(
        "acl", "setuser", "app", "on", ">Application-1", ">Application-2", "%R~b", "~a", "&c", "+@read", "(+set ~x)"
    )
    told = run("redis_users_info", {**server.login, "names": ["app", "nobody"]})
    assert told["users"] == [
        {
            "name": "app",
            "enabled": True,
            "key_patterns": ["%R~b", "~a"],
            "channels": ["&c"],
            "commands": ["+@read"],
            "selectors": ["~x +set"],
            "sanitize_payload": True,
            "state": "present",
        }
    ]
    assert "changed" not in told
    assert [user["name"] for user in run("redis_users_info", server.login, check=True)["users"]] == ["app", "default"]


def test_a_user_who_may_list_users_is_enough(server):
    server.ask("acl", "setuser", "reader", "on", ">Reader-1", "+acl|list")
    login = {**server.login, "login_user": "reader", "login_password": "Reader-1"}
    assert run("redis_users_info", {**login, "names": ["reader"]})["users"][0]["commands"] == ["+acl|list"]
    server.ask("acl", "setuser", "reader", "-acl|list")
    assert "reader may not run ACL LIST" in run("redis_users_info", login).refusal


def test_what_is_no_utf_8_is_refused_by_the_user_that_has_it(server):
    server.forget()
    with server.client() as client:
        client.execute_command("ACL", "SETUSER", "app", "~\udcff")
    assert "user app: its name or one of its patterns is no UTF-8" in run("redis_users_info", server.login).refusal
    told = run("redis_users_info", {**server.login, "names": ["default"]})["users"]
    asked = {**server.login, "users": [*told, {"name": "app", "enabled": False}], "report_undeclared": True}
    changed = run("redis_users", asked)
    assert changed["plan"] == ["change user app"] and "udcff" in changed["diff"][0]["before"]


def test_no_password_and_no_hash_is_told(module, server):
    server.ask("acl", "setuser", "secret", "on", ">Unseen-password-1", ">Unseen-password-2")
    seen = f"{module('redis_users_info', server.login)}{module('redis_users_info', server.login, check=True)}"
    assert "'secret'" in seen
    assert "Unseen" not in seen and "#" not in seen
    hashes = [word[1:] for line in server.acl() for word in line.split() if word.startswith("#")]
    assert len(hashes) >= 3 and not [digest for digest in hashes if digest in seen]
