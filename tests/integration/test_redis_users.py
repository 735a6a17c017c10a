"""redis_users against a real Redis."""

from __future__ import annotations

import pytest
import redis
from integration.conftest import VERSIONS, Container, docker

pytestmark = pytest.mark.integration
ADMIN = "Administrator-1"
APP = {
    "name": "app",
    "password": "Application-1",
    "keys": ["app:*", "%R~shared:*"],
    "channels": ["app:*"],
    "commands": ["+@all", "-@admin", "-@dangerous", "+info"],
}


@pytest.fixture(scope="module")
def server():
    start = (
        f"[ -s /data/users.acl ] || echo 'user default on >{ADMIN} ~* &* +@all' >/data/users.acl; "
        "chown redis /data/users.acl; "
        "exec docker-entrypoint.sh redis-server --aclfile /data/users.acl"
    )
    container = Container(f"redis:{VERSIONS['redis_version']}", "sh", "-c", start)
    container.wait("redis-cli", "-a", ADMIN, "--no-auth-warning", "ping")
    yield container
    container.remove()


@pytest.fixture(scope="module")
def login(server):
    return {"login_host": server.address, "login_password": ADMIN}


def connect(server, user: dict) -> redis.Redis:
    return redis.Redis(host=server.address, username=user["name"], password=user["password"], decode_responses=True)


def test_a_user_is_limited_to_what_is_declared(converge, login, server):
    assert converge("redis_users", {**login, "users": [APP]}) == ["create user app"]
    client = connect(server, APP)
    assert client.set("app:x", "1") and client.get("app:x") == "1" and client.get("shared:x") is None
    for refused in (
        lambda: client.get("other:x"),
        lambda: client.set("shared:x", "1"),
        client.flushall,
        lambda: client.publish("other", "x"),
    ):
        with pytest.raises(redis.exceptions.NoPermissionError):
            refused()


@pytest.mark.parametrize(
    "spelling",
    [
        {"keys": ["%R~shared:*", "~app:*"]},
        {"keys": ["%RW~app:*", "%R~shared:*"]},
        {"commands": ["-get", "+@ALL", "-@admin", "-@dangerous", "+INFO"]},
        {"commands": ["allcommands", "-@admin", "-@dangerous", "-info", "+info"]},
    ],
)
def test_the_same_in_other_words_is_no_change(converge, login, spelling):
    converge("redis_users", {**login, "users": [APP]})
    assert converge("redis_users", {**login, "users": [{**APP, **spelling}]}) == []


def test_a_rotated_password_is_one_change(converge, login, server):
    converge("redis_users", {**login, "users": [APP]})
    rotated = {**APP, "password": "Application-2"}
    assert converge("redis_users", {**login, "users": [rotated]}) == ["change user app"]
    assert connect(server, rotated).set("app:x", "2")
    with pytest.raises(redis.exceptions.AuthenticationError):
        connect(server, APP).get("app:x")


def test_what_was_added_by_hand_is_taken_back(converge, login, server):
    converge("redis_users", {**login, "users": [APP]})
    server.run("redis-cli", "-a", ADMIN, "--no-auth-warning", "acl", "setuser", "app", "nopass", "allkeys")
    assert converge("redis_users", {**login, "users": [APP]}) == ["change user app"]


def test_users_survive_a_restart(converge, login, server, module):
    converge("redis_users", {**login, "users": [{**APP, "name": "kept"}]})
    docker("restart", server.name)
    server.wait("redis-cli", "-a", ADMIN, "--no-auth-warning", "ping")
    again = {"login_host": server.address, "login_password": ADMIN, "users": [{**APP, "name": "kept"}]}
    assert module("redis_users", again)["changed"] is False


def test_absent_and_absent_again(converge, login):
    converge("redis_users", {**login, "users": [{**APP, "name": "gone"}]})
    assert converge("redis_users", {**login, "users": [{"name": "gone", "state": "absent"}]}) == ["delete user gone"]
    assert converge("redis_users", {**login, "users": [{"name": "gone", "state": "absent"}]}) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"login_password": "wrong"}, "[5] integration error"),
        ({"login_port": 1}, "[3] network error"),
        ({"users": [{"name": "default", "state": "absent"}]}, "logged in as"),
        ({"users": [{"name": "a b", "password": "Application-1"}]}, "holds a space"),
        ({"users": [{"name": "a"}]}, "has no password"),
        ({"users": [{**APP, "commands": ["get"]}]}, "no rule about commands"),
        ({"users": [{**APP, "name": "odd", "commands": ["+@nonsense"]}]}, "correct the declaration"),
        ({"assume_empty": True}, "for check mode only"),
    ],
)
def test_refusals(module, login, change, reason):
    refusal = module("redis_users", {**login, "users": [APP], **change}).refusal
    assert reason in refusal and ADMIN not in refusal


def test_one_who_may_not_is_told_so(module, login, converge):
    converge("redis_users", {**login, "users": [APP]})
    weak = {**login, "login_user": "app", "login_password": APP["password"]}
    assert "may not run ACL LIST" in module("redis_users", {**weak, "users": [APP]}).refusal
