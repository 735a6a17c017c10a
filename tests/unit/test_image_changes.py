"""Which images of what holds data may not be put in the place of those that it was last used by."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.borgstack.platform.plugins.plugin_utils.compose import compose_project
from ansible_collections.borgstack.platform.plugins.plugin_utils.deployed import notes_to_write
from ansible_collections.borgstack.platform.plugins.plugin_utils.image_changes import (
    image_changes,
    kind_of_change,
    refused_image_changes,
    version_of,
)

ROLES = Path(__file__).resolve().parents[2] / "roles"
CONTAINER = {"mem_limit": "64m", "healthcheck": {"test": "true"}}
NEED = {"kind": "postgresql", "instance": "store", "database": {"name": "shop", "owner": "shop"}}


def platform(store: str = "db:17.1", shop: str = "shop:1.0", cache: str = "cache:1") -> dict:
    store_container = {**CONTAINER, "image": store, "volumes": ["store_data:/data"], "data_format": "^([0-9]+)"}
    return {
        "shop": {"service": "shop", "containers": {"shop": {**CONTAINER, "image": shop}}, "needs": [NEED]},
        "store": {
            "service": "store",
            "containers": {"store": store_container},
            "provides": {"kind": "postgresql", "container": "store"},
            "backup": {"contents": True},
        },
        "cache": {
            "service": "cache",
            "containers": {"cache": {**CONTAINER, "image": cache, "volumes": ["cache_data:/data"]}},
            "backup": {"contents": False},
        },
    }


def deployed(declarations: dict, noted: bool = True, volumes: tuple = ("p_store_data", "p_cache_data")) -> dict:
    """What the host says of these, once they were deployed."""
    project = compose_project(declarations, "p")
    containers = [
        {"Labels": {"com.docker.compose.service": name}, "Image": service["image"], "measured": {"image": "sha256:1"}}
        for name, service in project["services"].items()
    ]
    found = {"containers": containers, "volumes": list(volumes), "notes": {"instances": {}}}
    if noted:
        texts = notes_to_write(declarations, found, project, [], [], "then")["secrets"]
        found["notes"]["instances"] = {path.removesuffix(".json"): json.loads(text) for path, text in texts.items()}
    return found


def changes(found: dict, declarations: dict, selected: tuple = ("shop", "store", "cache"), **project) -> list[tuple]:
    whole = compose_project(declarations, "p", **project)
    return [
        (one.instance, one.former, one.image, one.kind)
        for one in image_changes(found, declarations, whole, list(selected))
    ]


@pytest.mark.parametrize("noted", [True, False])
def test_what_holds_data_is_told_with_both_images(noted):
    found = deployed(platform(), noted)
    assert changes(found, platform()) == []
    assert changes(found, platform(store="db:17.2", shop="shop:1.1", cache="cache:2")) == [
        ("shop", "shop:1.0", "shop:1.1", "changed"),
        ("store", "db:17.1", "db:17.2", "changed"),
    ]


def test_a_digest_and_a_mirror_are_no_other_version():
    digests = {"db:17.1": f"sha256:{'1' * 64}"}
    assert changes(deployed(platform()), platform(), image_prefix="mirror:5000", digests=digests) == []


def test_what_has_no_data_is_not_asked_about():
    newer = platform(store="db:18.0")
    assert changes({}, newer) == []
    assert changes(deployed(platform(), volumes=()), newer) == []


def test_what_was_noted_counts_and_not_what_an_interrupted_run_made():
    found = deployed(platform())
    found["containers"] = deployed(platform(store="db:17.2"))["containers"]
    assert changes(found, platform()) == []
    assert changes(found, platform(store="db:17.2")) == [("store", "db:17.1", "db:17.2", "changed")]


def test_a_run_of_one_instance_judges_what_compose_would_start_with_it():
    newer = platform(store="db:17.2")
    assert changes(deployed(platform()), newer, selected=("cache",)) == []
    assert [one[0] for one in changes(deployed(platform()), newer, selected=("shop",))] == ["store"]


@pytest.mark.parametrize(
    ("former", "image", "kind"),
    [
        ("db:17.1", "db:17.1", ""),
        ("db:17.1", "other/db:17.1", ""),
        ("db:17.1", "db:17.2", "changed"),
        ("db:17.1", "db:17", "changed"),
        ("db:17.2", "db:17.10", "changed"),
        ("db:17.10", "db:17.2", "older"),
        ("db:17.10", "db:18.0", "crossing"),
        ("db:17.10", "db:16.0", "crossing"),
        ("db:17.10", "db:latest", "changed"),
        ("db:latest", "db:17.1", "changed"),
        ("db", "db:latest", ""),
        ("db@sha256:1", "db@sha256:2", "changed"),
        ("db:17@sha256:1", "db:17@sha256:2", ""),
        # What the name of a container's image was taken from.
        ("sha256:1234", "db:17.1", ""),
    ],
)
def test_how_much_another_an_image_is(former, image, kind):
    assert kind_of_change(former, image, "^([0-9]+)") == kind


def test_a_tag_that_begins_with_no_version_is_older_than_nothing():
    assert kind_of_change("app:v2.3.7-x", "app:v2.2.3-x") == "older"
    assert kind_of_change("app:2f3a", "app:1b2c") == kind_of_change("app:pg18", "app:0.8.1-pg18") == "changed"


@pytest.mark.parametrize("image", ["a/b:1", "host:5000/a/b:1", "host:5000/a/b:1@sha256:2"])
def test_the_version_is_the_tag(image):
    assert version_of(image) == "1"
    assert version_of("host:5000/a/b") == "latest"


def test_refusals_say_instance_versions_and_what_helps():
    found = deployed(platform(store="db:17.1", shop="shop:1.5"))
    found = changes_of(found, platform(store="db:18.0", shop="shop:1.4"))
    shop, store = refused_image_changes(found, "allow")
    assert refused_image_changes(found, "refuse") == [shop, store] and refused_image_changes(found, "force") == []
    assert "[10] data error" in store and "store" in store and "db:17.1" in store and "db:18.0" in store
    assert "playbooks/restore.yml" in store and "force" not in store
    assert "which is older" in shop and "-e platform_image_changes=force" in shop


def test_a_newer_version_is_refused_unless_a_run_may_take_it():
    found = changes_of(deployed(platform()), platform(shop="shop:1.1"))
    (message,) = refused_image_changes(found, "refuse")
    assert "playbooks/backup.yml" in message and "-e platform_image_changes=allow" in message
    assert refused_image_changes(found, "allow") == []


def changes_of(found: dict, declarations: dict) -> list:
    return image_changes(found, declarations, compose_project(declarations, "p"), list(declarations))


@pytest.mark.parametrize(
    ("role", "tag", "major"),
    [
        ("postgresql", "pg18", "18"),
        ("postgresql", "0.8.1-pg17-trixie", "17"),
        ("postgresql", "16.14.0-beta.17", "16"),
        ("postgresql", "17-alpine", "17"),
        ("mongodb", "7.0-standin", "7"),
        ("mongodb", "8.2.1-noble", "8"),
    ],
)
def test_the_major_of_each_published_form_of_tag_is_found(role, tag, major):
    variables = yaml.safe_load((ROLES / role / "vars/main.yml").read_text(encoding="utf-8"))
    assert re.search(variables[f"__{role}_container"]["data_format"], tag).group(1) == major
