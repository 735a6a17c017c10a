"""What a service that leaves takes with it."""

from __future__ import annotations

import pytest

from ansible_collections.borgstack.platform.plugins.plugin_utils.purge import key_patterns, purge_plan, purge_report

HEALTH = {"image": "i:1", "mem_limit": "64m", "healthcheck": {}}
POSTGRESQL = {
    "service": "postgresql",
    "containers": {"postgresql": {**HEALTH, "volumes": ["postgresql_data:/data"]}},
    "provides": {"kind": "postgresql", "container": "postgresql"},
}
APP = {
    "service": "app",
    "containers": {
        "app": {
            **HEALTH,
            "secret_environment": {"A": "b"},
            "volumes": ["app_data:/data", "shared:/s", "./app:/etc/app:ro"],
            "depends_on": ["postgresql"],
        }
    },
    "files": [{"path": "app/app.conf", "content": "x"}],
    "configuration": {"a": 1},
    "needs": [
        {
            "kind": "postgresql",
            "instance": "postgresql",
            "role": {"name": "app_user", "password": "p"},
            "database": {"name": "app_db", "owner": "app_user"},
        }
    ],
}
OTHER = {"service": "other", "containers": {"other": {**HEALTH, "volumes": ["shared:/s"]}}}


def plan(declarations: dict, service: str = "app") -> dict:
    return purge_plan(declarations, {}, service, "borgstack")


def test_what_is_its_own_goes():
    leaving = plan({"postgresql": POSTGRESQL, "other": OTHER, "app": APP})
    assert leaving["containers"] == ["app"]
    assert leaving["volumes"] == ["borgstack_app_data"]
    files = ["app/app.conf", "configured/app.json", "deployed/app.json", "provisioned/app", "secrets/app.env"]
    assert leaving["files"] == sorted([*files, *(f"{path}.pending" for path in files)])
    assert [(name, part["service"]) for name, part in leaving["datastores"].items()] == [("postgresql", "postgresql")]
    # What things are called there: passwords are of no use any more.
    assert leaving["datastores"]["postgresql"]["needs"] == [
        {
            "kind": "postgresql",
            "instance": "postgresql",
            "role": {"name": "app_user"},
            "database": {"name": "app_db", "owner": "app_user"},
        }
    ]
    assert (leaving["consumers"], leaving["stays"]) == ([], [])


def test_what_others_name_too_stays():
    other = {**OTHER, "needs": [{**APP["needs"][0], "role": {"name": "other_user"}}]}
    leaving = plan({"postgresql": POSTGRESQL, "other": other, "app": APP})
    assert "database" not in leaving["datastores"]["postgresql"]["needs"][0]
    assert leaving["datastores"]["postgresql"]["needs"][0]["role"]["name"] == "app_user"
    assert leaving["stays"] == ["database app_db in postgresql, which others need too"]


def test_a_database_that_it_only_visits_stays():
    guest = {"service": "guest", "needs": [{**APP["needs"][0], "database": {"name": "app_db"}}]}
    del guest["needs"][0]["role"]
    for declarations in ({"app": APP}, {}):
        leaving = plan({"postgresql": POSTGRESQL, **declarations, "guest": guest}, "guest")
        assert not any("database" in need for need in leaving["datastores"]["postgresql"]["needs"])


def test_a_database_that_several_of_its_needs_name_goes_once():
    second = {**APP["needs"][0], "role": {"name": "second_user"}, "database": {"name": "app_db"}}
    leaving = plan({"postgresql": POSTGRESQL, "app": {**APP, "needs": [*APP["needs"], second]}})
    assert [need.get("database", {}).get("owner") for need in leaving["datastores"]["postgresql"]["needs"]] == [
        "app_user",
        None,
    ]
    assert [need["role"]["name"] for need in leaving["datastores"]["postgresql"]["needs"]] == [
        "app_user",
        "second_user",
    ]
    assert leaving["stays"] == []


def test_who_visits_its_database_still_needs_it():
    guest = {"service": "guest", "needs": [{**APP["needs"][0], "database": {"name": "app_db"}}]}
    leaving = plan({"postgresql": POSTGRESQL, "app": APP, "guest": guest})
    assert leaving["consumers"] == ["guest needs its database app_db"]


def test_a_datastore_with_consumers_is_still_needed():
    leaving = plan({"postgresql": POSTGRESQL, "app": APP}, "postgresql")
    assert leaving["consumers"] == ["app depends on postgresql", "app needs postgresql"]
    assert plan({"postgresql": POSTGRESQL}, "postgresql")["consumers"] == []


def test_what_an_integration_requires_is_still_needed():
    assert plan({"app": APP, "wiring": {"service": "wiring", "requires": ["app"]}})["consumers"] == ["wiring needs app"]


def test_what_lies_in_a_datastore_that_is_not_there_stays():
    assert plan({"app": APP})["stays"] == ["what it has in postgresql, which does not run here as a datastore"]


@pytest.mark.parametrize(
    ("rules", "own", "everything"),
    [
        (["app:*", "~bull:*"], ["app:*", "bull:*"], ["app:*", "bull:*"]),
        (["%R~seen:*", "%W~log:*", "%RW~x:*"], ["log:*", "x:*"], ["seen:*", "log:*", "x:*"]),
        (["*", "~*", "?a", "[ab]*"], [], ["*", "*", "?a", "[ab]*"]),
        (["odd~key:*"], ["odd~key:*"], ["odd~key:*"]),
    ],
)
def test_patterns_of_keys(rules, own, everything):
    needs = [{"user": {"keys": rules}}, {"bucket": {"name": "b"}}]
    assert key_patterns(needs) == own
    assert key_patterns(needs, everything=True) == everything


def test_the_report_names_sizes_where_they_are_known():
    assert purge_report({"container": ["app"], "volume": {"v": 0, "w": 12_345_678, "x": -1}}) == [
        "container app",
        "volume v, 0 B",
        "volume w, 12 MB",
        "volume x",
    ]
    found = {"database": {"d": 8_700_000}, "keys": {"app:*": 3}, "bucket": {"b": {"objects": 2, "bytes": 1500}}}
    assert purge_report(found, "somewhere") == [
        "database d in somewhere, 8.7 MB",
        "keys app:* in somewhere, 3 keys",
        "bucket b in somewhere, 2 objects, 1.5 kB",
    ]
