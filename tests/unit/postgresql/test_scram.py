"""Verifiers: the published example, and a password that is what it was."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import scram


def test_the_example_of_rfc_7677():
    # User "user", password "pencil", this salt, 4096 rounds; StoredKey and ServerKey follow from the RFC's exchange.
    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    verifier = scram.verifier_of("pencil", salt, 4096)
    assert verifier == (
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
        "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    )


@settings(max_examples=20, deadline=None)
@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_a_password_matches_its_own_verifier_only(password, other):
    verifier = scram.verifier_of(password, iterations=1)
    assert scram.matches(verifier, password)
    if scram.verifier_of(other, base64.b64decode(verifier.split(":")[1].split("$")[0]), 1) != verifier:
        assert not scram.matches(verifier, other)


@pytest.mark.parametrize("stored", [None, "", "md5" + "0" * 32, "nonsense"])
def test_what_is_no_verifier_matches_no_password(stored):
    assert not scram.matches(stored, "password")


def test_a_declared_verifier_is_compared_as_it_is():
    verifier = scram.verifier_of("password")
    assert scram.is_verifier(verifier) and scram.matches(verifier, verifier)
    assert not scram.matches(scram.verifier_of("password"), verifier)


@pytest.mark.parametrize(
    ("spelled", "prepared"),
    [
        ("I\u00adX", "IX"),  # RFC 4013: a soft hyphen is mapped to nothing
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("a\u00a0b", "a b"),
        ("\u0007", "\u0007"),  # prohibited: taken as it is, as PostgreSQL does
        ("\u06271", "\u06271"),  # a direction that is not allowed: as it is
        ("\u2168\u0221", "\u2168\u0221"),  # unassigned in Unicode 3.2: all of it as it is
        ("\u2168\U0001f600", "\u2168\U0001f600"),  # and so are the emojis
        ("\u200bzero", " zero"),  # a space, and also mapped to nothing: PostgreSQL looks for spaces first
        ("a\u0340", "a\u0340"),  # prohibited, though normalization would replace it by what is not
    ],
)
def test_passwords_are_prepared_as_the_server_prepares_them(spelled, prepared):
    assert scram._prepared(spelled) == prepared.encode()


@pytest.mark.parametrize(
    "password",
    [
        "SCRAM-SHA-256$4096:x$y:z",
        "SCRAM-SHA-256$4096:c2FsdA==$c2hvcnQ=:c2hvcnQ=",
        scram.verifier_of("x")[:-4],
        scram.verifier_of("x").replace("$4096:", "$\u0664096:"),
        "md5" + "0" * 31,
    ],
)
def test_what_only_looks_like_a_verifier_is_a_password(password):
    assert not scram.is_verifier(password)
    assert scram.matches(scram.verifier_of(password, iterations=1), password)
