"""postgresql_databases: contents, grants, transactions and connections, on a real PostgreSQL 18."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from integration.postgresql.conftest import role

pytestmark = pytest.mark.integration


def test_a_schema_and_its_grants_are_added_to_an_existing_database_in_one_run(converge, login):
    converge("postgresql_roles", {**login, "roles": [{"name": "guest", "login": False}]})
    converge("postgresql_databases", {**login, "databases": [{"name": "grows"}]})
    database = {
        "name": "grows",
        "schemas": [{"name": "later"}],
        "extensions": [{"name": "pg_stat_statements", "schema": "later"}],
        "privileges": [
            {"role": "guest", "on": "schema", "schema": "later", "privileges": ["USAGE"]},
            {"role": "guest", "on": "all_tables", "schema": "later", "privileges": ["SELECT"]},
            {"role": "guest", "on": "all_functions", "schema": "later", "privileges": ["ALL"]},
        ],
    }
    assert converge("postgresql_databases", {**login, "databases": [database]}) == [
        "create schema later in grows",
        "create extension pg_stat_statements in grows",
        "grant USAGE on schema grows.later to guest",
        "grant SELECT on all tables of grows.later to guest",
        "grant EXECUTE on all functions of grows.later to guest",
    ]
    for grant in database["privileges"]:
        grant["state"] = "absent"
    assert len(converge("postgresql_databases", {**login, "databases": [database]})) == 3


@pytest.mark.parametrize(
    ("objects", "privilege", "made", "proof"),
    [
        ("tables", "SELECT", "create table x (id int)", "has_table_privilege('guest_of_maker', 'x', 'select')"),
        ("sequences", "USAGE", "create sequence s", "has_sequence_privilege('guest_of_maker', 's', 'usage')"),
        (
            "functions",
            "EXECUTE",
            "create function f() returns int language sql as 'select 1'; revoke all on function f() from public",
            "has_function_privilege('guest_of_maker', 'f()', 'execute')",
        ),
    ],
)
def test_what_a_role_will_make_later_is_granted(converge, login, query, objects, privilege, made, proof):
    converge("postgresql_roles", {**login, "roles": [role("maker_of_later"), {"name": "guest_of_maker"}]})
    grant = {
        "role": "guest_of_maker",
        "on": "default",
        "objects": objects,
        "creator": "maker_of_later",
        "privileges": [privilege],
    }
    may_create = {"role": "maker_of_later", "on": "schema", "privileges": ["CREATE"]}
    plan = converge(
        "postgresql_databases", {**login, "databases": [{"name": "later", "privileges": [may_create, grant]}]}
    )
    assert f"grant {privilege} on future {objects} of later.public to guest_of_maker" in plan
    query(made, "later", user="maker_of_later", password="Password-1-maker_of_later")
    assert query(f"select {proof}", "later") == [(True,)]


def test_an_extension_moves_to_its_declared_schema_and_brings_no_others_unasked(converge, module, login, query):
    converge("postgresql_databases", {**login, "databases": [{"name": "moves", "extensions": [{"name": "hstore"}]}]})
    moved = {"name": "moves", "schemas": [{"name": "ext"}], "extensions": [{"name": "hstore", "schema": "ext"}]}
    assert converge("postgresql_databases", {**login, "databases": [moved]}) == [
        "create schema ext in moves",
        "move extension hstore in moves to schema ext",
    ]
    lacking = {"name": "moves", "extensions": [{"name": "earthdistance"}]}
    assert "requires cube" in module("postgresql_databases", {**login, "databases": [lacking]}).refusal
    lacking["extensions"].insert(0, {"name": "cube"})
    assert len(converge("postgresql_databases", {**login, "databases": [lacking]})) == 2
    # Together they may go in any order.
    for extension in lacking["extensions"]:
        extension["state"] = "absent"
    assert converge("postgresql_databases", {**login, "databases": [lacking]}) == [
        "drop extension cube, earthdistance in moves"
    ]


def test_what_a_template_has_already_may_be_declared(converge, login, query):
    database = {
        "name": "declares_the_usual",
        "schemas": [{"name": "public", "owner": "postgres"}],
        "extensions": [{"name": "plpgsql"}],
    }
    converge("postgresql_databases", {**login, "databases": [database]})
    copy = {"name": "copied", "template": "declares_the_usual", "locale": None}
    converge("postgresql_databases", {**login, "databases": [database, copy]})
    assert ("copied",) in query("select datname from pg_database")


def test_what_failed_midway_is_undone_told_and_put_right_by_the_next_run(converge, module, login, query):
    converge("postgresql_roles", {**login, "roles": [role("midway_maker", createdb=True)]})
    weak = {**login, "login_user": "midway_maker", "login_password": "Password-1-midway_maker"}
    database = {"name": "midway", "comment": "c", "settings": {"log_statement": "all"}}
    failed = module("postgresql_databases", {**weak, "databases": [database]})
    assert "cannot set log_statement of database midway" in failed.refusal
    assert failed["error"]["done"] == ["create database midway"]
    database["settings"] = {"work_mem": "8MB"}
    assert converge("postgresql_databases", {**weak, "databases": [database]}) == [
        "set work_mem of database midway",
        "comment on database midway",
    ]


def test_a_schema_that_holds_something_is_not_dropped(module, login, query):
    module("postgresql_databases", {**login, "databases": [{"name": "full", "schemas": [{"name": "s"}]}]})
    query("create table s.t (id int)", "full")
    databases = [{"name": "full", "comment": "c", "schemas": [{"name": "s", "state": "absent"}]}]
    assert "[10] data error" in module("postgresql_databases", {**login, "databases": databases}).refusal
    query("drop table s.t", "full")
    assert module("postgresql_databases", {**login, "databases": databases})["plan"] == [
        "comment on database full",
        "drop schema s in full",
    ]


def test_roles_that_an_earlier_task_would_make_count_in_check_mode(module, login):
    arguments = {**login, "databases": [{"name": "foreseen", "owner": "not_yet"}]}
    arguments["assume_roles"] = ["somebody_else"]
    assert "role not_yet, does not exist" in module("postgresql_databases", arguments, check=True).refusal
    arguments["assume_roles"] = ["not_yet"]
    assert module("postgresql_databases", arguments, check=True)["plan"] == ["create database foreseen"]
    assert "role not_yet, does not exist" in module("postgresql_databases", arguments).refusal


def test_two_runs_at_once_make_a_database_once(module, login):
    wanted = {**login, "databases": [{"name": f"twin{number}", "comment": "c"} for number in range(5)]}
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(module, "postgresql_databases", wanted) for _ in range(2)]
    assert sorted(run.result()["changed"] for run in runs) == [False, True]


def test_many_databases_need_few_connections(converge, login):
    converge("postgresql_roles", {**login, "roles": [role("thrifty", createdb=True, connection_limit=4)]})
    limited = {**login, "login_user": "thrifty", "login_password": "Password-1-thrifty"}
    many = [{"name": f"thrifty{number}", "schemas": [{"name": "s"}]} for number in range(12)]
    assert len(converge("postgresql_databases", {**limited, "databases": many})) == 24


def test_functions_that_stand_in_for_the_servers_own_are_never_called(converge, login, query):
    query("drop database if exists haunted with (force)")
    query("create database haunted")
    query(
        """
        create table called (what text); grant all on called to public;
        create function pg_get_userbyid(oid) returns name language sql as
          'insert into called values (''owner'') returning ''ghost''::name';
        create function aclexplode(aclitem[], out grantor oid, out grantee oid, out privilege_type text,
                                   out is_grantable boolean) returns setof record language sql as
          'insert into called values (''privileges''); select 0::oid, 0::oid, ''X'', false';
        create function equal_names(name, name) returns boolean language sql as
          'insert into called values (''equal'') returning true';
        create operator = (leftarg = name, rightarg = name, function = equal_names);
        alter database haunted set search_path = public, pg_catalog;
        """,
        "haunted",
    )
    query("alter role postgres set search_path = public, pg_catalog")
    try:
        database = {
            "name": "haunted",
            "schemas": [{"name": "app", "owner": "postgres"}],
            "extensions": [{"name": "hstore"}],
            "privileges": [{"role": "pg_monitor", "on": "schema", "schema": "app", "privileges": ["USAGE"]}],
            "reassign_objects_from": ["pg_monitor"],
        }
        assert len(converge("postgresql_databases", {**login, "databases": [database]})) == 3
    finally:
        query("alter role postgres reset search_path")
    assert query("select count(*) from public.called", "haunted") == [(0,)]


def test_sizes_are_told_where_they_are_asked_for(module, login, query):
    query("drop database if exists weighed")
    query("create database weighed")
    told = module("postgresql_databases_info", {**login, "names": ["weighed", "never"], "sizes": True})
    assert [item["name"] for item in told["databases"]] == list(told["sizes"]) == ["weighed"]
    assert told["sizes"]["weighed"] > 1_000_000
    assert "sizes" not in module("postgresql_databases_info", {**login, "names": ["weighed"]})
