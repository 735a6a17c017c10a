"""What is lacking or too much of the declared privileges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import privileges
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import Ident

EVERY = [(on, "tables") for on in privileges.KNOWN] + [("default", objects) for objects in privileges.FUTURE]


def grant(on: str, *asked: str, **declared) -> dict:
    rest = {"role": "r", "schema": "public", "objects": "tables", "creator": None, "state": "present"}
    return {**rest, "on": on, "privileges": list(asked), **declared}


def existing(*held: dict) -> dict:
    return {"certain": True, "schemas": {"public": {}}, "extensions": {}, "held": list(held)}


def plan(declared: dict, inside: dict, owner: str | None = "o", extensions: tuple = (), schemas: tuple = ()) -> list:
    database = {"name": "d", "privileges": [declared], "extensions": list(extensions), "schemas": list(schemas)}
    return list(privileges.plan(database, owner, inside))


@pytest.mark.parametrize(("on", "objects"), EVERY)
@given(data=some.data(), state=some.sampled_from(["present", "absent"]))
def test_a_plan_is_exactly_the_difference_and_what_it_leaves_is_as_declared(on, objects, data, state):
    known = privileges.wanted(grant(on, "ALL", objects=objects))
    some_of_them = some.sets(some.sampled_from(sorted(known)))
    asked = data.draw(some.sets(some.sampled_from(sorted(known)), min_size=1, max_size=len(known)))
    held = data.draw(some.dictionaries(some.sampled_from("abc"), some_of_them))
    declared = grant(on, *asked, objects=objects, state=state)
    steps = plan(declared, existing(held))
    if state == "present":
        left = {key: value | asked for key, value in held.items()}
    else:
        left = {key: value - asked for key, value in held.items()}
    assert bool(steps) is (left != held)
    assert plan(declared, existing(left)) == []


@pytest.mark.parametrize(
    ("asked", "meant"),
    [(["temp"], {"TEMPORARY"}), (["all privileges"], {"CONNECT", "CREATE", "TEMPORARY"}), (["Connect"], {"CONNECT"})],
)
def test_privileges_are_understood_in_all_spellings(asked, meant):
    assert privileges.wanted(grant("database", *asked)) == meant


def test_a_privilege_that_is_none_is_refused_and_cannot_become_sql():
    with pytest.raises(PlatformError, match="cannot be granted on all_tables"):
        privileges.wanted(grant("all_tables", "SELECT; DROP TABLE x"))


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
    (step,) = plan(declared, existing({"one": set()}))
    assert (step.operation.text, step.operation.database) == (text, "d")
    assert step.operation.parts == tuple(map(Ident, parts.split()))


def test_a_schema_that_the_same_run_makes_gets_its_grant_in_the_same_run():
    made = ({"name": "app", "state": "present"},)
    (step,) = plan(grant("schema", "USAGE", schema="app"), existing({}), schemas=made)
    assert step.words == "grant USAGE on schema d.app to r"


def test_objects_that_a_new_extension_may_bring_are_granted_in_the_same_run():
    stats = {"name": "pg_stat_statements", "state": "present", "version": None, "schema": None}
    assert len(plan(grant("all_tables", "SELECT"), existing({}), extensions=(stats,))) == 1
    assert plan(grant("all_tables", "SELECT"), existing({}), extensions=({**stats, "schema": "other"},)) == []
    assert plan(grant("all_tables", "SELECT"), existing({})) == []
