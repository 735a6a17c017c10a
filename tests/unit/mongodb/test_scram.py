"""Passwords beside what MongoDB keeps of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as some
from standins.mongodb import scram as played

from ansible_collections.borgstack.platform.plugins.module_utils.mongodb import scram

# The salt, the iterations and the password are those of RFC 7677, section 3; the keys follow from them.
PUBLISHED = {
    "iterationCount": 4096,
    "salt": "W22ZaJ0SNY7soEsUEjb6gQ==",
    "storedKey": "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=",
    "serverKey": "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
}


def test_the_published_example_matches():
    assert scram.matches({"SCRAM-SHA-256": PUBLISHED}, "pencil")
    assert not scram.matches({"SCRAM-SHA-256": PUBLISHED}, "Pencil")


def test_credentials_of_another_kind_match_nothing():
    assert not scram.matches({"SCRAM-SHA-1": PUBLISHED}, "pencil")
    assert not scram.matches({}, "pencil")


@examples(max_examples=20, deadline=None)
@given(some.text(some.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20))
def test_what_the_standin_stores_matches(password):
    stored = {"SCRAM-SHA-256": played.credentials("SCRAM-SHA-256", "user", password)}
    assert scram.matches(stored, password)
    assert not scram.matches(stored, f"{password}x")


def test_spellings_of_one_password_are_one():
    stored = {"SCRAM-SHA-256": played.credentials("SCRAM-SHA-256", "user", "IX")}
    assert scram.matches(stored, "\u2168") and scram.matches(stored, "I\u00adX")


@pytest.mark.parametrize("password", ["", "\u00ad", "a\nb", "a\0b", "\U0001f511", "\u06271", "a\u0627b", "\ud800"])
def test_passwords_that_nobody_could_log_in_with(password):
    assert not scram.is_usable(password)


@pytest.mark.parametrize("password", [" ", "é", "$(id)", "%s", "a'b\"c", "a:b@c/d", "\u0627\u0628", "{{ x }}"])
def test_passwords_that_are_as_good_as_any(password):
    assert scram.is_usable(password)


def test_without_the_library_only_an_empty_password_is_known_to_be_bad(monkeypatch):
    monkeypatch.setattr(scram, "saslprep", None)
    assert scram.is_usable("a\nb") and not scram.is_usable("") and not scram.is_usable("\ud800")
