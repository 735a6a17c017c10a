"""Which versions of a client library are too old."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils import libraries
from ansible_collections.borgstack.platform.plugins.module_utils.errors import PREREQUISITE, PlatformError

# What the supported systems have: as their package managers write it.
DISTRIBUTED = {
    "psycopg2": ["2.9.2-1build2", "2.9.5-1+b1", "2.9.9-1build1", "2.9.10-1+b1"],
    "pymongo": ["3.11.0-1build5", "3.11.0-1+deb12u2", "4.10.1-1"],
    "redis": ["3.5.3-2", "4.3.4-3", "6.1.0-2"],
    "botocore": ["1.23.34+repack-1", "1.29.27+repack-1", "1.37.9+repack-1"],
}


@pytest.mark.parametrize(("name", "version"), [(name, one) for name, known in DISTRIBUTED.items() for one in known])
def test_what_the_supported_systems_have_is_new_enough(name, version):
    assert not libraries.is_too_old(name, version)


@pytest.mark.parametrize(
    ("version", "numbers"),
    [("1:3.11.0-1", (3, 11, 0)), ("2.9.2 (dt dec pq3 ext lo64)", (2, 9, 2)), ("4.0rc1", (4, 0)), ("", ()), ("x", ())],
)
def test_numbers(version, numbers):
    assert libraries.numbers_of(version) == numbers


@pytest.mark.parametrize(("name", "version"), [("pymongo", "3.10.1"), ("psycopg2", "2.8.6 (x)"), ("redis", "")])
def test_what_is_too_old_is_refused_with_a_way_out(name, version):
    with pytest.raises(PlatformError) as caught:
        libraries.require(name, SimpleNamespace(__version__=version))
    error = caught.value
    assert error.category == PREREQUISITE and "too old" in error.what
    assert f"python3-{name}" in error.remedy and f"{libraries.LIBRARIES[name].oldest_in_words} or later" in error.remedy
