"""What is lacking or too much of the declared privileges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import (
    contents,
    privilege_catalog,
    privilege_kinds,
    privileges,
)
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.privilege_catalog import (
    Held,
    Place,
    Privileges,
)
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import Ident, Quoted

EXECUTE = {"EXECUTE": Held(3, 0, 3)}
NEW = dict.fromkeys(("template", "encoding", "locale", "locale_provider"))
EVERY = [(on, "tables") for on in privilege_kinds.KNOWN] + [("default", objects) for objects in privilege_kinds.FUTURE]


def grant(on: str, *asked: str, **declared) -> dict:
    rest = {"role": "r", "schema": "public", "objects": "tables", "creator": None, "grant_option": False}
    return {**rest, "state": "present", "on": on, "privileges": list(asked), **declared}


def place(declared: dict) -> Place:
    return privilege_kinds.place_of(declared, "o")


def existing(objects: dict | None = None, held: dict | None = None) -> dict:
    found = Privileges(objects or {}, held or {})
    return {"certain": True, "schemas": {"public": {}}, "extensions": {}, "owned": {}, "privileges": found}


def plan(*declared: dict, inside: dict, owner: str | None = "o", exclusive: bool = False, **database) -> list:
    rest = {"name": "d", "extensions": [], "schemas": [], "exclusive_privileges": exclusive, "revoke_public": False}
    rest = {**rest, **database}
    return list(privileges.plan({**rest, "privileges": list(declared)}, owner, inside))


@pytest.mark.parametrize(("on", "objects"), EVERY)
@given(data=some.data(), state=some.sampled_from(["present", "absent"]), option=some.booleans())
def test_a_plan_is_exactly_the_difference_and_what_it_leaves_is_as_declared(on, objects, data, state, option):
    known = sorted(privilege_kinds.wanted(grant(on, "ALL", objects=objects)))
    asked = data.draw(some.sets(some.sampled_from(known), min_size=1))
    number = data.draw(some.integers(0, 3))
    counted = some.integers(1, max(number, 1)).flatmap(lambda n: some.builds(Held, some.just(n), some.integers(0, n)))
    held = data.draw(some.dictionaries(some.sampled_from(known), counted)) if number else {}
    declared = grant(on, *asked, objects=objects, state=state, grant_option=option)
    where = place(declared)
    steps = plan(declared, inside=existing({where: number}, {where: {"r": held}}))
    if state == "present":
        left = {**held, **{name: Held(number, number if option else 0) for name in asked}} if number else {}
        lacking = {
            name
            for name in asked
            if held.get(name, Held(0)).objects < number or (option and held.get(name, Held(0)).grantable < number)
        }
    else:
        left = {name: value for name, value in held.items() if name not in asked}
        lacking = asked & set(held)
    (statement,) = [step.operation.text for step in steps] or [""]
    listed = statement.partition("GRANT " if state == "present" else "REVOKE ")[2].partition(" ON ")[0]
    assert listed == ", ".join(sorted(lacking))
    assert statement.endswith(" WITH GRANT OPTION") is bool(lacking and option and state == "present")
    assert plan(declared, inside=existing({where: number}, {where: {"r": left}})) == []


@pytest.mark.parametrize(
    ("asked", "meant"),
    [(["temp"], {"TEMPORARY"}), (["all privileges"], {"CONNECT", "CREATE", "TEMPORARY"}), (["Connect"], {"CONNECT"})],
)
def test_privileges_are_understood_in_all_spellings(asked, meant):
    assert privilege_kinds.wanted(grant("database", *asked)) == meant


def test_a_privilege_that_is_none_is_refused_and_cannot_become_sql():
    with pytest.raises(PlatformError, match="SELECT; DROP TABLE X, SPELL cannot be granted on all_tables") as refusal:
        privilege_kinds.wanted(grant("all_tables", "SELECT; DROP TABLE x", "spell", "select"))
    assert refusal.value.where == "privileges of role r"
    assert "DELETE, INSERT, REFERENCES" in refusal.value.remedy


@pytest.mark.parametrize(
    ("on", "objects", "every"),
    [
        ("database", "tables", "CONNECT CREATE TEMPORARY"),
        ("schema", "tables", "CREATE USAGE"),
        ("all_tables", "tables", "DELETE INSERT REFERENCES SELECT TRIGGER TRUNCATE UPDATE"),
        ("all_sequences", "tables", "SELECT UPDATE USAGE"),
        ("all_functions", "tables", "EXECUTE"),
        ("default", "tables", "DELETE INSERT REFERENCES SELECT TRIGGER TRUNCATE UPDATE"),
        ("default", "sequences", "SELECT UPDATE USAGE"),
        ("default", "functions", "EXECUTE"),
    ],
)
def test_all_privileges_that_there_are(on, objects, every):
    assert sorted(privilege_kinds.wanted(grant(on, "ALL", objects=objects))) == every.split()


@pytest.mark.parametrize(
    ("declared", "text", "parts"),
    [
        (grant("database", "CONNECT"), "GRANT CONNECT ON DATABASE {} TO {}", "d r"),
        (grant("schema", "ALL"), "GRANT CREATE, USAGE ON SCHEMA {} TO {}", "public r"),
        (grant("all_tables", "SELECT"), "GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {}", "public r"),
        (grant("all_functions", "EXECUTE"), "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {} TO {}", "public r"),
        (
            grant("default", "USAGE", objects="sequences"),
            "ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA {} GRANT USAGE ON SEQUENCES TO {}",
            "o public r",
        ),
        (
            grant("default", "EXECUTE", objects="functions", creator="c"),
            "ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA {} GRANT EXECUTE ON FUNCTIONS TO {}",
            "c public r",
        ),
    ],
)
def test_statements(declared, text, parts):
    (step,) = plan(declared, inside=existing({place(declared): 1}))
    assert (step.operation.text, step.operation.database) == (text, "d")
    assert step.operation.parts == tuple(map(Ident, parts.split()))


def test_everybody_is_no_name():
    inside = existing({Place("all_functions", "public"): 3}, {Place("all_functions", "public"): {"PUBLIC": EXECUTE}})
    (step,) = plan(grant("all_functions", "EXECUTE", role="PUBLIC", state="absent"), inside=inside)
    assert step.operation.text == "REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA {} FROM {}"
    assert step.operation.parts == (Ident("public"), Quoted("PUBLIC"))


def test_the_diff_says_who_holds_what_before_and_after():
    on = Place("schema", "public")
    (granted,) = plan(grant("schema", "USAGE"), inside=existing({on: 1}))
    shown = "r: USAGE on schema d.public"
    assert (granted.before, granted.after) == ({shown: False}, {shown: True})
    held = existing({on: 1}, {on: {"r": {"USAGE": Held(1, 0, 1)}}})
    (revoked,) = plan(grant("schema", "USAGE", state="absent"), inside=held)
    assert (revoked.before, revoked.after) == ({shown: True}, {shown: False})
    assert granted.subject == revoked.subject == "database d"


def test_default_privileges_that_nobody_has_yet_are_lacking():
    (step,) = plan(grant("default", "SELECT"), inside=existing())
    assert step.words == "grant SELECT on future tables of d.public to r"
    assert plan(grant("default", "SELECT"), inside=existing({place(grant("default", "SELECT")): 1}, {})) != []


def test_in_a_new_database_all_but_objects_to_come_is_granted_at_once():
    new = contents.of_a_new_database(NEW, {}, False)
    every = [grant(on, "ALL") for on in privilege_kinds.KNOWN] + [grant("default", "ALL")]
    assert [step.words.partition(" on ")[2] for step in plan(*every, inside=new)] == [
        "database d to r",
        "schema d.public to r",
        "future tables of d.public to r",
    ]


def test_what_everybody_will_be_given_with_a_new_database_is_revoked_at_once():
    new = contents.of_a_new_database(NEW, {}, False)
    (step,) = plan(grant("database", "CONNECT", "CREATE", role="PUBLIC", state="absent"), inside=new)
    assert step.words == "revoke CONNECT on database d from PUBLIC"
    assert plan(grant("database", "CONNECT", state="absent"), inside=new) == []


def test_only_who_granted_a_privilege_takes_it_back():
    on = Place("schema", "public")
    inside = existing({on: 1}, {on: {"r": {"USAGE": Held(1, 0, 1, ("ann",)), "CREATE": Held(1, 0, 1, ("bob",))}}})
    (step,) = plan(grant("schema", "USAGE", state="absent"), inside=inside)
    assert step.operation.text == (
        "SET LOCAL ROLE {}; REVOKE USAGE ON SCHEMA {} FROM {}; RESET ROLE; REVOKE USAGE ON SCHEMA {} FROM {}"
    )
    assert step.operation.parts == tuple(map(Ident, ("ann", "public", "r", "public", "r")))


def test_others_lose_what_they_hold_where_the_declared_ones_exclude_them():
    tables, schema = Place("all_tables", "public"), Place("schema", "public")
    held = {
        tables: {
            "r": {"SELECT": Held(2, 0, 2), "DELETE": Held(1, 0, 1)},
            "o": {"SELECT": Held(2, 2, 0)},
            "spy": {"SELECT": Held(1, 0, 1, ("r",))},
            "PUBLIC": {"SELECT": Held(1, 0, 1)},
        },
        schema: {"spy": {"USAGE": Held(1, 0, 1)}},
    }
    declared, inside = grant("all_tables", "SELECT"), existing({tables: 2, schema: 1}, held)
    assert plan(declared, inside=inside) == []
    assert [step.words for step in plan(declared, inside=inside, exclusive=True)] == [
        "revoke DELETE on all tables of d.public from r",
        "revoke SELECT on all tables of d.public from spy",
    ]


def test_privileges_that_nobody_declared_are_told_but_for_those_of_owners_and_everybodys():
    tables, database = Place("all_tables", "public"), Place("database")
    held = {
        tables: {"r": {"SELECT": Held(2, 0, 2), "DELETE": Held(1, 0, 1)}, "o": {"SELECT": Held(2, 2, 0)}},
        database: {"PUBLIC": {"CONNECT": Held(1, 0, 1), "CREATE": Held(1, 0, 1)}},
    }
    declared = {"name": "d", "revoke_public": False, "privileges": [grant("all_tables", "SELECT")]}
    assert privileges.undeclared(declared, "o", existing({tables: 2, database: 1}, held), 0) == [
        "privilege DELETE of r on all tables of d.public",
        "privilege CREATE of PUBLIC on database d",
    ]


def test_the_newest_privilege_is_known_to_those_servers_that_have_it():
    assert privilege_kinds.wanted(grant("all_tables", "ALL"), 170000) == privilege_kinds.ON_TABLES | {"MAINTAIN"}
    assert privilege_kinds.wanted(grant("default", "maintain"), 180001) == {"MAINTAIN"}
    for other in (grant("all_tables", "MAINTAIN"), grant("all_sequences", "MAINTAIN")):
        with pytest.raises(PlatformError, match="MAINTAIN cannot be granted"):
            privilege_kinds.wanted(other, 160004 if other["on"] == "all_tables" else 180000)


def test_what_is_handed_over_takes_its_old_owners_privileges_with_it():
    tables = Place("all_tables", "public")
    inside = existing({tables: 1}, {tables: {"r": {"SELECT": Held(1, 0, 0)}}})
    inside["owned"] = {"r": [{"type": "table", "identity": "public.t", "name": "t"}]}
    (step,) = plan(grant("all_tables", "SELECT"), inside=inside)
    assert step.words == "grant SELECT on all tables of d.public to r"


def test_a_schema_that_the_same_run_makes_gets_its_grant_in_the_same_run():
    made = [{"name": "app", "state": "present"}]
    (step,) = plan(grant("schema", "USAGE", schema="app"), inside=existing(), schemas=made)
    assert step.words == "grant USAGE on schema d.app to r"


def test_objects_that_a_new_extension_may_bring_are_granted_in_the_same_run():
    stats = {"name": "pg_stat_statements", "state": "present", "version": None, "schema": None}
    declared = grant("all_tables", "SELECT")
    assert len(plan(declared, inside=existing(), extensions=[stats])) == 1
    assert plan(declared, inside=existing(), extensions=[{**stats, "schema": "other"}]) == []
    assert plan(declared, inside=existing(), extensions=[{**stats, "state": "absent"}]) == []
    assert plan(declared, inside=existing()) == []
    installed = {**existing(), "extensions": {"pg_stat_statements": {"version": "1.10"}}}
    assert plan(declared, inside=installed, extensions=[stats]) == []
    assert plan(declared, inside=installed, extensions=[{**stats, "version": "1.10"}]) == []
    assert len(plan(declared, inside=installed, extensions=[{**stats, "version": "1.11"}])) == 1


def test_a_server_is_read_into_counts_and_written_down_as_grants():
    def row(place: str, schema: str | None, role: str | None, privilege: str | None, *counts: int, **other) -> dict:
        numbers = dict(zip(("objects", "grantable", "of_others"), counts))
        rest = {"kind": None, "creator": None, "grantors": None}
        return {**rest, "place": place, "schema": schema, "role": role, "privilege": privilege, **numbers, **other}

    future = {"kind": "sequences", "creator": "o"}
    answer = [
        row("all_tables", "app", None, None, 3, 0, 0),
        row("all_tables", "app", "r", "SELECT", 3, 0, 3),
        row("all_tables", "app", "r", "INSERT", 3, 3, 3),
        row("all_tables", "app", "r", "DELETE", 2, 0, 2),
        row("all_tables", "app", "o", "SELECT", 3, 3, 0),
        row("database", None, None, None, 1, 0, 0),
        row("database", None, "PUBLIC", "CONNECT", 1, 0, 1),
        row("default", "app", None, None, 1, 0, 0, **future),
        row("default", "app", "r", "USAGE", 1, 0, 1, grantors=["x"], **future),
    ]
    found = privilege_catalog.inspect(lambda query, parameters: answer, ["app"], [])
    assert found.held[Place("default", "app", "sequences", "o")] == {"r": {"USAGE": Held(1, 0, 1, ("x",))}}
    written = privilege_catalog.declarations(found)
    assert written == [
        grant_of("all_tables", "SELECT", schema="app"),
        grant_of("all_tables", "INSERT", schema="app", grant_option=True),
        grant_of("default", "USAGE", schema="app", objects="sequences", creator="o"),
    ]
    declared = [{**grant(item["on"]), **item} for item in written]
    inside = {**existing(), "schemas": {"app": {}}, "privileges": found}
    assert plan(*declared, inside=inside) == []


def grant_of(on: str, *listed: str, **rest) -> dict:
    return {"role": "r", "on": on, "privileges": list(listed), "grant_option": False, "state": "present", **rest}
