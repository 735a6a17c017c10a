"""What is saved, from the services' declarations, and what a verification says of it."""

from __future__ import annotations

import json

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils import backup, canaries

LOGIN = {"port": 1, "user": "admin", "password": "Secret-1"}
DECLARATIONS = {
    "postgresql": {
        "service": "postgresql",
        "containers": {"postgresql": {}},
        "provides": {"kind": "postgresql", "container": "postgresql", **LOGIN, "settings": {"role_connections": 5}},
        "backup": {"contents": True},
    },
    "redis-cache": {
        "service": "redis",
        "containers": {"redis-cache": {}},
        "provides": {"kind": "redis", "container": "redis-cache", **LOGIN},
        "backup": {"contents": False},
    },
    "wiki": {
        "service": "wiki",
        "containers": {"wiki-worker": {}, "wiki": {}},
        "needs": [
            {"kind": "postgresql", "instance": "postgresql", "database": {"name": "wiki_db"}},
            {"kind": "redis", "instance": "redis-cache", "user": {"name": "wiki"}},
            {"kind": "s3", "instance": "seaweedfs", "bucket": {"name": "wiki"}},
            {"kind": "n8n", "instance": "n8n", "workflows": []},
        ],
        "backup": {"volumes": ["wiki_data"]},
        "canary": [
            {
                "claim": "pages have files",
                "database": "wiki_db",
                "query": "select 1",
                "bucket": "wiki",
                "objects": "^p",
            },
            {"claim": "it decrypts", "container": "wiki", "command": ["check"]},
        ],
    },
}
SETTINGS = {
    "platform": "p", "directory": "/p", "sets": "/p/backups", "work": "/p/work", "state": "/p/state",
    "password": "Own-1",
    "destinations": [{"name": "a", "repository": "/r"}, {"name": "b", "repository": "s3:x", "password": "Other-1",
                                                         "environment": {"PORT": 1}, "prune": False}],
    "keep": {"daily": 7},
}  # fmt: skip


def test_datastores_and_volumes_are_saved_that_say_so_and_services_name_their_parts():
    found = backup.backup_sources(DECLARATIONS)
    assert found["sources"] == [
        {"kind": "postgresql", "instance": "postgresql", "container": "postgresql", **LOGIN},
    ]
    assert found["volumes"] == ["wiki_data"]
    assert found["services"]["wiki"] == {
        "containers": ["wiki", "wiki-worker"],
        "parts": ["postgresql/wiki_db", "redis-cache", "seaweedfs/wiki", "volume/wiki_data"],
    }


def test_what_nobody_knows_how_to_save_is_refused():
    odd = {"odd": {"service": "odd", "backup": {"contents": True}}}
    with pytest.raises(PlatformError) as refused:
        backup.backup_sources(odd)
    assert "backup.contents is declared of no datastore" in refused.value.message


def test_the_plan_is_what_the_program_reads():
    from borgstack_backup.plan import Plan

    plan = Plan.of(json.loads(backup.backup_plan(DECLARATIONS, SETTINGS)))
    first, second = plan.destinations
    assert (first.password, first.prune, second.password, second.prune) == ("Own-1", True, "Other-1", False)
    assert second.environment == {"PORT": "1"}
    assert plan.settings["keep"] == {"daily": 7} and "password" not in plan.settings
    assert plan.hidden("it said Own-1, Secret-1 and s3:x") == "it said ***, *** and ***"
    assert "Secret-1" not in repr(plan) and "Own-1" not in repr(plan)


@pytest.mark.parametrize("destinations", [[], [{"name": "a", "repository": "/r"}] * 2])
def test_destinations_have_names_of_their_own(destinations):
    with pytest.raises(PlatformError):
        backup.backup_plan(DECLARATIONS, {**SETTINGS, "destinations": destinations})


def test_only_what_is_no_folder_survives_the_host_unless_told():
    named = [
        {"name": "folder", "repository": "/r"},
        {"name": "nas", "repository": "/mnt/nas", "elsewhere": True},
        {"name": "s3", "repository": "s3:https://s3.example.com/b"},
    ]
    assert backup.backup_destinations(named) == {"folder": False, "nas": True, "s3": True}


def rows(status: dict, **settings) -> list[tuple[str, str]]:
    judged = {
        "now": 360000,
        "installed": 0,
        "maximum_hours": 30,
        "unit": "u",
        "destinations": {"a": True},
        "drill_days": 0,
    }
    judged.update(settings)
    return [(row["state"], row["what"]) for row in backup.rows_of_backup(status, judged)]


def test_it_is_the_age_that_counts():
    fresh = {"destinations": {"a": {"last_success": 360000 - 3600}}}
    assert rows(fresh) == [("ok", "1.0 hours old, on another host")]
    old = {"destinations": {"a": {"last_success": 0}}, "last_run": {"error": {"where": "a", "what": "gone"}}}
    assert rows({**old, "destinations": {"a": {"last_success": 36000}}}) == [
        ("failed", "the last one is 90 hours old; the last run failed: a: gone")
    ]
    assert rows({}) == [("failed", "there is none yet")]
    assert rows({}, installed=350000) == [("ok", "none yet: the first one is made as its timer says")]


PROVEN = {"ok": True, "set": "s", "origin": "a", "seconds": 61.2}


@pytest.mark.parametrize(
    ("status", "row"),
    [
        ({}, ("ok", "none yet: the first one is made as its timer says")),
        (
            {"last_drill": PROVEN, "last_proven": {"finished": 273600}},
            ("ok", "1.0 days ago, set s from a, 61 s"),
        ),
        (
            {"last_drill": PROVEN, "last_proven": {"finished": 360000 - 12 * 86400}},
            ("failed", "the last one was 12 days ago"),
        ),
        (
            {"last_drill": {"ok": False, "set": "s", "error": {"where": "wiki", "what": "lost", "category": 10}},
             "last_proven": {"finished": 350000}},
            ("failed", "the last one failed, of set s: wiki: lost"),
        ),
    ],
)  # fmt: skip
def test_a_drill_that_failed_or_is_too_long_ago_is_said(status, row):
    fresh = {"destinations": {"a": {"last_success": 360000}}, **status}
    assert rows(fresh, drill_days=10, installed=359000)[-1] == row


def test_canaries_are_handed_on_by_the_names_that_a_set_has():
    plan = json.loads(backup.backup_plan(DECLARATIONS, SETTINGS))
    first, second = plan["canaries"]
    assert first == {
        "service": "wiki", "claim": "pages have files", "query": "select 1", "objects": "^p",
        "part": "postgresql/wiki_db", "bucket": "seaweedfs/wiki",
    }  # fmt: skip
    assert (second["container"], second["command"], second["part"]) == ("wiki", ["check"], "")


@pytest.mark.parametrize(
    ("canary", "reason"),
    [
        ({}, "neither a query nor a command"),
        ({"query": "select 1", "command": ["a"], "container": "wiki", "database": "wiki_db"}, "or both"),
        ({"query": "select 1", "database": "other_db"}, "needs no database 'other_db'"),
        ({"query": "select 1", "database": "wiki_db", "bucket": "other"}, "needs no bucket 'other'"),
        ({"query": "select 1", "database": "wiki_db", "objects": "a"}, "objects and no bucket"),
        ({"query": "select 1", "database": "wiki_db", "bucket": "wiki", "objects": "("}, "no pattern"),
        ({"command": ["a"], "container": "other"}, "no container 'other'"),
    ],
)
def test_a_canary_that_makes_no_sense_is_refused(canary, reason):
    with pytest.raises(PlatformError) as refused:
        canaries.check_canary({"claim": "c", **canary}, DECLARATIONS["wiki"], "canary of wiki")
    assert reason in refused.value.message


def test_nobody_asks_for_what_somebody_elses_server_has():
    provides = {**DECLARATIONS["postgresql"]["provides"], "host": "db.example.com"}
    elsewhere = {**DECLARATIONS, "postgresql": {"service": "postgresql", "provides": provides}}
    assert json.loads(backup.backup_plan(elsewhere, SETTINGS))["canaries"] == []


def test_a_datastore_may_ask_databases_of_its_own():
    canaries.check_canary({"claim": "c", "query": "q", "database": "postgres"}, DECLARATIONS["postgresql"], "w")
    asked = {
        "postgresql": {**DECLARATIONS["postgresql"], "canary": [{"claim": "c", "query": "q", "database": "postgres"}]}
    }
    assert canaries.canaries_of(asked)[0]["part"] == "postgresql/postgres"


def test_no_destination_elsewhere_is_said_aloud():
    fresh = {"destinations": {"a": {"last_success": 360000}}}
    assert rows(fresh, destinations={"a": False})[-1][1].startswith("ATTENTION")
