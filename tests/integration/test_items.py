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
        ("redis_users", {"users": [{"name": "a", "keys": [None]}]}, "users[0] (a).keys[0]"),
        ("mongodb_users", {"users": [{"name": "a", "roles": [None]}]}, "users[0] (a).roles[0]"),
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


@pytest.mark.parametrize(
    ("name", "arguments", "place", "reason"),
    [
        ("redis_users", {"users": [{"name": "a", "keys": ["x y"]}]}, "user a", "cannot be a key pattern"),
        ("redis_users", {"users": [{"name": "a"}, {"name": "a", "state": "absent"}]}, "user 'a'", "declared twice"),
        ("redis_users", {"users": [{"name": "a", "selectors": ["+get >x"]}]}, "user a", "is no rule about keys"),
        ("mongodb_users", {"users": ["a", {"name": "a", "state": "absent"}]}, "user a in database", "declared twice"),
    ],
)
def test_each_engine_refuses_what_cannot_be_meant_before_it_connects(module, name, arguments, place, reason):
    refusal = module(name, {**NOWHERE, "login_user": "u", "login_password": "Login-secret-1", **arguments}).refusal
    assert refusal.startswith(f"[1] configuration error at {place}") and reason in refusal


def test_the_services_modules_do_too(module):
    login = {"url": "http://192.0.2.1:1", "connect_timeout": 1, "email": "a@example.com", "password": "Login-secret-1"}
    user = {"email": "b@example.com", "policies": ["nowhere"]}
    refusal = module("directus_objects", {**login, "users": [user]}).refusal
    assert "at user b@example.com: its policy nowhere is not declared" in refusal
    workflow = {"name": "w", "definition": {"nodes": [None]}}
    refusal = module("n8n_workflows", {**login, "workflows": [workflow]}).refusal
    assert "at workflow w: its node number 1 is no dictionary" in refusal
    bucket = {"endpoint_url": "http://192.0.2.1:1", "access_key": "key", "secret_key": "Login-secret-1"}
    refusal = module("s3_buckets", {**bucket, "buckets": [{"name": "abc", "lifecycle": [None]}]}).refusal
    assert "buckets[0] (abc)" in refusal and "lifecycle" in refusal
    refusal = module("s3_buckets", {**bucket, "buckets": ["abc", "abc"]}).refusal
    assert "at bucket abc: it is declared twice" in refusal
    collections = [{"name": "c", "aliases": ["x"]}, {"name": "d", "aliases": ["x"]}]
    refusal = module("qdrant_collections", {"url": login["url"], "collections": collections}).refusal
    assert "declared for collection c and for collection d" in refusal
