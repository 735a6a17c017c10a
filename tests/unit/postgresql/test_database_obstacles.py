"""What stands in the way of a database is told by the plan: check mode promises nothing that the server refuses."""

from __future__ import annotations

import pytest
from unit.postgresql.test_databases import database, extension, found, grant, schema, server, space, words

from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    DATA,
    INTEGRATION,
    PREREQUISITE,
    PlatformError,
)
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import databases


def template(**properties) -> dict:
    inside = {"certain": True, "schemas": {"public": space(owner="pg_database_owner")}, "extensions": {}, "owned": {}}
    return {"is_broken": False, "collations": (None, None), "inside": inside, **properties}


@pytest.mark.parametrize(
    ("declared", "actual", "category", "reason", "remedy"),
    [
        ({}, {"is_broken": True}, DATA, "left behind half dropped", "declare it absent"),
        ({}, {"is_open": False}, CONFIGURATION, "it allows no connections", "ALLOW_CONNECTIONS true"),
        ({"state": "absent"}, {"subscriptions": ["s"]}, DATA, "it has a subscription: s; force does not", "DROP SUBSC"),
        (
            {"state": "absent", "force": True},
            {"active_slots": ["a", "b"]},
            DATA,
            "slot in use: a, b; force",
            "stop what",
        ),
        ({"state": "absent", "force": True}, {"prepared": ["x"]}, DATA, "prepared transaction: x", "ROLLBACK PREPARED"),
    ],
)
def test_what_the_server_would_refuse_is_refused_before(declared, actual, category, reason, remedy):
    with pytest.raises(PlatformError, match=reason) as refusal:
        databases.plan([database(**declared)], server(found(**actual)))
    assert refusal.value.category == category and remedy in refusal.value.remedy


def test_what_is_left_of_a_broken_database_is_dropped():
    assert words(database(state="absent"), server(found(is_broken=True))) == ["drop database d"]


def test_slots_that_go_with_a_database_are_named():
    (step,) = databases.plan([database(state="absent")], server(found(idle_slots=["a", "b"])))
    assert step.words == "drop database d with its replication slots a, b"
    assert step.before["replication slots"] == "a, b"


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"collations": ("2.31", "2.36")}, "made with version 2.31 of its collations, and the server now has 2.36"),
        ({"collations": ("2.31", None)}, "the server now has None"),
        ({"is_broken": True}, "half dropped"),
    ],
)
def test_a_template_that_the_server_would_not_copy_is_refused(properties, reason):
    actual = server(known_databases={"template1"}, templates={"template1": template(**properties)})
    with pytest.raises(PlatformError, match=reason) as refusal:
        databases.plan([database()], actual)
    assert refusal.value.category == PREREQUISITE
    assert words(database(locale="C"), actual) == ["create database d"]


def test_a_template_of_the_same_version_is_copied():
    known = {"template1": template(collations=("2.36", "2.36"))}
    assert words(database(), server(known_databases={"template1"}, templates=known)) == ["create database d"]


def test_a_template_that_is_dropped_before_is_none():
    original, copy = database(name="original", state="absent"), database(name="copy", template="original")
    actual = {**server(known_databases={"original"}), "databases": {"original": found()}}
    with pytest.raises(PlatformError, match="its template original does not exist"):
        databases.plan([original, copy], actual)
    assert len(databases.plan([copy, original], actual)) == 2


def test_what_a_changed_template_brings_is_put_right_at_once():
    inside = template()["inside"]
    inside["schemas"].update(app=space(owner="other"), full=space(objects=3))
    inside["extensions"] = {"cube": {"version": "1.5", "schema": "app", "relocatable": True, "reachable": []}}
    declared = database(
        schemas=[schema("app", owner="o"), schema("new")],
        extensions=[extension("cube", schema="public"), extension("vector")],
        privileges=[grant("all_tables", "SELECT", schema="full"), grant("all_tables", "SELECT")],
    )
    actual = server(known_databases={"template1"}, templates={"template1": template(inside=inside)})
    assert words(declared, actual) == [
        "create database d",
        "change owner of schema app in d",
        "create schema new in d",
        "move extension cube in d to schema public",
        "create extension vector in d",
        "grant SELECT on all tables of d.full to reader",
        "grant SELECT on all tables of d.public to reader",
    ]


def closed(owner: str | None = "o", **declared) -> dict:
    return database(owner=owner, revoke_public=True, **declared)


GRANTED = "grant CREATE, USAGE on schema d.public to its owner o"


@pytest.mark.parametrize(
    ("declared", "public", "has", "expected"),
    [
        ({}, {"owner": "pg_database_owner", "creators": ["pg_database_owner"]}, set(), []),
        ({}, {"owner": "o", "creators": ["o"]}, set(), []),
        ({}, {"owner": "postgres", "creators": ["postgres"]}, set(), [GRANTED]),
        ({}, {"owner": "postgres", "creators": ["postgres", "o"]}, set(), []),
        ({}, {"owner": "postgres", "creators": ["postgres", "team"]}, {"o", "team"}, []),
        (
            {},
            {"owner": "postgres", "creators": ["postgres"], "public_creates": True},
            set(),
            [GRANTED, "revoke create on schema public of d from PUBLIC"],
        ),
        (
            {"schemas": [schema("public", owner="o")]},
            {"owner": "postgres", "creators": ["postgres"]},
            set(),
            ["change owner of schema public in d"],
        ),
        (
            {"schemas": [schema("public", owner="x")]},
            {"owner": "pg_database_owner", "creators": ["pg_database_owner"]},
            set(),
            ["change owner of schema public in d", GRANTED],
        ),
        (
            {"privileges": [grant("schema", "CREATE", role="o", state="absent")]},
            {"owner": "postgres", "creators": ["postgres"]},
            set(),
            ["grant USAGE on schema d.public to its owner o"],
        ),
    ],
)
def test_who_owns_a_closed_database_is_not_shut_out(declared, public, has, expected):
    actual = found(schemas={"public": space(**public)})
    assert words(closed(**declared), server(actual, has={"o": has})) == expected


@pytest.mark.parametrize(
    ("public_creates", "granted"), [(True, [GRANTED, "revoke create on schema public of d from PUBLIC"]), (False, [])]
)
def test_who_will_own_a_closed_database_is_not_shut_out(public_creates, granted):
    planned = words(closed(), server(public_creates=public_creates))
    assert planned == ["create database d", *granted, "revoke all on database d from PUBLIC"]


POWERS = {"mine": "may act", "made": "may grant", "theirs": "may not"}


@pytest.mark.parametrize("owner", ["made", "yet_to_be_made"])
def test_a_role_that_the_login_role_may_not_act_as_is_granted_to_it_first(owner):
    declared = [database(owner=owner), database(name="e", owner=owner, schemas=[schema("s", owner=owner)])]
    actual = server(powers=POWERS, login_role="maker")
    grant_step, *rest = databases.plan(declared, actual)
    assert grant_step.words.startswith(f"grant role {owner} to the login role maker")
    assert (grant_step.operation.text, grant_step.operation.database) == ("GRANT {} TO {}", "")
    assert [step.words for step in rest] == ["create database d", "create database e", "create schema s in e"]


def test_a_role_that_the_login_role_cannot_be_granted_is_refused_before_anything_is_done():
    with pytest.raises(PlatformError, match="the login role maker may not act as that role") as refusal:
        databases.plan([database(name="e"), database(owner="theirs")], server(powers=POWERS, login_role="maker"))
    assert refusal.value.category == INTEGRATION


@pytest.mark.parametrize(
    ("declared", "actual", "powers"),
    [
        ({"owner": "theirs"}, None, None),
        ({"owner": "maker"}, None, POWERS),
        ({"owner": "mine"}, None, POWERS),
        ({"owner": "o"}, {}, {"o": "may not"}),
        ({"schemas": [schema("public", owner="o")]}, {}, {"o": "may not"}),
    ],
)
def test_nothing_is_granted_where_nothing_is_given(declared, actual, powers):
    known = server(None if actual is None else found(**actual), powers=powers, login_role="maker")
    assert not [step for step in databases.plan([database(**declared)], known) if step.subject.startswith("role")]
