"""postgresql_roles and postgresql_databases against a real PostgreSQL 18."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest
from integration.postgresql.conftest import PASSWORD, role

pytestmark = pytest.mark.integration


def test_a_role_with_everything(converge, login, query):
    wanted = role(
        "full",
        createdb=True,
        connection_limit=5,
        valid_until="2031-01-01 00:00:00+02",
        settings={"work_mem": "8MB"},
        comment="it's a role",
        member_of=["group"],
    )
    plan = converge("postgresql_roles", {**login, "roles": [wanted, {"name": "group", "login": False}]})
    assert plan == [
        "create role full",
        "set work_mem of role full",
        "comment on role full",
        "create role group",
        "grant role group to role full",
    ]
    assert query("select rolcreatedb, rolconnlimit from pg_roles where rolname = 'full'") == [(True, 5)]
    # The same instant in another spelling is no change.
    again = {**wanted, "valid_until": "2030-12-31 22:00:00 UTC"}
    assert converge("postgresql_roles", {**login, "roles": [again]}) == []


def test_a_rotated_password_is_one_change(converge, login, query):
    converge("postgresql_roles", {**login, "roles": [role("rotated")]})
    plan = converge("postgresql_roles", {**login, "roles": [role("rotated", password="Another-2-password")]})
    assert plan == ["change password of role rotated"]
    assert query("select 1", user="rotated", password="Another-2-password") == [(1,)]
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        query("select 1", user="rotated", password="Password-1-rotated")


def test_an_md5_leftover_is_replaced_once(converge, login, query):
    query("set password_encryption = md5; create role leftover login password 'Password-1-leftover'")
    assert converge("postgresql_roles", {**login, "roles": [role("leftover")]}) == ["change password of role leftover"]
    assert query("select rolpassword like 'SCRAM-SHA-256$%' from pg_authid where rolname = 'leftover'") == [(True,)]


def test_what_was_changed_by_hand_is_put_right(converge, login, query):
    converge("postgresql_roles", {**login, "roles": [role("drifted", superuser=False)]})
    query("alter role drifted superuser")
    assert converge("postgresql_roles", {**login, "roles": [role("drifted", superuser=False)]}) == [
        "change superuser of role drifted"
    ]


def test_no_clear_password_reaches_the_server_log(converge, login, server):
    converge("postgresql_roles", {**login, "roles": [role("logged", password="Marker-9-in-no-log")]})
    assert "CREATE ROLE" in server.logs()
    assert "Marker-9-in-no-log" not in server.logs()


@pytest.mark.parametrize("password", ["a'b\"c\\d$e 1A-", "ação-Ünï-1", "㊗️-Ⅸ-1a", "soft\u00adhyphen-1A", "Ⅸ-😀-1a"])
def test_passwords_of_any_characters_open_the_door(converge, login, query, password):
    converge("postgresql_roles", {**login, "roles": [role("spelled", password=password)]})
    assert query("select current_user", user="spelled", password=password) == [("spelled",)]


@pytest.mark.parametrize(
    "name", ['quo"te', "semi;colon", "-- comment", "unicodé ✓", "%s {} $1", "UPPER", "select", "x" * 63]
)
def test_hostile_names_are_taken_to_the_letter(converge, login, query, version, name):
    plan = converge("postgresql_roles", {**login, "roles": [role(name)]})
    assert plan == [f"create role {name}"]
    database = {"name": name, "owner": name, "schemas": [{"name": name, "owner": name}], "revoke_public": True}
    assert len(converge("postgresql_databases", {**login, "databases": [database]})) == (3 if version > 14 else 5)
    assert (name,) in query("select datname from pg_database")
    converge("postgresql_databases", {**login, "databases": [{"name": name, "state": "absent"}]})
    assert converge("postgresql_roles", {**login, "roles": [{"name": name, "state": "absent"}]}) == [
        f"drop role {name}"
    ]


@pytest.mark.parametrize(
    ("name", "reason"), [("x" * 64, "64 bytes"), ("é" * 32, "64 bytes"), ("", "empty"), ("pg_x", "reserved")]
)
def test_impossible_names_are_refused(module, login, name, reason):
    assert reason in module("postgresql_roles", {**login, "roles": [{"name": name}]}).refusal


def test_a_database_closed_to_others(converge, login, query, extension):
    converge(
        "postgresql_roles", {**login, "roles": [role("owner_a"), role("owner_b"), {"name": "reader", "login": False}]}
    )
    database = {
        "name": "closed",
        "owner": "owner_a",
        "revoke_public": True,
        "connection_limit": 20,
        "comment": "closed",
        "settings": {"statement_timeout": "30s"},
        "extensions": [{"name": extension}],
        "schemas": [{"name": "app", "owner": "owner_a"}],
        "privileges": [
            {"role": "reader", "on": "database", "privileges": ["connect"]},
            {"role": "reader", "on": "schema", "schema": "app", "privileges": ["USAGE"]},
            {"role": "reader", "on": "all_tables", "schema": "app", "privileges": ["SELECT"]},
            {"role": "reader", "on": "default", "schema": "app", "privileges": ["SELECT"]},
        ],
    }
    plan = converge("postgresql_databases", {**login, "databases": [database]})
    assert plan[0] == "create database closed" and f"create extension {extension} in closed" in plan
    value = {"vector": "[1,2]", "cube": "(1, 2)"}[extension]
    assert query(f"select '{value}'::{extension}::text", "closed") == [(value,)]
    with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
        query("select 1", "closed", user="owner_b", password="Password-1-owner_b")
    query("create table app.later (id int)", "closed", user="owner_a", password="Password-1-owner_a")
    assert query("select has_table_privilege('reader', 'app.later', 'select')", "closed") == [(True,)]
    # A table that the owner made is readable by default privileges already: nothing is left to grant.
    assert converge("postgresql_databases", {**login, "databases": [database]}) == []


def test_an_extension_is_updated_to_a_declared_version(converge, login, module, query):
    versions = [
        row[0]
        for row in query(
            "select version from pg_available_extension_versions where name = 'pg_trgm' "
            "order by string_to_array(version, '.')::int[]"
        )
    ]
    older, newer = versions[-2:]
    for version in (older, newer):
        converge(
            "postgresql_databases",
            {**login, "databases": [{"name": "versions", "extensions": [{"name": "pg_trgm", "version": version}]}]},
        )
        assert query("select extversion from pg_extension where extname = 'pg_trgm'", "versions") == [(version,)]
    missing = {"name": "versions", "extensions": [{"name": "pg_trgm", "version": "99"}]}
    assert "the server has pg_trgm in" in module("postgresql_databases", {**login, "databases": [missing]}).refusal


def test_somebody_elses_database_is_refused_and_nothing_else_is_done(module, login, query):
    module("postgresql_roles", {**login, "roles": [role("mine"), role("theirs")]})
    query("create database taken owner theirs")
    databases = [{"name": "untouched", "owner": "mine"}, {"name": "taken", "owner": "mine"}]
    refusal = module("postgresql_databases", {**login, "databases": databases}).refusal
    assert "[10] data error at database taken: it belongs to role theirs, not to role mine" in refusal
    assert query("select count(*) from pg_database where datname = 'untouched'") == [(0,)]
    databases[1]["reassign_owner"] = True
    assert module("postgresql_databases", {**login, "databases": databases})["changed"]


@pytest.mark.parametrize(
    ("database", "reason"),
    [
        ({"name": "n", "owner": "nobody"}, "role nobody, does not exist"),
        ({"name": "n", "extensions": [{"name": "nothing"}]}, "does not have the extension nothing"),
        ({"name": "postgres", "encoding": "LATIN1"}, "its encoding is UTF8, not LATIN1"),
        ({"name": "n", "encoding": "klingon"}, "has no encoding klingon"),
        ({"name": "n", "template": "nowhere"}, "its template nowhere does not exist"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_done(module, login, query, database, reason):
    assert reason in module("postgresql_databases", {**login, "databases": [database]}).refusal
    assert query("select count(*) from pg_database where datname = 'n'") == [(0,)]


def test_a_database_in_use_is_dropped_by_force_only(module, login, server):
    module("postgresql_databases", {**login, "databases": [{"name": "busy"}]})
    holder = psycopg2.connect(host=server.address, user="postgres", password=PASSWORD, dbname="busy")
    absent = {"name": "busy", "state": "absent"}
    assert "1 sessions use it" in module("postgresql_databases", {**login, "databases": [absent]}).refusal
    assert module("postgresql_databases", {**login, "databases": [{**absent, "force": True}]})["changed"]
    holder.close()


def test_check_mode_without_a_server_plans_everything(module):
    nowhere = {"login_host": "192.0.2.1", "assume_empty": True}
    databases = [{"name": "a", "owner": "a", "revoke_public": True, "extensions": [{"name": "vector"}]}]
    planned = module("postgresql_databases", {**nowhere, "databases": databases}, check=True)
    assert planned["plan"] == [
        "create database a",
        "create extension vector in a",
        "revoke all on database a from PUBLIC",
    ]
    assert "for check mode only" in module("postgresql_databases", {**nowhere, "databases": databases}).refusal


@pytest.mark.parametrize(
    ("change", "category", "reason"),
    [
        ({"login_password": "wrong"}, "[5] integration error", "refuses the password of postgres"),
        ({"login_port": 1}, "[3] network error", "no connection"),
        ({"login_db": "nowhere"}, "[5] integration error", "cannot connect to database nowhere"),
    ],
)
def test_errors_name_their_category_and_no_secret(module, login, change, category, reason):
    refusal = module("postgresql_roles", {**login, **change, "roles": [role("x")]}).refusal
    assert category in refusal and reason in refusal and "What to do" in refusal
    assert PASSWORD not in refusal and "Password-1-x" not in refusal


def test_a_role_that_may_not_is_told_which_privilege_it_lacks(module, login):
    module("postgresql_roles", {**login, "roles": [role("modest")]})
    weak = {**login, "login_user": "modest", "login_password": "Password-1-modest"}
    refusal = module("postgresql_roles", {**weak, "roles": [role("x")]}).refusal
    assert "permission denied to create role" in refusal and "lacks a privilege" in refusal


def test_two_runs_at_once_both_succeed(module, login):
    wanted = {**login, "roles": [role(f"twin{number}") for number in range(30)]}
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(module, "postgresql_roles", wanted) for _ in range(2)]
    assert sorted(run.result()["changed"] for run in runs) == [False, True]


def test_fifty_applications(module, login, extension):
    roles = [role(f"app{n}") for n in range(50)]
    databases = [
        {
            "name": f"app{n}",
            "owner": f"app{n}",
            "revoke_public": True,
            "extensions": [{"name": extension}],
            "schemas": [{"name": "app", "owner": f"app{n}"}],
        }
        for n in range(50)
    ]
    seconds = []
    for changed in (True, False):
        started = time.monotonic()
        assert module("postgresql_roles", {**login, "roles": roles})["changed"] is changed
        assert module("postgresql_databases", {**login, "databases": databases})["changed"] is changed
        seconds.append(time.monotonic() - started)
    print(f"50 applications: first run {seconds[0]:.1f} s, nothing to change {seconds[1]:.1f} s")
    assert seconds[1] < seconds[0]
