"""What is wrong with an item of a list is told by every module with its place, and returns no argument."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.integration
NOWHERE = {"login_host": "192.0.2.1", "connect_timeout": 1}


@pytest.mark.parametrize(
    ("name", "arguments", "place"),
    [
        ("postgresql_roles", {"roles": [{"name": "a", "password": "Marker-1"}, None]}, "roles[1]"),
        ("postgresql_roles", {"roles": [{"name": "a", "member_of": [None]}]}, "roles[0] (a).member_of[0]"),
        ("postgresql_databases", {"databases": [{"name": "a", "extensions": [5]}]}, "databases[0] (a).extensions[0]"),
        ("postgresql_databases", {"databases": [{"name": "a", "connection_limit": "x"}]}, "databases[0] (a)"),
        ("postgresql_databases", {"databases": ["a", {"name": "b", "onwer": "c"}]}, "databases[1] (b)"),
    ],
)
def test_a_wrong_item_is_named_before_anything_is_connected_to(module, name, arguments, place):
    failed = module(name, {**NOWHERE, "login_password": "Marker-2", **arguments})
    assert failed.refusal.startswith(f"[1] configuration error at {place}: "), failed
    assert (failed["error"]["where"], failed["error"]["remedy"]) == (place, "correct this item")
    assert "Marker" not in str(failed)


def test_what_the_modules_themselves_refuse_is_refused_before_anything_is_connected_to(module):
    circle = {"roles": [{"name": "a", "member_of": ["b"]}, {"name": "b", "member_of": ["a"]}]}
    assert (
        "it would be a member of itself: a is to be in b" in module("postgresql_roles", {**NOWHERE, **circle}).refusal
    )
    grants = [
        {"role": "r", "on": "database", "privileges": ["CONNECT"], "state": state} for state in ("present", "absent")
    ]
    opposed = {"databases": [{"name": "d", "privileges": grants}]}
    assert "contradict each other" in module("postgresql_databases", {**NOWHERE, **opposed}).refusal
