"""Owners keep what is theirs, and a login role that is no superuser gives things to whom it may act as."""

from __future__ import annotations

import pytest
from integration.postgresql.conftest import role

pytestmark = pytest.mark.integration


def test_the_owner_of_a_closed_database_can_create_in_public(converge, login, query, version):
    converge("postgresql_roles", {**login, "roles": [role("shop"), role("stranger")]})
    query("drop database if exists shop_db with (force)")
    declared = {"name": "shop_db", "owner": "shop", "revoke_public": True, "exclusive_privileges": True}
    declared["privileges"] = [{"role": "stranger", "on": "schema", "privileges": ["USAGE"]}]
    plan = converge("postgresql_databases", {**login, "databases": [declared]})
    granted = "grant CREATE, USAGE on schema shop_db.public to its owner shop"
    assert (granted in plan) is (version < 15)
    query("create table t (id int)", "shop_db", user="shop", password="Password-1-shop")
    assert query("select has_schema_privilege('stranger', 'public', 'create')", "shop_db") == [(False,)]


def test_the_owner_of_what_was_upgraded_from_an_older_version_is_not_shut_out(converge, login, query):
    converge("postgresql_roles", {**login, "roles": [role("upgraded")]})
    query("drop database if exists upgraded_db with (force)")
    query("create database upgraded_db owner upgraded")
    query("alter schema public owner to postgres; grant create on schema public to public", "upgraded_db")
    query("revoke all on schema public from pg_database_owner", "upgraded_db")
    declared = {"name": "upgraded_db", "owner": "upgraded", "revoke_public": True}
    assert converge("postgresql_databases", {**login, "databases": [declared]}) == [
        "grant CREATE, USAGE on schema upgraded_db.public to its owner upgraded",
        "revoke create on schema public of upgraded_db from PUBLIC",
        "revoke all on database upgraded_db from PUBLIC",
    ]
    query("create table t (id int)", "upgraded_db", user="upgraded", password="Password-1-upgraded")


@pytest.fixture
def weak(converge, login):
    """How a role logs in that may make roles and databases, and is no superuser."""
    maker = role("house_maker", createrole=True, createdb=True)
    converge("postgresql_roles", {**login, "roles": [maker, role("foreigner", superuser=True)]})
    return {**login, "login_user": "house_maker", "login_password": "Password-1-house_maker"}


def test_who_makes_a_role_makes_its_database(converge, module, query, weak):
    database = {"name": "h_db", "owner": "h_app", "schemas": [{"name": "app", "owner": "h_app"}]}
    foreseen = module("postgresql_databases", {**weak, "databases": [database]}, check=True)
    converge("postgresql_roles", {**weak, "roles": [role("h_app")]})
    plan = converge("postgresql_databases", {**weak, "databases": [database]})
    assert plan == foreseen["plan"]
    assert plan == [
        "grant role h_app to the login role house_maker, which could give it nothing otherwise",
        "create database h_db",
        "create schema app in h_db",
    ]
    assert query("select pg_get_userbyid(datdba) from pg_database where datname = 'h_db'") == [("h_app",)]


def test_what_is_declared_as_membership_is_one(converge, query, weak, version):
    converge("postgresql_roles", {**weak, "roles": [role("h_other")]})
    own = {"name": "house_maker", "member_of": ["h_other"]}
    assert converge("postgresql_roles", {**weak, "roles": [own]}) == ["grant role h_other to role house_maker"]
    assert query("select pg_has_role('house_maker', 'h_other', 'USAGE')") == [(True,)]


def test_whom_the_login_role_may_not_act_as_gets_nothing(module, query, weak):
    databases = ["h_first", {"name": "h_second", "owner": "foreigner"}]
    for check in (True, False):
        refusal = module("postgresql_databases", {**weak, "databases": databases}, check=check).refusal
        assert "the login role house_maker may not act as that role" in refusal
    assert query("select count(*) from pg_database where datname = 'h_first'") == [(0,)]


def test_an_expired_password_is_left_as_it_is_until_it_is_renewed(converge, module, weak, query):
    expired = role("h_expired", valid_until="2001-01-01")
    converge("postgresql_roles", {**weak, "roles": [expired]})
    checked = module("postgresql_roles", {**weak, "roles": [role("h_expired", password="Another-2-password")]})
    assert checked["plan"] == [] and "the password of role h_expired has expired" in str(checked["warnings"])
    renewed = role("h_expired", password="Another-2-password", valid_until="infinity")
    assert converge("postgresql_roles", {**weak, "roles": [renewed]}) == [
        "change valid_until, password of role h_expired"
    ]
    assert query("select 1", user="h_expired", password="Another-2-password") == [(1,)]


def test_a_template_of_ones_own_leaves_nothing_for_a_second_run(converge, login, query):
    query("drop database if exists stamped with (force)")
    query("create schema app; create extension cube schema app; create table public.t (id int)", "template1")
    try:
        converge("postgresql_roles", {**login, "roles": [role("stamp"), role("stamp_reader", login=False)]})
        database = {
            "name": "stamped",
            "owner": "stamp",
            "schemas": [{"name": "app", "owner": "stamp"}],
            "extensions": [{"name": "cube", "schema": "public"}],
            "privileges": [{"role": "stamp_reader", "on": "all_tables", "privileges": ["SELECT"]}],
            "reassign_objects_from": ["postgres"],
        }
        plan = converge("postgresql_databases", {**login, "databases": [database]})
        assert "change owner of schema app in stamped" in plan
        assert "move extension cube in stamped to schema public" in plan
        assert query("select has_table_privilege('stamp_reader', 't', 'select')", "stamped") == [(True,)]
    finally:
        query("drop extension cube; drop schema app; drop table public.t", "template1")


def test_everybody_is_kept_from_future_functions(converge, module, login, query):
    converge("postgresql_roles", {**login, "roles": [role("coder"), role("outsider")]})
    query("drop database if exists coded with (force)")
    grant = {"role": "PUBLIC", "on": "default", "objects": "functions", "privileges": ["EXECUTE"], "state": "absent"}
    database = {
        "name": "coded",
        "owner": "coder",
        "privileges": [grant],
        "schemas": [{"name": "api", "owner": "coder"}],
    }
    refusal = module("postgresql_databases", {**login, "databases": [database]}).refusal
    assert "taking it from those of schema public alone would have no effect" in refusal
    opened = {**grant, "schema": "api", "role": "outsider", "state": "present"}
    database["privileges"] = [{**grant, "schema": ""}, opened]
    assert converge("postgresql_databases", {**login, "databases": [database]}) == [
        "create database coded",
        "create schema api in coded",
        "revoke EXECUTE on future functions in all schemas of coded from PUBLIC",
        "grant EXECUTE on future functions of coded.api to outsider",
    ]
    as_coder = {"user": "coder", "password": "Password-1-coder"}
    for schema in ("public", "api"):
        query(f"create function {schema}.f() returns int language sql as 'select 1'", "coded", **as_coder)
    allowed = "select has_function_privilege('{}', '{}.f()', 'execute')"
    query("create role nobody_special")
    assert query(allowed.format("nobody_special", "public"), "coded") == [(False,)]
    assert query(allowed.format("nobody_special", "api"), "coded") == [(False,)]
    assert query(allowed.format("outsider", "api"), "coded") == [(True,)]
    query("drop role nobody_special")
    # As found on a server that has it already; what is given back is given to all.
    database["privileges"] = [{**grant, "schema": "", "state": "present"}]
    assert converge("postgresql_databases", {**login, "databases": [database]}) == [
        "grant EXECUTE on future functions in all schemas of coded to PUBLIC"
    ]
    assert converge(
        "postgresql_databases", {**login, "databases": [{**database, "privileges": [{**grant, "schema": ""}]}]}
    )


def test_a_default_for_all_schemas_is_written_down(converge, module, login, query):
    converge("postgresql_roles", {**login, "roles": [role("planner"), role("planned_for")]})
    query("drop database if exists planned with (force)")
    everywhere = {"role": "planned_for", "on": "default", "schema": "", "privileges": ["SELECT"]}
    converge(
        "postgresql_databases",
        {**login, "databases": [{"name": "planned", "owner": "planner", "privileges": [everywhere]}]},
    )
    told = module("postgresql_databases_info", {**login, "names": ["planned"]})["databases"]
    assert told[0]["privileges"] == [
        {**everywhere, "objects": "tables", "creator": "planner", "grant_option": False, "state": "present"}
    ]
    assert module("postgresql_databases", {**login, "databases": told})["plan"] == []
