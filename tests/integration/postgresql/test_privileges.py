"""Who may do what, and who owns it, on real servers."""

from __future__ import annotations

import pytest
from integration.postgresql.conftest import role

pytestmark = pytest.mark.integration


def grant(role_name: str, on: str, *privileges: str, **other) -> dict:
    return {"role": role_name, "on": on, "privileges": list(privileges), **other}


@pytest.fixture
def shared(converge, login, query):
    """A database `shared` of `host` with a table, and roles that are granted nothing yet."""
    converge("postgresql_roles", {**login, "roles": [role("host"), role("guest"), role("spy")]})
    query("drop database if exists shared with (force)")
    query("create database shared owner host")
    query("create table t (id serial); create function f() returns int language sql as 'select 1'", "shared")

    def declare(*grants: dict, **other) -> list[str]:
        database = {"name": "shared", "privileges": list(grants), **other}
        return converge("postgresql_databases", {**login, "databases": [database]})

    return declare


def test_a_grant_option_is_added_and_used(shared, query):
    assert shared(grant("guest", "all_tables", "SELECT")) == ["grant SELECT on all tables of shared.public to guest"]
    assert shared(grant("guest", "all_tables", "SELECT", grant_option=True)) == [
        "grant SELECT on all tables of shared.public to guest with grant option"
    ]
    query("grant select on t to spy", "shared", user="guest", password="Password-1-guest")
    # Without the option it is left as it is.
    assert shared(grant("guest", "all_tables", "SELECT")) == []


def test_exclusive_privileges_take_from_others_whoever_granted(shared, query):
    declared = grant("guest", "all_tables", "SELECT", grant_option=True)
    shared(declared)
    query("grant select on t to spy", "shared", user="guest", password="Password-1-guest")
    query("grant delete on t to guest; grant all on all sequences in schema public to spy", "shared")
    assert shared(declared) == []
    assert shared(declared, exclusive_privileges=True) == [
        "revoke DELETE on all tables of shared.public from guest",
        "revoke SELECT on all tables of shared.public from spy",
    ]
    assert query("select has_sequence_privilege('spy', 't_id_seq', 'usage')", "shared") == [(True,)]
    assert query("select has_table_privilege('host', 't', 'select') or true", "shared") == [(True,)]


def test_everybody_can_be_kept_from_functions(shared, query):
    assert shared(grant("PUBLIC", "all_functions", "EXECUTE", state="absent")) == [
        "revoke EXECUTE on all functions of shared.public from PUBLIC"
    ]
    assert query("select has_function_privilege('spy', 'f()', 'execute')", "shared") == [(False,)]


def test_everybody_is_kept_out_of_a_new_database_in_one_run(converge, login, query):
    query("drop database if exists hermit with (force)")
    kept_out = grant("PUBLIC", "database", "ALL", state="absent")
    plan = converge("postgresql_databases", {**login, "databases": [{"name": "hermit", "privileges": [kept_out]}]})
    assert plan == ["create database hermit", "revoke CONNECT, TEMPORARY on database hermit from PUBLIC"]


def test_the_newest_privilege_is_granted_where_it_exists(shared, module, login, version):
    declared = grant("guest", "all_tables", "MAINTAIN")
    if version >= 17:
        assert shared(declared) == ["grant MAINTAIN on all tables of shared.public to guest"]
        assert shared(grant("guest", "all_tables", "ALL", state="absent")) == [
            "revoke MAINTAIN on all tables of shared.public from guest"
        ]
    else:
        refusal = module("postgresql_databases", {**login, "databases": [{"name": "shared", "privileges": [declared]}]})
        assert "MAINTAIN cannot be granted on all_tables" in refusal.refusal


def test_undeclared_privileges_are_told_and_left(shared, module, login, query):
    query("grant insert on t to spy; create schema hidden; create extension hstore", "shared")
    database = {"name": "shared", "privileges": [grant("guest", "all_tables", "SELECT")]}
    shared(*database["privileges"])
    result = module("postgresql_databases", {**login, "databases": [database], "report_undeclared": True})
    told = [line for line in result["undeclared"] if "shared" in line]
    assert told == [
        "extension hstore in shared",
        "privilege INSERT of spy on all tables of shared.public",
        "schema hidden in shared",
    ]
    assert query("select has_table_privilege('spy', 't', 'insert')", "shared") == [(True,)]


OBJECTS = """
create schema s; create table s.t (id int generated always as identity, n serial); create view s.v as select * from s.t;
create materialized view s.m as select 1 as one; create sequence s.q; create index on s.t (n);
create function s.f(int, text default 'a') returns int language sql as 'select 1';
create procedure s.p() language sql as 'select 1'; create aggregate s.total(int) (sfunc = int4pl, stype = int);
create type s.pair as (a int, b int); create type s.mood as enum ('good');
create domain s.positive as int check (value > 0); create type s.span as range (subtype = int);
create collation s.c (locale = 'C'); create statistics s.st on id, n from s.t;
create operator s.=== (leftarg = int, rightarg = int, function = int4pl); select lo_create(4711);
create text search configuration s.search (copy = pg_catalog.simple); create publication pub;
create text search dictionary s.words (template = simple); create extension cube schema s;
create operator family s.family using btree; create foreign data wrapper w; create server far foreign data wrapper w;
create conversion s.conv for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
create operator class s.class for type int4 using btree family s.family as function 1 btint4cmp(int4, int4);
"""


@pytest.mark.parametrize("old", ["postgres", "former"])
def test_all_objects_of_another_are_handed_over_in_one_database_only(converge, login, query, old):
    converge("postgresql_roles", {**login, "roles": [role("former", superuser=True), role("heir")]})
    for name in ("estate", "other_estate"):
        query(f"drop database if exists {name} with (force)")
        query(f"create database {name} owner {'heir' if name == 'estate' else old}")
        query(f'set role "{old}"; {OBJECTS}', name)
    database = {"name": "estate", "owner": "heir", "reassign_objects_from": [old]}
    (step,) = converge("postgresql_databases", {**login, "databases": [database]})
    assert step.endswith(f"objects of role {old} in database estate over to role heir")
    owners = """
        select distinct pg_get_userbyid(o) from (
          select relowner o from pg_class where relnamespace = 's'::regnamespace
          union select proowner from pg_proc p where pronamespace = 's'::regnamespace and not exists (
            select from pg_depend where objid = p.oid and deptype in ('e', 'i'))
          union select nspowner from pg_namespace where nspname = 's'
          union select lomowner from pg_largeobject_metadata union select pubowner from pg_publication
          union select srvowner from pg_foreign_server union select stxowner from pg_statistic_ext) owners"""
    assert query(owners, "estate") == [("heir",)]
    assert query(owners, "other_estate") == [(old,)]
    assert query("select pg_get_userbyid(datdba) from pg_database where datname = 'other_estate'") == [(old,)]


def test_a_role_is_dropped_after_what_it_owned_was_handed_over(converge, module, login, query):
    converge("postgresql_roles", {**login, "roles": [role("leaver"), role("stayer")]})
    for name in ("leaving_a", "leaving_b"):
        query(f"drop database if exists {name}")
        query(f"create database {name} owner leaver")
        query("create table t (id int); alter table t owner to leaver; grant usage on schema public to leaver", name)
    leaver = {"name": "leaver", "state": "absent"}
    assert "set reassign_to" in module("postgresql_roles", {**login, "roles": [leaver]}).refusal
    assert converge("postgresql_roles", {**login, "roles": [{**leaver, "reassign_to": "stayer"}]}) == [
        "hand what role leaver owns in database leaving_a over to role stayer, and revoke its privileges",
        "hand what role leaver owns in database leaving_b over to role stayer, and revoke its privileges",
        "drop role leaver",
    ]
    assert query("select tableowner from pg_tables where tablename = 't'", "leaving_b") == [("stayer",)]


def test_memberships_that_are_not_declared_are_revoked_where_asked(converge, module, login, query):
    groups = [{"name": name, "login": False} for name in ("choir", "band", "club")]
    member = role("member", member_of=["choir"])
    converge("postgresql_roles", {**login, "roles": [*groups, member]})
    query("grant band to member; grant club to host with admin option; set role host; grant club to member")
    told = module("postgresql_roles", {**login, "roles": [*groups, member], "report_undeclared": True})["undeclared"]
    assert {"membership of role member in role band", "membership of role member in role club", "role host"} <= set(
        told
    )
    assert converge("postgresql_roles", {**login, "roles": [*groups, {**member, "exclusive_memberships": True}]}) == [
        "revoke role band from role member",
        "revoke role club from role member",
    ]


def test_settings_of_a_role_in_one_database(converge, module, login, query):
    converge("postgresql_roles", {**login, "roles": [role("tuned_here")]})
    database = {"name": "tuned_for", "role_settings": {"tuned_here": {"work_mem": "7MB", "search_path": ["a", "b"]}}}
    plan = converge("postgresql_databases", {**login, "databases": [database]})
    assert plan[1:] == [
        "set search_path of role tuned_here in database tuned_for",
        "set work_mem of role tuned_here in database tuned_for",
    ]
    assert query("show work_mem", "tuned_for", user="tuned_here", password="Password-1-tuned_here") == [("7MB",)]
    assert query("show work_mem", user="tuned_here", password="Password-1-tuned_here") == [("4MB",)]
    database["role_settings"]["tuned_here"]["work_mem"] = None
    assert converge("postgresql_databases", {**login, "databases": [database]}) == [
        "reset work_mem of role tuned_here in database tuned_for"
    ]
    database["role_settings"] = {"nobody_here": {"work_mem": "1MB"}}
    refusal = module("postgresql_databases", {**login, "databases": [database]}).refusal
    assert "a role with settings, role nobody_here, does not exist" in refusal


@pytest.mark.parametrize(
    ("provider", "locale", "first"), [("icu", "pt-BR", 15), ("builtin", "C.UTF-8", 17), ("libc", "C.UTF-8", 14)]
)
def test_providers_of_locales(converge, module, login, query, version, provider, locale, first):
    query("drop database if exists provided")
    database = {"name": "provided", "locale_provider": provider, "locale": locale}
    if version < first:
        refusal = module("postgresql_databases", {**login, "databases": [database]}).refusal
        assert f"the server's version {version} has no locale provider {provider}" in refusal
        return
    assert converge("postgresql_databases", {**login, "databases": [database]}) == ["create database provided"]
    database["locale"] = "de-AT"
    assert (
        f"its locale is {locale}, not de-AT"
        in module("postgresql_databases", {**login, "databases": [database]}).refusal
    )
    other = {"name": "provided", "locale_provider": "icu" if provider == "libc" else "libc"}
    if version >= 15:
        refusal = module("postgresql_databases", {**login, "databases": [{**other, "locale": "x"}]}).refusal
        assert f"its locale provider is {provider}, not" in refusal or "its locale is" in refusal
