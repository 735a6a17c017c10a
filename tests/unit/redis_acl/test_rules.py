"""ACL rules by what they mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl import rules

PATTERN = st.text(
    st.characters(codec="ascii", categories=["L", "N"], include_characters="*:?[]"), min_size=1, max_size=8
)
USERS = st.fixed_dictionaries(
    {
        "name": st.just("app"),
        "enabled": st.booleans(),
        "password": st.sampled_from(["Password-1", "Password-2"]),
        "keys": st.lists(st.tuples(st.sampled_from(["", "~", "%R~", "%W~", "%RW~"]), PATTERN).map("".join), max_size=3),
        "channels": st.lists(PATTERN, max_size=3),
        "commands": st.lists(
            st.sampled_from(
                ["+@all", "-@all", "+get", "-get", "+@read", "-@dangerous", "+client|list", "-client", "+INFO"]
            ),
            max_size=5,
        ),
    }
)


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


@pytest.mark.parametrize(
    ("spelled", "canonical"),
    [
        ([], ("-@all",)),
        (["allcommands"], ("+@all",)),
        (["+get", "+@all", "-set"], ("+@all", "-set")),
        (["+get", "-get", "+GET"], ("-@all", "+get")),
        (["+client|list", "-client"], ("-@all", "-client")),
        (["+@all", "-@dangerous", "+info"], ("+@all", "-@dangerous", "+info")),
    ],
)
def test_commands(spelled, canonical):
    assert rules.canonical_commands(spelled) == canonical


def test_an_open_user_differs_from_a_closed_one():
    closed = rules.from_server("user app on #ab ~* resetchannels +@all")[1]
    assert rules.from_server("user app on nopass #ab ~* resetchannels +@all")[1] != closed
    assert rules.from_server("user app on #ab #cd ~* resetchannels +@all")[1] != closed
    assert rules.from_server("user app on #ab ~* &* +@all")[1] != closed
    assert rules.from_server("user app on #ab ~* resetchannels +@all (~x +get)")[1] != closed
