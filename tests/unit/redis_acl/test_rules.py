"""ACL rules by what they mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl import rules

PATTERN = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P"], exclude_characters="\"'"), min_size=1, max_size=8
).filter(lambda pattern: not pattern.startswith(("%", "~", "&")))
ACCESS = ["", "~", "%R~", "%W~", "%RW~", "%rw~", "%WR~"]
USERS = st.fixed_dictionaries(
    {
        "name": st.just("app"),
        "enabled": st.booleans(),
        "password": st.sampled_from(["Password-1", "Password-2"]),
        "keys": st.lists(st.tuples(st.sampled_from(ACCESS), PATTERN | st.sampled_from("*a")).map("".join), max_size=4),
        "channels": st.lists(st.tuples(st.sampled_from(["", "&"]), PATTERN | st.just("*")).map("".join), max_size=3),
        "commands": st.lists(
            st.sampled_from(
                ["+@all", "-@all", "+get", "-get", "+@read", "-@dangerous", "+client|list", "-client", "+INFO"]
            ),
            max_size=5,
        ),
    }
)
DECLARED = {"name": "app", "enabled": True, "password": "Password-1"}


@given(USERS)
def test_what_is_sent_reads_back_as_what_was_declared(declared):
    user = rules.from_declaration(declared)
    # As ACL LIST spells a user: "reset" is not kept, channels begin with resetchannels.
    line = " ".join(
        [
            "user",
            "app",
            *[rule for rule in rules.to_rules(user) if rule != "reset"],
            "sanitize-payload",
            "resetchannels",
        ]
    )
    assert rules.from_server(line) == ("app", user)


@given(USERS)
def test_order_of_keys_and_channels_means_nothing(declared):
    turned = {**declared, "keys": declared["keys"][::-1], "channels": declared["channels"][::-1]}
    assert rules.from_declaration(turned) == rules.from_declaration(declared)


@given(USERS)
def test_no_password_is_sent_in_clear(declared):
    assert declared["password"] not in " ".join(rules.to_rules(rules.from_declaration(declared)))


@pytest.mark.parametrize(
    ("keys", "meant"),
    [
        (["a", "~b"], {"~a", "~b"}),
        (["%R~a", "%W~a"], {"~a"}),
        (["%RW~a", "%wr~a"], {"~a"}),
        (["*", "a", "%R~b"], {"~*"}),
        (["%R~*", "a"], {"%R~*", "~a"}),
        (["%", "a~b", "%R"], {"~%", "~a~b", "~%R"}),
    ],
)
def test_keys(keys, meant):
    assert rules.from_declaration({**DECLARED, "keys": keys}).keys == meant


def test_all_channels_hold_every_other():
    assert rules.from_declaration({**DECLARED, "channels": ["a", "&*"]}).channels == {"*"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"keys": [""]},
        {"keys": ["~"]},
        {"keys": ["a b"]},
        {"keys": ['a"b']},
        {"keys": ["%X~a"]},
        {"channels": ["a\n+@all"]},
        {"channels": ["&"]},
        {"commands": ["get"]},
        {"commands": ["+"]},
        {"commands": ["+get +set"]},
        {"commands": [">password"]},
        {"commands": ["nopass"]},
    ],
)
def test_what_is_no_rule_is_refused(wrong):
    with pytest.raises(PlatformError) as caught:
        rules.from_declaration({**DECLARED, **wrong})
    assert "user app" in caught.value.message


def test_an_open_user_differs_from_a_closed_one():
    closed = rules.from_server("user app on sanitize-payload #ab ~* resetchannels +@all")[1]
    assert rules.from_server("user app on nopass #ab ~* resetchannels +@all")[1] != closed
    assert rules.from_server("user app on #ab #cd ~* resetchannels +@all")[1] != closed
    assert rules.from_server("user app on #ab ~* &* +@all")[1] != closed
    assert rules.from_server("user app on #ab ~* resetchannels +@all (~x +get)")[1] != closed
    assert rules.from_server("user app on skip-sanitize-payload #ab ~* resetchannels +@all")[1] != closed


def test_older_spellings_of_a_server():
    assert rules.from_server("user app on #ab allkeys allchannels allcommands") == (
        "app",
        rules.User(True, frozenset(["ab"]), frozenset(["~*"]), frozenset(["*"]), ("+@all",)),
    )
