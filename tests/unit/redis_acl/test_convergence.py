"""Whatever a server is like, applying a plan makes the next one empty, and what it tells can be declared as it is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.redis_acl.model import BY_HAND, DECLARED, LISTS, Server

from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl import rules, users

SERVERS = st.builds(Server, st.booleans())
# On a busy machine an example may take long.
PATIENT = settings(deadline=None, max_examples=60)


def bring(server: Server, declared: list[dict]) -> list:
    steps = users.plan(declared, server.actual())
    for step in steps:
        server.apply(step)
    return steps


def scattered(server: Server, declared: list[dict], by_hand: list[list[str]]) -> None:
    """Bring a server into some state that it can have."""
    bring(server, declared)
    for name, words in zip(sorted(server.users), by_hand):
        if words == ["allkeys"] or server.users[name].keys != ["~*"]:
            server.set(name, *words)


@PATIENT
@given(SERVERS, LISTS, BY_HAND, LISTS)
def test_applying_a_plan_makes_the_next_one_empty(server, earlier, by_hand, declared):
    scattered(server, earlier, by_hand)
    bring(server, declared)
    assert users.plan(declared, server.actual()) == []


@PATIENT
@given(SERVERS, LISTS, BY_HAND, DECLARED)
def test_passwords_that_are_not_declared_stay(server, earlier, by_hand, declared):
    scattered(server, earlier, by_hand)
    undeclared = {key: value for key, value in declared.items() if key != "password"}
    before = server.actual().users.get(declared["name"])
    if before is None:
        before = rules.User()
        undeclared["enabled"] = False
    bring(server, [undeclared])
    after = server.actual().users[declared["name"]]
    assert (after.passwords, after.nopass) == (before.passwords, before.nopass)
    assert users.plan([undeclared], server.actual()) == []


@PATIENT
@given(SERVERS, LISTS, BY_HAND)
def test_what_is_told_can_be_declared_as_it_is(server, earlier, by_hand):
    scattered(server, earlier, by_hand)
    # As Ansible hands over an option that is given by its other name.
    told = [{**one, "keys": one["key_patterns"]} for one in users.to_declarations(server.actual().users, None)]
    assert users.plan(told, server.actual()) == []
    assert users.undeclared(told, server.actual()) == []


@PATIENT
@given(LISTS, LISTS)
def test_a_plan_killed_anywhere_and_run_again_ends_alike(earlier, declared):
    whole = Server()
    bring(whole, earlier)
    count = len(bring(whole, declared))
    for place in range(count):
        killed = Server()
        bring(killed, earlier)
        for step in users.plan(declared, killed.actual())[:place]:
            killed.apply(step)
        bring(killed, declared)
        assert killed.actual() == whole.actual()


@PATIENT
@given(SERVERS, LISTS, LISTS)
def test_before_and_after_are_what_is_and_will_be(server, earlier, declared):
    bring(server, earlier)
    for step in users.plan(declared, server.actual()):
        name = step.operation[2]
        before = server.actual().users.get(name)
        assert step.before == ({} if before is None else users.shown(before))
        server.apply(step)
        after = server.actual().users.get(name)
        if after is not None and server.keeps_rules:
            without = {**step.after, "password": None}
            assert without == {**users.shown(after), "password": None}


@pytest.mark.parametrize("secret", ["Password-1", "Password-2"])
@PATIENT
@given(SERVERS, LISTS, LISTS)
def test_no_password_and_no_hash_is_shown(secret, server, earlier, declared):
    bring(server, earlier)
    shown = f"{users.plan(declared, server.actual())}{users.to_declarations(server.actual().users, None)}"
    assert secret not in shown and rules.hash_of(secret) not in shown
