"""Check mode foresees what an earlier task of the same play would make, and warns that it only guesses."""

from __future__ import annotations

import pytest
from integration.postgresql.conftest import PASSWORD, role

pytestmark = pytest.mark.integration
NEW = [
    {
        "name": "soon",
        "owner": "soon",
        "schemas": [{"name": "app", "owner": "soon_too"}],
        "privileges": [{"role": "soon_reader", "on": "database", "privileges": ["CONNECT"]}],
        "template": "soon_template",
    }
]


def test_a_play_for_an_empty_server_is_foreseen_with_warnings(module, login):
    predicted = module("postgresql_databases", {**login, "databases": NEW}, check=True)
    assert predicted["plan"][0] == "create database soon" and len(predicted["plan"]) == 3
    warnings = str(predicted["warnings"])
    for missing in ("role soon ", "role soon_too ", "role soon_reader ", "database soon_template "):
        assert f"{missing}does not exist" in warnings
    refusal = module("postgresql_databases", {**login, "databases": NEW}).refusal
    assert "[5] integration error at database soon: its owner, role soon, does not exist" in refusal
    groups = {**login, "roles": [{"name": "soon", "member_of": ["soon_group"]}]}
    foreseen = module("postgresql_roles", groups, check=True)
    assert foreseen["plan"] == ["create role soon", "grant role soon_group to role soon"]
    assert "role soon_group does not exist" in str(foreseen["warnings"])
    assert "role soon_group, does not exist" in module("postgresql_roles", groups).refusal


def test_whoever_names_what_to_assume_is_refused_the_rest(module, login):
    strict = {**login, "databases": NEW, "assume_roles": ["soon", "soon_too"]}
    assert "role soon_reader, does not exist" in module("postgresql_databases", strict, check=True).refusal
    strict["assume_roles"] = []
    assert "role soon, does not exist" in module("postgresql_databases", strict, check=True).refusal


def test_what_is_there_is_no_matter_for_warnings(module, converge, login):
    converge("postgresql_roles", {**login, "roles": [role("here")]})
    predicted = module("postgresql_databases", {**login, "databases": [{"name": "h", "owner": "here"}]}, check=True)
    assert predicted["plan"] == ["create database h"] and not predicted.get("warnings")


def test_bare_names_are_enough(converge, login, query, extension):
    converge("postgresql_roles", {**login, "roles": ["bare"]})
    database = {"name": "barely", "extensions": [extension], "schemas": ["app", {"name": "own", "owner": "bare"}]}
    assert converge("postgresql_databases", {**login, "databases": ["barest", database]}) == [
        "create database barest",
        "create database barely",
        "create schema app in barely",
        "create schema own in barely",
        f"create extension {extension} in barely",
    ]


def test_what_ansible_would_mask_is_not_returned(module, login, query):
    query("drop database if exists weakling")
    query("drop role if exists weakling")
    query("create role weakling superuser login password 'weakling'")
    query("create database weakling")
    try:
        weak = {**login, "login_user": "weakling", "login_password": "weakling"}
        for name in ("postgresql_roles_info", "postgresql_databases_info"):
            refusal = module(name, {**weak, "names": ["weakling"]}).refusal
            assert "[1] configuration error" in refusal and "Ansible would mask it" in refusal
            assert "plan" not in module(name, {**login, "names": ["weakling"]})
            assert PASSWORD not in str(module(name, {**login, "names": ["weakling"]}))
        assert module("postgresql_roles_info", {**weak, "names": ["postgres"]})["roles"][0]["name"] == "postgres"
    finally:
        query("drop database weakling")
        query("drop role weakling")
