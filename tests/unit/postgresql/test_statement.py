"""Only names that PostgreSQL keeps to the letter are taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import check_name, check_names


@given(some.text(alphabet=some.characters(codec="utf-8")))
def test_a_name_is_taken_if_it_has_1_to_63_bytes_and_none_is_zero(name):
    possible = 1 <= len(name.encode()) <= 63 and "\0" not in name
    try:
        assert check_name(name, "role") == name and possible
    except PlatformError as error:
        assert not possible and error.category == CONFIGURATION


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["a", "b", "a"], "declared twice"),
        (["a", ""], "it is empty"),
        (["é" * 32], "64 bytes"),
        (["a\0"], "zero byte"),
        (["a\ud800"], "UTF-8"),
    ],
)
def test_impossible_lists_of_names_say_why(names, reason):
    with pytest.raises(PlatformError, match=reason):
        check_names(names, "role")


def test_upper_and_lower_case_are_different_names():
    assert check_names(["A", "a"], "role") is None
