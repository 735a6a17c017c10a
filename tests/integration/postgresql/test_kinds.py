"""One object of every kind that the catalog of the server knows an owner of is handed over, and all of them at once."""

from __future__ import annotations

import pytest
from integration.postgresql.conftest import role

pytestmark = pytest.mark.integration

# What cannot belong to whoever is no superuser, cannot be handed over at all, or belongs to the whole server.
LEFT_ALONE = {"pg_foreign_data_wrapper", "pg_event_trigger", "pg_subscription", "pg_extension", "pg_tablespace"}
OWNERS = """
select c.relname::text, a.attname::text from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind = 'r' and a.attname like '%owner' order by 1
"""
# Which kinds the catalog tells apart: each of its letters has to be among what is handed over.
LETTERS = {
    "pg_class": ("relkind", set("rpvmfSciI")),
    "pg_proc": ("prokind", set("fpaw")),
    "pg_type": ("typtype", set("bcdermp")),
}
OBJECTS = """
create schema s; create schema "Odd schema";
create table s.plain (id int generated always as identity, n serial, long text); create index on s.plain (n);
create table s.parts (id int) partition by range (id); create table s.part partition of s.parts default;
create index on s.parts (id); create unlogged table "Odd schema"."Odd ""table" (id bigserial primary key);
create view s.v as select * from s.plain; create materialized view s.m as select 1 as one; create sequence s.q;
create foreign data wrapper w; create server far foreign data wrapper w; create foreign table s.ft (id int) server far;
create function s.f(int, text default 'a', out a int, out b int) language sql as 'select 1, 2';
create function s.f(variadic int[]) returns int language sql as 'select 1';
create function s.rank() returns bigint language internal window as 'window_rank';
create procedure s.p(in a int, inout b int) language sql as 'select 1';
create aggregate s.cnt(*) (sfunc = int8inc, stype = int8, initcond = '0');
create aggregate s.total(int) (sfunc = int4pl, stype = int);
create aggregate s.most(order by anyelement) (sfunc = ordered_set_transition, stype = internal,
                                              finalfunc = mode_final, finalfunc_extra);
create aggregate s.share(float8 order by float8) (sfunc = ordered_set_transition, stype = internal,
                                                  finalfunc = percentile_disc_final, finalfunc_extra);
create aggregate s.place(variadic "any" order by variadic "any") (sfunc = ordered_set_transition_multi,
    stype = internal, finalfunc = rank_final, finalfunc_extra, hypothetical);
create type s.pair as (a int, b int); create type s.mood as enum ('good'); create type s.shell;
create domain s.positive as int check (value > 0); create type s.span as range (subtype = int);
create type s.base; create function s.base_in(cstring) returns s.base language internal strict immutable as 'int4in';
create function s.base_out(s.base) returns cstring language internal strict immutable as 'int4out';
create type s.base (input = s.base_in, output = s.base_out, like = int4);
create collation s.c (locale = 'C'); create statistics s.st on id, n from s.plain; select lo_create(4712);
create conversion s.conv for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
create operator s.=== (leftarg = int, rightarg = int, function = int4pl);
create operator s.~~~ (rightarg = int, function = int4um); create operator family s.family using btree;
create operator class s.class for type int4 using btree family s.family as function 1 btint4cmp(int4, int4);
create text search configuration s.search (copy = pg_catalog.simple);
create text search dictionary s.words (template = simple); create publication pub;
create language other handler plpgsql_call_handler inline plpgsql_inline_handler validator plpgsql_validator;
"""


def test_every_kind_of_object_is_handed_over(converge, login, query):
    converge("postgresql_roles", {**login, "roles": [role("bequeather", superuser=True), role("inheritor")]})
    query("drop database if exists all_kinds with (force)")
    query("create database all_kinds owner inheritor")
    query(f"set role bequeather; {OBJECTS}", "all_kinds")
    catalogs = {name: column for name, column in query(OWNERS) if name not in LEFT_ALONE}

    def owned(name: str) -> list[tuple]:
        letter = LETTERS[name][0] if name in LETTERS else "''"
        whose = f"{catalogs[name]} = 'bequeather'::regrole"
        return query(f"select {letter}, to_jsonb(c)::text from {name} c where {whose}", "all_kinds")

    before = {name: owned(name) for name in catalogs}
    # A kind that a new version brings has to be added here.
    assert [name for name, found in before.items() if not found] == []
    for name, (_letter, letters) in LETTERS.items():
        assert letters - {letter for letter, _row in before[name]} == set(), name
    database = {"name": "all_kinds", "owner": "inheritor", "reassign_objects_from": ["bequeather"]}
    (step,) = converge("postgresql_databases", {**login, "databases": [database]})
    assert step.endswith("objects of role bequeather in database all_kinds over to role inheritor")
    assert [row for name in catalogs for _letter, row in owned(name)] == []
    # And back.
    back = {**database, "owner": "bequeather", "reassign_owner": True, "reassign_objects_from": ["inheritor"]}
    assert len(converge("postgresql_databases", {**login, "databases": [back]})) == 2
    assert {name: len(owned(name)) for name in catalogs} == {name: len(found) for name, found in before.items()}
