"""What holds for any declaration: the plan is what is done, and what was done can be written down."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as some
from integration.postgresql.conftest import role
from integration.postgresql.estate import snapshot

pytestmark = [pytest.mark.integration, pytest.mark.parametrize("server", ["14", "18"], indirect=True)]
NAMES = ["prop_a", "prop_b", "prop_c"]
ROLES = some.fixed_dictionaries(
    {},
    optional={
        "password": some.sampled_from(["Password-1", "Password-2"]),
        "login": some.booleans(),
        "createdb": some.booleans(),
        "bypassrls": some.booleans(),
        "connection_limit": some.integers(-1, 3),
        "valid_until": some.sampled_from(["infinity", "2031-01-01", "2031-01-01 02:00+02"]),
        "member_of": some.lists(some.sampled_from(["prop_group", "prop_choir"]), unique=True),
        "exclusive_memberships": some.booleans(),
        "settings": some.dictionaries(
            some.sampled_from(["work_mem", "search_path", "app.x"]),
            some.sampled_from([None, "8MB", "64kB"]),
            max_size=2,
        ),
        "comment": some.sampled_from(["", "it's", "ünï"]),
    },
)
GRANTS = some.fixed_dictionaries(
    {
        "role": some.sampled_from(["prop_group", "prop_choir", "PUBLIC"]),
        "privileges": some.just(["ALL"]) | some.just(["USAGE"]),
        "on": some.just("schema"),
        "schema": some.sampled_from(["public", "app"]),
    },
    optional={"state": some.sampled_from(["present", "absent"])},
) | some.fixed_dictionaries(
    {
        "role": some.sampled_from(["prop_group", "prop_choir"]),
        "privileges": some.lists(some.sampled_from(["SELECT", "INSERT"]), min_size=1, unique=True),
        "on": some.sampled_from(["all_tables", "default"]),
        "schema": some.just("app"),
    },
    optional={"state": some.sampled_from(["present", "absent"]), "grant_option": some.booleans()},
)
DATABASES = some.fixed_dictionaries(
    {"schemas": some.just([{"name": "app"}]) | some.just([{"name": "app", "owner": "prop_group"}])},
    optional={
        "owner": some.sampled_from(["prop_group", "prop_choir"]),
        "reassign_owner": some.just(True),
        "connection_limit": some.integers(-1, 3),
        "settings": some.dictionaries(some.just("work_mem"), some.sampled_from([None, "8MB"])),
        "role_settings": some.dictionaries(some.just("prop_choir"), some.just({"work_mem": "9MB"})),
        "comment": some.sampled_from(["", "it's"]),
        "revoke_public": some.booleans(),
        "extensions": some.lists(
            some.fixed_dictionaries(
                {"name": some.just("hstore")},
                optional={"schema": some.just("app"), "state": some.sampled_from(["present", "absent"])},
            ),
            max_size=1,
        ),
        "privileges": some.lists(GRANTS, max_size=3, unique_by=lambda item: (item["role"], item["on"], item["schema"])),
        "exclusive_privileges": some.booleans(),
    },
)
FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


@pytest.fixture(scope="module")
def proved(module, converge, login, query):
    """Prove a declaration: checking it writes nothing, `converge` holds, and reading it back declares no change."""

    def prove(name: str, key: str, declared: list[dict]) -> None:
        arguments = {**login, key: declared}
        before = snapshot(query)
        checked = module(name, arguments, check=True)
        assert snapshot(query) == before
        # What a declaration cannot have, it is refused in check mode already, and by the run in the same words.
        event("refused" if checked.get("failed") else f"{len(checked['plan'])} steps")
        if checked.get("failed"):
            assert module(name, arguments)["msg"] == checked["msg"]
            assert snapshot(query) == before
            return
        converge(name, arguments)
        written = module(f"{name}_info", {**login, "names": [item["name"] for item in declared]})[key]
        assert {item["name"] for item in written} == {
            item["name"] for item in declared if item.get("state") != "absent"
        }
        assert module(name, {**login, key: written})["plan"] == []

    return prove


@pytest.fixture(scope="module")
def groups(module, login):
    """Roles that everything else may refer to."""
    declared = [{"name": name, "login": False} for name in ("prop_group", "prop_choir")]
    assert "plan" in module("postgresql_roles", {**login, "roles": declared})


@FEW
@given(some.lists(some.tuples(some.sampled_from(NAMES), ROLES), min_size=1, max_size=3, unique_by=lambda item: item[0]))
def test_any_roles(proved, groups, declared):
    proved("postgresql_roles", "roles", [{"name": name, **item} for name, item in declared])


@FEW
@given(
    some.lists(some.tuples(some.sampled_from(NAMES[:2]), DATABASES), min_size=1, max_size=2, unique_by=lambda i: i[0])
)
def test_any_databases(proved, groups, declared):
    proved("postgresql_databases", "databases", [{"name": name, **item} for name, item in declared])


WHOLE = [
    {
        "name": "whole",
        "owner": "whole",
        "revoke_public": True,
        "comment": "c",
        "settings": {"work_mem": "8MB"},
        "role_settings": {"whole": {"work_mem": "9MB"}},
        "extensions": [{"name": "cube"}, {"name": "earthdistance"}],
        "schemas": [{"name": "app", "owner": "whole"}],
        "privileges": [
            {"role": "whole_reader", "on": "schema", "schema": "app", "privileges": ["USAGE"]},
            {"role": "whole_reader", "on": "default", "schema": "app", "privileges": ["SELECT"]},
        ],
    },
    {"name": "whole_copy", "template": "whole", "owner": "whole"},
]
WHOLE_ROLES = [
    role("whole", settings={"work_mem": "5MB"}),
    {"name": "whole_reader", "member_of": ["whole"], "comment": "c"},
]


@pytest.mark.parametrize(
    ("name", "key", "declared"),
    [("postgresql_roles", "roles", WHOLE_ROLES), ("postgresql_databases", "databases", WHOLE)],
)
def test_died_at_any_statement_and_run_again_ends_as_if_nothing_had_been(module, login, query, name, key, declared):
    def clear() -> None:
        for database in reversed(WHOLE):
            query(f"drop database if exists {database['name']} with (force)")
        if key == "roles":
            query("drop role if exists whole, whole_reader")
        else:
            assert "plan" in module("postgresql_roles", {**login, "roles": WHOLE_ROLES})

    clear()
    whole = module(name, {**login, key: declared})
    expected = without_verifiers(snapshot(query))
    for number in range(1, len(whole["plan"]) + 1):
        clear()
        assert module(name, {**login, key: declared}, before=[DYING, number]) == {"died": True}
        assert module(name, {**login, key: declared})["changed"] or number == len(whole["plan"])
        assert without_verifiers(snapshot(query)) == expected
        assert module(name, {**login, key: declared})["plan"] == []
    clear()


DYING = "integration.postgresql.dying:at_statement"


def without_verifiers(state: list) -> list:
    """Leave out the stored passwords: each has a salt of its own."""
    return [[{**row, "rolpassword": None} for row in state[0]], *state[1:]]
