"""What is noted of what was deployed, and which of it a purge means."""

from __future__ import annotations

import json

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils import notes
from ansible_collections.borgstack.platform.plugins.plugin_utils.compose import compose_project
from ansible_collections.borgstack.platform.plugins.plugin_utils.deployed import leaving, notes_to_write
from ansible_collections.borgstack.platform.plugins.plugin_utils.purge import purge_plan

SECRET = "Pass-word-of-shop"
STORE = {
    "service": "postgresql",
    "containers": {
        "store": {"image": "i:1", "mem_limit": "64m", "healthcheck": {}, "volumes": ["store_data:/data", "shared:/s"]}
    },
    "provides": {"kind": "postgresql", "container": "store"},
}
SHOP = {
    "service": "consumer",
    "needs": [
        {
            "kind": "postgresql",
            "instance": "store",
            "role": {"name": "shop", "password": SECRET},
            "database": {"name": "shop_db", "owner": "shop", "extensions": ["vector"]},
        },
        {"kind": "s3", "instance": "files", "bucket": {"name": "b"}, "identity": {"secret_key": SECRET}},
        {"kind": "redis", "instance": "redis", "user": {"name": "u", "password": SECRET, "keys": ["u:*"]}},
    ],
}
DECLARED = {"store": STORE, "shop": SHOP}
PROJECT = compose_project(DECLARED, "p")


def found(instances: dict | None = None, image: str = "sha256:1") -> dict:
    container = {"Labels": {"com.docker.compose.service": "store"}, "measured": {"image": image}}
    return {"containers": [container], "notes": {"instances": instances or {}}}


def written(*arguments, stale=(), started=(), now="then") -> dict[str, dict]:
    options = notes_to_write(DECLARED, found(*arguments), PROJECT, list(stale), list(started), now)
    assert [file["path"] for file in options["files"]] == list(options["secrets"])
    return {path.removesuffix(".json"): json.loads(text) for path, text in options["secrets"].items()}


def test_a_note_says_what_runs_and_names_without_secrets():
    noted = written()
    assert noted["store"]["images"] == {"store": {"name": "i:1", "id": "sha256:1"}}
    assert noted["store"]["volumes"] == ["p_shared", "p_store_data"] and noted["store"]["since"] == "then"
    assert noted["shop"]["needs"] == [
        {
            "kind": "postgresql",
            "instance": "store",
            "role": {"name": "shop"},
            "database": {"name": "shop_db", "owner": "shop"},
        },
        {"kind": "s3", "instance": "files", "bucket": {"name": "b"}},
        {"kind": "redis", "instance": "redis", "user": {"name": "u", "keys": ["u:*"]}},
    ]
    assert SECRET not in json.dumps(noted)


def test_it_is_written_when_something_changed_and_for_what_runs():
    noted = written()
    assert written(noted, now="later") == {}
    changed = written(noted, "sha256:2", started=["store"], now="later")
    assert list(changed) == ["store"] and changed["store"]["since"] == "later"
    assert list(written(stale=["store"])) == ["shop"]


def test_an_image_that_somebody_else_put_in_place_is_not_what_was_deployed():
    assert written(written(), "sha256:2", now="later") == {}


@pytest.mark.parametrize(
    ("wanted", "declared", "expected"),
    [
        ("shop", ["store"], ["shop"]),
        ("shop", ["store", "shop"], []),
        ("postgresql", [], ["store", "other"]),
        ("postgresql", ["store"], []),
        ("other", ["store"], ["other"]),
        ("nothing", [], []),
    ],
)
def test_an_instance_goes_by_its_name_and_a_roles_name_means_all_once_none_is_declared(wanted, declared, expected):
    noted = {**written(), "other": {"service": "postgresql"}}
    assert list(leaving(noted, {name: DECLARED[name] for name in declared}, wanted)) == expected


def test_what_is_declared_no_more_is_taken_away_by_its_note():
    plan = purge_plan({"store": STORE}, written(), "shop", "p")
    assert plan["datastores"]["store"]["needs"][0]["database"]["name"] == "shop_db"
    assert plan["stays"] == [
        f"what it has in {name}, which does not run here as a datastore" for name in ("files", "redis")
    ]
    assert "deployed/shop.json" in plan["files"]
    sharing = {"service": "app", "containers": {"app": {**STORE["containers"]["store"], "volumes": ["shared:/s"]}}}
    assert purge_plan({"app": sharing}, written(), "store", "p")["volumes"] == ["p_store_data"]


def test_notes_are_read_back_and_what_is_none_is_left_out(tmp_path):
    folder = tmp_path / "deployed"
    folder.mkdir()
    for name, text in (("a.json", '{"service": "a"}'), ("b.json", '{"serv'), (".managed-files", "a.json")):
        (folder / name).write_text(text, encoding="utf-8")
    assert notes.read(str(tmp_path))["instances"] == {"a": {"service": "a"}}
    assert notes.read(None)["instances"] == {}
