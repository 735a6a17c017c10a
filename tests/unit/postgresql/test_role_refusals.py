"""Roles: items are checked whole before anything is connected to, and nobody locks himself out unasked."""

from __future__ import annotations

import pytest
from unit.postgresql.test_role_changes import found, instant, role, server, words

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, DATA, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import roles


@pytest.mark.parametrize(
    ("declared", "where", "reason"),
    [
        ([role("PUBLIC")], "role PUBLIC", "reserved"),
        ([role("a", member_of=["a"])], "role a", "it would be a member of itself: a is to be in a"),
        (
            [role("a", member_of=["b"]), role("b", member_of=["c"]), role("c", member_of=["a"])],
            "role a",
            "a is to be in b is to be in c is to be in a",
        ),
        ([role("a", member_of=["g", "h", "g"])], "role a", "role g is in its member_of twice"),
        ([role("a", member_of=["g"]), role("g", state="absent")], "role a", "which is declared absent"),
        ([role("a", connection_limit=-2)], "role a", "its connection limit is -2"),
        ([role("a", settings={"jit": "on", "JIT": "off"})], "role a", "the settings jit and JIT are the same"),
    ],
)
def test_what_cannot_be_meant_is_refused_without_a_server(declared, where, reason):
    with pytest.raises(PlatformError, match=reason) as refusal:
        roles.check(declared)
    assert (refusal.value.category, refusal.value.where) == (CONFIGURATION, where)


def test_no_circle_is_closed_with_memberships_that_exist():
    declared = [role("a", member_of=["b"])]
    with pytest.raises(PlatformError, match="a is to be in b is to be in c is to be in a"):
        roles.plan(declared, server(groups={"b": {"c"}, "c": {"a"}}))
    assert words(declared, server(groups={"b": {"c"}, "x": {"a"}}))


def test_a_membership_that_goes_closes_no_circle_and_goes_first():
    declared = [role("a", member_of=["b"]), role("b", exclusive_memberships=True)]
    actual = server(found("a"), found("b", member_of={"a": ["x"]}), groups={"b": {"a"}})
    assert words(declared, actual) == ["revoke role a from role b", "grant role b to role a"]


def test_the_right_to_grant_a_role_is_no_membership_but_goes_with_the_others():
    actual = server(found(admin_of={"g": ["ann"]}), version=160000)
    assert words([role(member_of=["g"])], actual) == ["grant role g to role r"]
    assert words([role(member_of=[], exclusive_memberships=True)], actual) == ["revoke role g from role r"]
    assert roles.undeclared([role()], actual) == ["membership of role r in role g"]


GRANTED = {"r": [{"role": "g", "member": "m", "admin": True, "inherit": False, "set": True}]}


def test_who_granted_memberships_is_not_dropped_without_an_heir():
    with pytest.raises(PlatformError, match="it granted the membership of role m in role g") as refusal:
        roles.plan([role(state="absent")], server(found(), granted=GRANTED))
    assert refusal.value.category == DATA and "reassign_to" in refusal.value.remedy


def test_memberships_that_a_role_granted_outlive_it():
    actual = server(found(), granted=GRANTED, known_roles={"r", "heir"})
    first, drop = roles.plan([role(state="absent", reassign_to="heir")], actual)
    assert first.words == "grant role g to role m anew, which role r had granted"
    assert first.operation.text.startswith("GRANT {} TO {} WITH ADMIN TRUE, INHERIT FALSE, SET TRUE; REVOKE {} FROM {}")
    assert [part.name for part in first.operation.parts] == ["g", "m", "g", "m", "r"]
    assert drop.words == "drop role r"


TIMES = {"past": instant("1", is_past=True), "future": instant("9")}


@pytest.mark.parametrize(
    ("declared", "actual", "lost"),
    [
        ({"login": False}, {}, "login"),
        ({"superuser": False}, {"superuser": True}, "superuser"),
        ({"login": False, "superuser": False}, {"superuser": True}, "login, superuser"),
        ({"createrole": False}, {"createrole": True}, "createrole"),
        ({"connection_limit": 0}, {}, "connection_limit"),
        ({"valid_until": "past"}, {}, "valid_until"),
    ],
)
def test_the_login_role_does_not_lose_what_it_needs_unless_that_is_confirmed(declared, actual, lost):
    known = server(found(**actual), login_role="r", instants=TIMES)
    with pytest.raises(PlatformError, match=f"would lose {lost}:") as refusal:
        roles.plan([role(**declared)], known)
    assert refusal.value.category == CONFIGURATION and "allow_lockout" in refusal.value.remedy
    assert words([role(allow_lockout=True, **declared)], known) != []
    assert words([role(**declared)], {**known, "login_role": "another"}) != []


@pytest.mark.parametrize(
    ("declared", "actual"),
    [
        ({"superuser": False}, {}),
        ({"createrole": False}, {"superuser": True, "createrole": True}),
        ({"valid_until": "future", "connection_limit": 1, "createdb": False}, {"createdb": True}),
        ({}, {"superuser": True}),
    ],
)
def test_what_locks_nobody_out_is_done(declared, actual):
    known = server(found(**actual), login_role="r", instants=TIMES)
    roles.plan([role(**declared)], known)
