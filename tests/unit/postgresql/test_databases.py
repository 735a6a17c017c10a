"""Plans for databases and what is in them."""

from __future__ import annotations

import re

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.errors import DATA, INTEGRATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import contents, databases
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.privilege_catalog import (
    Held,
    Place,
    Privileges,
)
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import (
    Ident,
    Quoted,
    Statement,
    Text,
)

OFFERS = {
    "vector": {"default": "0.8", "requires": {"0.7": [], "0.8": []}},
    "cube": {"default": "1.5", "requires": {"1.5": []}},
    "earthdistance": {"default": "1.2", "requires": {"1.2": ["cube"]}},
    "hstore_plpgsql": {"default": "1.0", "requires": {"1.0": ["plpgsql"]}},
}


def database(**declared) -> dict:
    nothing = dict.fromkeys(("owner", "encoding", "locale_provider", "locale", "template", "connection_limit"))
    lists = {"extensions": [], "schemas": [], "privileges": [], "reassign_objects_from": [], "role_settings": {}}
    no = {"reassign_owner": False, "revoke_public": False, "exclusive_privileges": False, "force": False}
    return {
        **nothing,
        **lists,
        **no,
        "name": "d",
        "settings": None,
        "comment": None,
        "state": "present",
        **declared,
    }


def extension(name: str, **declared) -> dict:
    return {"name": name, "version": None, "schema": None, "state": "present", **declared}


def schema(name: str, **declared) -> dict:
    return {"name": name, "owner": None, "state": "present", **declared}


def grant(on: str, *privileges: str, **declared) -> dict:
    rest = {"role": "reader", "schema": "public", "objects": "tables", "creator": None}
    rest = {**rest, "grant_option": False, "state": "present"}
    return {**rest, "on": on, "privileges": list(privileges), **declared}


def found(**properties) -> dict:
    fixed = {"encoding": "UTF8", "locale_provider": "libc", "locale": "en_US.utf8"}
    fixed = {**fixed, "is_template": False, "is_open": True, "is_broken": False, "public": False, "sessions": 0}
    fixed = {**fixed, **{key: [] for key in ("subscriptions", "active_slots", "idle_slots", "prepared")}}
    inside = {"certain": True, "extensions": {}, "schemas": {"public": space(owner="o")}, "role_settings": {}}
    inside = {**inside, "owned": {}, "privileges": Privileges({}, {})}
    return {"owner": "o", **fixed, "connection_limit": -1, "comment": None, "settings": {}, **inside, **properties}


def space(**properties) -> dict:
    rest = {"public_creates": False, "creators": ["o"], "of_extension": False}
    return {"owner": "o", "objects": 0, **rest, **properties}


def installed(**properties) -> dict:
    return {"version": "0.7", "schema": "public", "relocatable": True, "reachable": ["0.8"], **properties}


def server(actual: dict | None = None, **known) -> dict:
    return {**databases.EMPTY, "databases": {"d": actual} if actual else {}, "available": OFFERS, **known}


def words(declared: dict, actual: dict) -> list[str]:
    return [step.words for step in databases.plan([declared], actual)]


def test_a_new_database_with_everything():
    declared = database(
        owner="o",
        revoke_public=True,
        connection_limit=9,
        comment="c",
        settings={"work_mem": "8MB"},
        schemas=[schema("app", owner="o")],
        extensions=[extension("vector", schema="app")],
        privileges=[grant("schema", "USAGE", schema="app"), grant("default", "SELECT", schema="app")],
    )
    assert words(declared, server()) == [
        "create database d",
        "set connection limit of database d",
        "set work_mem of database d",
        "comment on database d",
        "create schema app in d",
        "create extension vector in d",
        "revoke all on database d from PUBLIC",
        "grant USAGE on schema d.app to reader",
        "grant SELECT on future tables of d.app to reader",
    ]


def test_all_but_the_creation_runs_in_the_database_in_one_transaction():
    declared = database(revoke_public=True, comment="c", settings={"a.b": 1}, privileges=[grant("database", "CONNECT")])
    create, *rest = (step.operation for step in databases.plan([declared], server()))
    assert (create.alone, create.database) == (True, "")
    assert len(rest) == 4 and {(statement.alone, statement.database) for statement in rest} == {(False, "d")}


def test_an_encoding_or_locale_of_its_own_needs_an_empty_template():
    (step,) = databases.plan([database(locale="C", owner="o")], server())
    assert step.operation.text == "CREATE DATABASE {} OWNER {} TEMPLATE {} LOCALE {}"
    assert step.operation.parts == (Ident("d"), Ident("o"), Ident("template0"), Text("C"))


@pytest.mark.parametrize("public_creates", [False, True])
def test_creating_in_the_schema_public_is_revoked_where_everybody_may(public_creates):
    planned = words(database(revoke_public=True), server(public_creates=public_creates))
    assert "revoke all on database d from PUBLIC" in planned
    assert ("revoke create on schema public of d from PUBLIC" in planned) is public_creates


@pytest.mark.parametrize(
    ("declared", "actual", "expected"),
    [
        ({}, {}, []),
        ({"owner": "o", "encoding": "utf-8", "locale": "en_US.UTF-8", "revoke_public": True}, {}, []),
        ({"owner": "new", "reassign_owner": True}, {}, ["hand database d over to new"]),
        ({"revoke_public": True}, {"public": True}, ["revoke all on database d from PUBLIC"]),
        ({"comment": ""}, {"comment": "old"}, ["comment on database d"]),
        ({"settings": {"work_mem": None}}, {"settings": {"work_mem": "1"}}, ["reset work_mem of database d"]),
        ({"schemas": [schema("public", owner="n")]}, {}, ["change owner of schema public in d"]),
        ({"schemas": [schema("public", state="absent")]}, {}, ["drop schema public in d"]),
        ({"extensions": [extension("vector")]}, {"extensions": {"vector": installed()}}, []),
        (
            {"extensions": [extension("vector", version="0.8", schema="s")], "schemas": [schema("s")]},
            {"extensions": {"vector": installed()}},
            ["create schema s in d", "update extension vector in d to 0.8", "move extension vector in d to schema s"],
        ),
        (
            {"extensions": [extension("vector", state="absent")], "schemas": [schema("public", state="absent")]},
            {"extensions": {"vector": installed()}, "schemas": {"public": space(objects=9)}},
            ["drop extension vector in d", "drop schema public in d"],
        ),
        (
            {"extensions": [extension(name, state="absent") for name in ("cube", "earthdistance", "vector")]},
            {"extensions": {"cube": installed(), "earthdistance": installed()}},
            ["drop extension cube, earthdistance in d"],
        ),
        ({"state": "absent"}, {}, ["drop database d"]),
        ({"state": "absent", "force": True}, {"sessions": 3}, ["drop database d"]),
    ],
)
def test_only_what_differs_is_changed(declared, actual, expected):
    assert words(database(**declared), server(found(**actual))) == expected


@pytest.mark.parametrize(
    ("declared", "actual", "reason"),
    [
        ({"owner": "mine"}, {}, "it belongs to role o, not to role mine"),
        ({"encoding": "LATIN1"}, {}, "its encoding is UTF8, not LATIN1"),
        ({"locale": "C"}, {}, "its locale is en_US.utf8, not C"),
        ({"state": "absent"}, {"sessions": 2}, "2 sessions use it"),
        ({"state": "absent"}, {"is_template": True}, "a template and cannot be dropped"),
        ({"extensions": [extension("nothing")]}, {}, "does not have the extension nothing; it has cube"),
        ({"extensions": [extension("vector", version="9")]}, {}, "the server has vector in 0.7, 0.8, not in 9"),
        ({"extensions": [extension("vector", schema="nowhere")]}, {}, "schema nowhere, which does not exist"),
        ({"extensions": [extension("earthdistance")]}, {}, "extension earthdistance requires cube"),
        (
            {"extensions": [extension("vector", version="9")]},
            {"extensions": {"vector": installed()}},
            "the server has vector in",
        ),
        (
            {"extensions": [extension("vector", version="0.7")]},
            {"extensions": {"vector": installed(version="0.8", reachable=[])}},
            "no way from there to 0.7; it has no other",
        ),
        (
            {"extensions": [extension("vector", schema="s")], "schemas": [schema("s")]},
            {"extensions": {"vector": installed(relocatable=False)}},
            "cannot be moved",
        ),
        ({"schemas": [schema("s", state="absent")]}, {"schemas": {"s": space(objects=4)}}, "holds 4 objects"),
        ({"schemas": [schema("s"), schema("s")]}, {}, "declared twice"),
        ({"schemas": [schema("pg_s")]}, {}, "pg_s is reserved"),
        (
            {"privileges": [grant("schema", "USAGE", schema="nowhere")]},
            {},
            "schema nowhere, which does not exist",
        ),
        ({"privileges": [grant("schema", "SELECT")]}, {}, "SELECT cannot be granted on schema"),
    ],
)
def test_what_cannot_be_is_refused_whatever_else_is_declared(declared, actual, reason):
    fine = database(name="fine", comment="c")
    with pytest.raises(PlatformError, match=reason):
        databases.plan([fine, database(**declared)], server(found(**actual)))


def test_an_encoding_is_compared_by_the_servers_name_for_it():
    aliases = {"unicode": "UTF8", "klingon": ""}
    assert words(database(encoding="unicode"), server(found(), encodings=aliases)) == []
    for actual in (found(), None):
        with pytest.raises(PlatformError, match="the server has no encoding klingon"):
            databases.plan([database(encoding="klingon")], server(actual, encodings=aliases))


def test_a_template_has_to_exist_or_to_be_declared_before():
    copy, original = database(template="original"), database(name="original")
    assert len(databases.plan([original, copy], server(known_databases=set()))) == 2
    assert len(databases.plan([copy], server(known_databases={"original"}))) == 1
    with pytest.raises(PlatformError, match="its template original does not exist"):
        databases.plan([copy, original], server(known_databases=set()))
    # What a database was made from once does not matter later.
    assert words(copy, server(found(), known_databases={"d"})) == []


def test_a_conflict_of_owners_is_about_data_and_a_missing_owner_about_integration():
    with pytest.raises(PlatformError) as conflict:
        databases.plan([database(owner="mine")], server(found(), known_roles={"mine", "o"}))
    with pytest.raises(PlatformError) as missing:
        databases.plan([database(owner="mine")], server(found(), known_roles={"o"}))
    assert (conflict.value.category, missing.value.category) == (DATA, INTEGRATION)
    assert all("role o" in error.value.what and "mine" in error.value.what for error in (conflict, missing))


@pytest.mark.parametrize(
    "declared",
    [
        {"owner": "ghost"},
        {"schemas": [schema("s", owner="ghost")]},
        {"privileges": [grant("database", "CONNECT", role="ghost")]},
        {"privileges": [grant("default", "SELECT", creator="ghost")]},
    ],
)
def test_every_role_that_is_named_has_to_exist(declared):
    with pytest.raises(PlatformError, match="role ghost, does not exist"):
        databases.plan([database(**declared)], server(known_roles={"o", "reader"}))
    assert words(database(**declared), server(known_roles={"o", "reader", "ghost"}))[0] == "create database d"


def test_no_grant_hides_the_missing_role_of_another():
    grants = [grant("database", "CONNECT", role=role) for role in ("ghost", "reader")]
    with pytest.raises(PlatformError, match="a holder of privileges, role ghost, does not exist"):
        databases.plan([database(privileges=grants)], server(known_roles={"reader"}))


def test_the_database_that_is_logged_in_to_is_not_dropped():
    with pytest.raises(PlatformError, match="logged in to"):
        databases.plan([database(state="absent")], server(found(), login_database="d"))


def test_an_extension_may_require_one_that_is_declared_before_it_or_comes_with_every_database():
    declared = database(extensions=[extension("cube"), extension("earthdistance"), extension("hstore_plpgsql")])
    assert len(words(declared, server())) == 4


def test_against_an_empty_server_nothing_needs_to_be_known():
    declared = database(owner="anybody", extensions=[extension("anything", version="1")], settings={"any": 1})
    assert words(declared, databases.EMPTY) == [
        "create database d",
        "set any of database d",
        "create extension anything in d",
    ]


def test_a_template_of_ones_own_may_hold_anything():
    declared = database(template="mine", privileges=[grant("all_tables", "SELECT", schema="inside")])
    assert words(declared, server()) == ["create database d", "grant SELECT on all tables of d.inside to reader"]
    assert contents.of_a_new_database(declared, {}, False)["certain"] is False


@pytest.mark.parametrize(
    ("declared", "version", "text"),
    [
        ({"locale_provider": "libc", "locale": "C"}, 140000, "CREATE DATABASE {} TEMPLATE {} LOCALE {}"),
        (
            {"locale_provider": "libc", "locale": "C"},
            150000,
            "CREATE DATABASE {} TEMPLATE {} LOCALE_PROVIDER {} LOCALE {}",
        ),
        (
            {"locale_provider": "icu", "locale": "pt-BR", "template": "mine"},
            150000,
            "CREATE DATABASE {} TEMPLATE {} LOCALE_PROVIDER {} ICU_LOCALE {}",
        ),
        (
            {"locale_provider": "builtin", "locale": "C.UTF-8", "encoding": "UTF8"},
            170000,
            "CREATE DATABASE {} TEMPLATE {} ENCODING {} LOCALE_PROVIDER {} BUILTIN_LOCALE {}",
        ),
    ],
)
def test_a_locale_belongs_to_its_provider(declared, version, text):
    (step,) = databases.plan([database(**declared)], server(version=version))
    assert step.operation.text == text


@pytest.mark.parametrize(
    ("declared", "version", "reason"),
    [
        ({"locale_provider": "icu", "locale": "de"}, 140000, "version 14 has no locale provider icu"),
        ({"locale_provider": "builtin", "locale": "C"}, 160000, "version 16 has no locale provider builtin"),
        ({"locale_provider": "icu"}, 180000, "has no locale of its own"),
        ({"privileges": [grant("all_tables", "MAINTAIN")]}, 160000, "MAINTAIN cannot be granted"),
    ],
)
def test_what_a_server_of_that_version_does_not_have(declared, version, reason):
    with pytest.raises(PlatformError, match=reason):
        databases.plan([database(**declared)], server(version=version))


def test_a_provider_cannot_be_changed_in_place():
    with pytest.raises(PlatformError, match="its locale provider is libc, not icu"):
        databases.plan([database(locale_provider="icu", locale="en_US.UTF-8")], server(found(), version=180000))
    assert words(database(locale_provider="libc", locale="en-US.utf8"), server(found(), version=180000)) == []


def test_settings_of_a_role_in_the_database():
    declared = database(role_settings={"r": {"work_mem": "8MB"}, "s": {"work_mem": None}})
    (step,) = databases.plan([declared], server(found(role_settings={"r": {"work_mem": "4MB"}})))
    assert step.words == "set work_mem of role r in database d"
    assert step.operation.text == "ALTER ROLE {} IN DATABASE {} SET {} TO {}"
    assert step.operation.parts == (Ident("r"), Ident("d"), Ident("work_mem"), Text("8MB"))
    shown = "work_mem of role r in database d"
    assert (step.before, step.after, step.subject) == ({shown: "4MB"}, {shown: "8MB"}, "database d")
    assert len(words(declared, server())) == 2
    with pytest.raises(PlatformError, match="no setting work_mem"):
        databases.plan([declared], server(found(), known_settings=set()))


def test_objects_are_handed_over_but_for_declared_schemas_and_the_owners_own():
    table = {"type": "table", "identity": 'app."T;"', "name": "T;"}
    kept = {"type": "schema", "identity": "app", "name": "app"}
    namesake = {"type": "view", "identity": "public.app", "name": "app"}
    statistics = {"type": "statistics object", "identity": "app.st", "name": "st"}
    actual = found(owned={"old": [kept, table, statistics, namesake], "o": [table]}, schemas={"app": space()})
    declared = database(owner="o", reassign_objects_from=["old", "o", "absent"], schemas=[schema("app", owner="o")])
    (step,) = databases.plan([declared], server(actual))
    assert step.words == "hand 3 objects of role old in database d over to role o"
    assert (
        step.operation.text == "ALTER TABLE {} OWNER TO {}; ALTER STATISTICS {} OWNER TO {}; ALTER VIEW {} OWNER TO {}"
    )
    assert step.operation.parts == (
        Quoted('app."T;"'),
        Ident("o"),
        Quoted("app.st"),
        Ident("o"),
        Quoted("public.app"),
        Ident("o"),
    )
    shown = ['table app."T;"', "statistics object app.st", "view public.app"]
    assert (step.before, step.after) == (dict.fromkeys(shown, "of role old"), dict.fromkeys(shown, "of role o"))
    with pytest.raises(PlatformError, match="an owner of objects, role absent, does not exist"):
        databases.plan([declared], server(actual, known_roles={"o", "old"}))


def test_what_nobody_declared_is_told_but_not_what_postgresql_brings():
    held = Privileges({Place("database"): 1}, {Place("database"): {"spy": {"CONNECT": Held(1, 0, 1)}}})
    spaces = {"public": space(), "app": space(), "pg_toast": space(), "of_ext": space(of_extension=True), "x": space()}
    actual = found(extensions={"plpgsql": {}, "vector": {}, "cube": {}}, schemas=spaces, privileges=held)
    declared = [database(schemas=[schema("app")], extensions=[extension("vector")]), database(name="new")]
    known = {"d", "new", "legacy", "postgres", "template0", "template1"}
    assert databases.undeclared(declared, server(actual, known_databases=known)) == [
        "database legacy",
        "extension cube in d",
        "privilege CONNECT of spy on database d",
        "schema x in d",
    ]
    assert databases.undeclared(declared, databases.EMPTY) == []


@pytest.mark.parametrize(
    ("declared", "actual", "text", "parts"),
    [
        (
            {"extensions": [extension(name, state="absent") for name in ("cube", "vector")]},
            {"extensions": {"cube": installed(), "vector": installed()}},
            "DROP EXTENSION {}, {}",
            "cube vector",
        ),
        ({"schemas": [schema("app", state="absent")]}, {"schemas": {"app": space()}}, "DROP SCHEMA {}", "app"),
        ({"schemas": [schema("app")]}, {}, "CREATE SCHEMA IF NOT EXISTS {}", "app"),
        ({"schemas": [schema("app", owner="o")]}, {}, "CREATE SCHEMA IF NOT EXISTS {} AUTHORIZATION {}", "app o"),
        (
            {"schemas": [schema("app", owner="new")]},
            {"schemas": {"app": space()}},
            "ALTER SCHEMA {} OWNER TO {}",
            "app new",
        ),
        ({"extensions": [extension("vector")]}, {}, "CREATE EXTENSION IF NOT EXISTS {}", "vector"),
        (
            {"extensions": [extension("vector", schema="public")]},
            {},
            "CREATE EXTENSION IF NOT EXISTS {} SCHEMA {}",
            "vector public",
        ),
        (
            {"extensions": [extension("vector", schema="app")], "schemas": [schema("app")]},
            {"extensions": {"vector": installed()}, "schemas": {"app": space()}},
            "ALTER EXTENSION {} SET SCHEMA {}",
            "vector app",
        ),
        ({"owner": "new", "reassign_owner": True}, {}, "ALTER DATABASE {} OWNER TO {}", "d new"),
        ({"revoke_public": True}, {"public": True}, "REVOKE ALL ON DATABASE {} FROM PUBLIC", "d"),
        (
            {"revoke_public": True},
            {"schemas": {"public": space(public_creates=True)}},
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
            "",
        ),
    ],
)
def test_statements(declared, actual, text, parts):
    (step,) = databases.plan([database(**declared)], server(found(**actual)))
    assert (step.operation.text, step.operation.database, step.operation.alone) == (text, "d", False)
    assert step.operation.parts == tuple(map(Ident, parts.split()))


@pytest.mark.parametrize(
    ("declared", "actual", "before", "after"),
    [
        ({"schemas": [schema("app")]}, {}, {}, {"schema app": "present"}),
        ({"schemas": [schema("app", owner="o")]}, {}, {}, {"schema app": "o"}),
        ({"extensions": [extension("vector")]}, {}, {}, {"extension vector": "present"}),
        ({"extensions": [extension("vector", version="0.7")]}, {}, {}, {"extension vector": "0.7"}),
        (
            {"extensions": [extension("vector", version="0.8")]},
            {"extensions": {"vector": installed()}},
            {"extension vector": "0.7"},
            {"extension vector": "0.8"},
        ),
        (
            {"extensions": [extension("vector", schema="app")], "schemas": [schema("app")]},
            {"extensions": {"vector": installed()}, "schemas": {"app": space()}},
            {"schema of extension vector": "public"},
            {"schema of extension vector": "app"},
        ),
        (
            {"extensions": [extension("vector", state="absent")]},
            {"extensions": {"vector": installed()}},
            {"extension vector": "0.7"},
            {},
        ),
        (
            {"revoke_public": True},
            {"schemas": {"public": space(public_creates=True)}},
            {"PUBLIC may create": True},
            {"PUBLIC may create": False},
        ),
        ({"revoke_public": True}, {"public": True}, {"PUBLIC may connect": True}, {"PUBLIC may connect": False}),
        ({"connection_limit": 5}, {}, {"connection_limit": -1}, {"connection_limit": 5}),
        ({"comment": "c"}, {"comment": "b"}, {"comment": "b"}, {"comment": "c"}),
        ({"owner": "new", "reassign_owner": True}, {}, {"owner": "o"}, {"owner": "new"}),
        ({"state": "absent"}, {}, {"owner": "o"}, {}),
    ],
)
def test_the_diff_says_what_was_and_what_will_be(declared, actual, before, after):
    (step,) = databases.plan([database(**declared)], server(found(**actual)))
    assert (step.subject, step.before, step.after) == ("database d", before, after)


def test_a_database_is_dropped_outside_of_any_transaction():
    for force, text in ((False, "DROP DATABASE {}"), (True, "DROP DATABASE {} WITH (FORCE)")):
        (step,) = databases.plan([database(state="absent", force=force)], server(found()))
        assert step.operation == Statement(text, (Ident("d"),), alone=True)


def test_nothing_goes_into_a_schema_that_goes():
    leaving = database(schemas=[schema("app", state="absent")], privileges=[grant("schema", "USAGE", schema="app")])
    with pytest.raises(PlatformError, match="schema app, which does not exist"):
        databases.plan([leaving], server(found(schemas={"app": space()})))


@pytest.mark.parametrize("template", [None, "template0", "template1"])
def test_postgresqls_own_templates_hold_what_is_known(template):
    declared = database(template=template, extensions=[extension("vector", schema="app")])
    with pytest.raises(PlatformError, match="schema app, which does not exist") as refusal:
        databases.plan([declared], server())
    assert refusal.value.where == "database d"
    for known in ("public", "pg_catalog", "information_schema"):
        assert len(databases.plan([database(privileges=[grant("schema", "USAGE", schema=known)])], server())) == 2


def test_the_versions_that_there_is_a_way_to_are_told():
    actual = found(extensions={"vector": installed(reachable=["0.9", "0.8"])})
    offers = {"vector": {"default": "1.0", "requires": {"0.7": [], "1.0": []}}}
    with pytest.raises(PlatformError, match=r"no way from there to 1.0; it has one to 0.8, 0.9"):
        databases.plan([database(extensions=[extension("vector", version="1.0")])], server(actual, available=offers))
    actual["extensions"]["vector"]["reachable"] = []
    with pytest.raises(PlatformError, match=r"it has no other"):
        databases.plan([database(extensions=[extension("vector", version="1.0")])], server(actual, available=offers))


def test_all_that_the_server_offers_and_all_that_lacks_is_told():
    with pytest.raises(PlatformError, match="it has cube, earthdistance, hstore_plpgsql, vector"):
        databases.plan([database(extensions=[extension("nothing")])], server(found()))
    offers = {"x": {"default": "1", "requires": {"1": ["b", "a"]}}}
    with pytest.raises(PlatformError, match="extension x requires a, b"):
        databases.plan([database(extensions=[extension("x")])], server(found(), available=offers))


def test_the_diff_of_a_new_database_says_what_it_will_be():
    declared = database(owner="o", template="mine", encoding="UTF8", locale_provider="icu", locale="de", comment="")
    (step,) = databases.plan([declared], server(version=180000))
    given = {"owner": "o", "template": "mine", "encoding": "UTF8", "locale_provider": "icu", "locale": "de"}
    assert (step.before, step.after) == ({}, {"present": True, **given})


def test_a_new_database_has_no_limit_and_no_comment_yet():
    assert words(database(connection_limit=-1, comment=""), server()) == ["create database d"]
    cleared = databases.plan([database(comment="")], server(found(comment="c")))
    assert cleared[0].operation.parts == (Ident("d"), Text(None))


def test_default_privileges_are_of_the_owner_that_is_or_will_be():
    future = grant("default", "SELECT")
    (kept,) = databases.plan([database(privileges=[future])], server(found(owner="is")))
    assert kept.operation.parts[0] == Ident("is")
    will_be = database(owner="will", reassign_owner=True, privileges=[future])
    assert databases.plan([will_be], server(found(owner="is")))[-1].operation.parts[0] == Ident("will")


def test_undeclared_default_privileges_are_told_from_declared_ones_by_the_owner():
    place = Place("default", "public", "tables", "is")
    actual = found(owner="is", privileges=Privileges({place: 1}, {place: {"reader": {"SELECT": Held(1, 0, 1)}}}))
    declared = database(privileges=[grant("default", "SELECT")])
    assert databases.undeclared([declared], server(actual, known_databases={"d"})) == []
    assert databases.undeclared([{**declared, "owner": "other"}], server(actual, known_databases={"d"})) == [
        "privilege SELECT of reader on future tables of d.public"
    ]


def test_what_goes_keeps_nothing_after_it_from_being_done():
    declared = [database(name="gone", state="absent"), database()]
    assert [step.words for step in databases.plan(declared, server())] == ["create database d"]


@pytest.mark.parametrize(
    ("declared", "known", "reason"),
    [
        ({"settings": {"wurk_mem": 1}}, {"known_settings": {"work_mem"}}, "the server has no setting wurk_mem"),
        ({"locale_provider": "builtin"}, {}, "builtin has no locale of its own"),
        ({"locale_provider": "icu", "locale": "x"}, {"version": 140009}, "version 14 has no locale provider icu"),
        ({"owner": "x"}, {"known_roles": set()}, "its owner, role x, does not exist$"),
    ],
)
def test_where_a_refusal_stands(declared, known, reason):
    with pytest.raises(PlatformError) as refusal:
        databases.plan([database(**declared)], server(**known))
    assert refusal.value.where == "database d" and re.search(reason, refusal.value.what)
    assert "140009" not in refusal.value.remedy and "15.0" not in refusal.value.remedy
