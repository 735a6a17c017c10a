"""Rules about commands by what they mean."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl import commands

SUBJECTS = ["@all", "@read", "@dangerous", "get", "set", "client", "client|list", "client|kill", "config|set"]
RULES = st.lists(st.tuples(st.sampled_from("+-"), st.sampled_from(SUBJECTS)).map("".join), max_size=8)
# A world in which each category holds some commands: enough to tell two meanings apart.
MEMBERS = {
    "@all": {"get", "set", "client|list", "client|kill", "config|set"},
    "@read": {"get", "client|list"},
    "@dangerous": {"client|kill", "config|set"},
    "client": {"client|list", "client|kill"},
}


def allowed(rules) -> set[str]:
    """Apply the rules one after the other, as the server does."""
    result: set[str] = set()
    for rule in rules:
        members = MEMBERS.get(rule[1:], {rule[1:]})
        result = result | members if rule[0] == "+" else result - members
    return result


@settings(deadline=None)
@given(RULES)
def test_the_canonical_form_means_the_same(rules):
    assert allowed(commands.canonical(rules)) == allowed(rules)


@settings(deadline=None)
@given(RULES)
def test_the_canonical_form_of_itself_is_itself(rules):
    once = commands.canonical(rules)
    assert commands.canonical(once) == once


@settings(deadline=None)
@given(RULES, st.data())
def test_neighbours_that_do_not_touch_each_other_may_change_places(rules, data):
    places = [
        place
        for place in range(len(rules) - 1)
        if "@all" not in (rules[place][1:], rules[place + 1][1:])
        and (
            rules[place][0] == rules[place + 1][0]
            or (
                "@" not in (rules[place][1], rules[place + 1][1])
                and rules[place][1:].split("|")[0] != rules[place + 1][1:].split("|")[0]
            )
        )
    ]
    if places:
        place = data.draw(st.sampled_from(places))
        turned = [*rules[:place], rules[place + 1], rules[place], *rules[place + 2 :]]
        assert commands.canonical(turned) == commands.canonical(rules)


@pytest.mark.parametrize(
    ("spelled", "canonical"),
    [
        ([], ("-@all",)),
        (["allcommands"], ("+@all",)),
        (["+get", "+@all", "-set"], ("+@all", "-set")),
        (["+get", "-get", "+GET"], ("-@all", "+get")),
        (["+client|list", "-client"], ("-@all",)),
        (["+client|list", "+client"], ("-@all", "+client")),
        (["+client", "+client|list"], ("-@all", "+client")),
        (["+@all", "-client", "+client|list"], ("+@all", "-client", "+client|list")),
        (["+@all", "-@dangerous", "+info"], ("+@all", "-@dangerous", "+info")),
        (["+@all", "+info", "-@dangerous"], ("+@all", "-@dangerous")),
        (["+set", "+get"], ("-@all", "+get", "+set")),
    ],
)
def test_canonical(spelled, canonical):
    assert commands.canonical(spelled) == canonical


PARTS = {**MEMBERS, **{one: {one} for one in ("get", "set", "client|list", "client|kill", "config|set")}}


@settings(deadline=None)
@given(RULES)
def test_spelled_out_is_what_the_server_allows(rules):
    base, *spelled = commands.spelled_out(commands.canonical(rules), PARTS)
    assert set(spelled) == allowed(rules)
    assert base == commands.canonical(rules)[0]


@pytest.mark.parametrize(
    ("rules", "spelled"),
    [
        ([], ("-@all",)),
        (["+@all"], ("+@all", "client|kill", "client|list", "config|set", "get", "set")),
        (["+client", "-client|kill"], ("-@all", "client|list")),
        # Not a command that it knows: one with a first argument.
        (["+set|0"], ("-@all", "set|0")),
        (["+set", "+set|0"], ("-@all", "set")),
        (["+set|0", "+set"], ("-@all", "set")),
        (["+set|0", "-set"], ("-@all",)),
        (["+set|0", "+get"], ("-@all", "get", "set|0")),
        (["+set|0", "-@read"], ("-@all", "set|0")),
        (["+get|0", "-@read"], ("-@all",)),
        (["-@read", "+get|0"], ("-@all", "get|0")),
    ],
)
def test_spelled_out(rules, spelled):
    assert commands.spelled_out(["-@all", *rules] if rules[:1] != ["+@all"] else rules, PARTS) == spelled


VOCABULARY = frozenset(["@read", "get", "select", "client", "client|list"])


@pytest.mark.parametrize("rule", ["+@all", "-@all", "+@read", "-get", "+client|list", "-client|list", "+select|0"])
def test_known(rule):
    assert commands.unknown([rule], VOCABULARY) == []


@pytest.mark.parametrize(
    "rule", ["+@nonsense", "-nonsense", "+client|nonsense", "-select|0", "+select|", "+client|list|x", "+@all|x"]
)
def test_unknown(rule):
    assert commands.unknown([rule], VOCABULARY) == [rule]
