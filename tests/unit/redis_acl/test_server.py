"""What is made of a server's answers."""

from __future__ import annotations

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    PREREQUISITE,
    PlatformError,
)
from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl import rules, server


class Answering:
    """A server that answers as it is told, and remembers what it was asked."""

    name, user = "Redis at host:6379", "admin"

    def __init__(self, kind: str = "redis", version: str = "8.0.2", **answers):
        self.asked = []
        self.answers = {
            "HELLO": {"server": kind, "version": version},
            "CONFIG GET aclfile": {"aclfile": "/data/users.acl"},
            "INFO server": {"config_file": ""},
            "ACL LIST": ["user app on #ab ~a resetchannels -@all +get"],
            "ACL CAT": ["read", "slow"],
            "ACL CAT read": ["get", "client|list"],
            "ACL CAT slow": ["client", "client|list", "client|kill"],
            "COMMAND LIST": ["get", "set", "client", "client|list", "client|kill", "clientele"],
            **answers,
        }

    def call(self, *words):
        self.asked.append(" ".join(words))
        answer = self.answers[" ".join(words)]
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_what_a_server_is_like():
    actual = server.inspect(Answering())
    assert actual.users == dict([rules.from_server("user app on #ab ~a +get")])
    assert actual.myself == "admin"
    assert actual.vocabulary == {"@read", "@slow", "get", "set", "client", "client|list", "client|kill", "clientele"}
    assert (actual.members, actual.persistence) == (None, ("ACL", "SAVE"))


@pytest.mark.parametrize(
    ("kind", "version", "told", "databases", "skips"),
    [
        ("redis", "7.0.15", [], False, True),
        ("redis", "9.1.0", [], False, True),
        ("valkey", "7.2.5", [], False, True),
        ("valkey", "9.0.9", [], False, True),
        ("valkey", "9.1.0", [], True, False),
        ("valkey", "10.0.0", [], True, False),
        ("valkey", "9.1.0", ["user b on skip-sanitize-payload"], True, True),
        ("redis", "7.2.4", ["user b on db=1 -@all"], True, False),
        ("redis", "7.2.4", ["user b on -@all (resetdbs +get)"], True, False),
    ],
)
def test_what_a_server_can(kind, version, told, databases, skips):
    actual = server.inspect(Answering(kind, version, **{"ACL LIST": ["user a off", *told]}))
    assert (actual.limits_databases, actual.can_skip_sanitizing) == (databases, skips)


def test_a_server_that_forgets_rules_is_asked_what_they_stand_for():
    members = server.inspect(Answering(version="7.0.15")).members
    everything = {"get", "set", "client|list", "client|kill", "clientele"}
    assert members == {
        "@all": everything,
        "@read": {"get", "client|list"},
        "@slow": {"client|list", "client|kill"},
        "client": {"client|list", "client|kill"},
        **{command: {command} for command in everything},
    }
    assert server.inspect(Answering(version="7.2.0")).members is None


@pytest.mark.parametrize("told", [{"server": "redis", "version": "7.0.15"}, ["server", "redis", "version", "7.0.15"]])
def test_either_protocol_tells_the_version(told):
    assert server.identify(Answering(HELLO=told)) == ("redis", (7, 0, 15))


def test_a_server_that_is_too_old():
    with pytest.raises(PlatformError) as caught:
        server.inspect(Answering(version="6.2.14"))
    assert "it is redis 6.2.14" in caught.value.message and caught.value.category == PREREQUISITE


def test_ways_to_keep_users():
    without = {"CONFIG GET aclfile": {"aclfile": ""}}
    rewriting = Answering(**without, **{"INFO server": {"config_file": "/data/redis.conf"}})
    assert server.inspect(rewriting).persistence == ("CONFIG", "REWRITE")
    with pytest.raises(PlatformError) as caught:
        server.inspect(Answering(**without))
    assert "would forget its users" in caught.value.message and caught.value.category == PREREQUISITE


def test_users_that_cannot_be_kept_are_told_with_what_is_done():
    refusal = PlatformError(CONFIGURATION, "ACL SAVE was refused: no space", "correct the declaration")
    failing = Answering(**{"ACL SAVE": refusal})
    with pytest.raises(PlatformError) as caught:
        server.persist(failing, ("ACL", "SAVE"), ["create user app"])
    assert "ACL SAVE was refused: no space" in caught.value.message and caught.value.done == ["create user app"]
    kept = Answering(**{"CONFIG REWRITE": "OK"})
    server.persist(kept, ("CONFIG", "REWRITE"), [])
    assert kept.asked == ["CONFIG REWRITE"]
