"""What a purge of any service of any inventory would take belongs to nobody else: the plan over real declarations."""

from __future__ import annotations

import json

import pytest

from ansible_collections.borgstack.platform.plugins.plugin_utils.deployed import named, note_of
from ansible_collections.borgstack.platform.plugins.plugin_utils.purge import purge_plan

from .test_inventories import INVENTORIES


def volumes_of(declaration: dict) -> set[str]:
    """Return the named volumes of a service, as Docker will call them."""
    mounts = [str(mount) for each in declaration.get("containers", {}).values() for mount in each.get("volumes", [])]
    return {f"borgstack_{mount.split(':')[0]}" for mount in mounts if not mount.startswith((".", "/"))}


def named_by(declaration: dict) -> set[tuple[str, str, str]]:
    """Return all that a service needs by name, wherever it is."""
    return {
        (need["instance"], kind, thing["name"])
        for need in declaration.get("needs", [])
        for kind, thing in need.items()
        if isinstance(thing, dict) and "name" in thing
    }


@pytest.mark.parametrize("inventory", INVENTORIES)
def test_nothing_that_stays_is_named(declared, inventory):
    declarations = declared(inventory)
    services = {item["service"] for item in declarations.values()}
    assert len(declarations) > 5
    for service in services:
        plan = purge_plan(declarations, {}, service, "borgstack")
        staying = [item for item in declarations.values() if item["service"] != service]
        leaving = [item for item in declarations.values() if item["service"] == service]
        # By what was noted, when nobody declares it any more, the same goes.
        noted = {name: note_of(name, item, "borgstack") for name, item in declarations.items()}
        left = {name: item for name, item in declarations.items() if item["service"] != service}
        by_note = purge_plan(left, json.loads(json.dumps(noted)), service, "borgstack")
        for part in plan["datastores"].values():
            part["needs"] = [named(need) for need in part["needs"]]
        assert by_note == plan
        assert not set(plan["containers"]) & {name for item in staying for name in item.get("containers", {})}
        assert set(plan["containers"]) == {name for item in leaving for name in item.get("containers", {})}
        assert not set(plan["volumes"]) & {name for item in staying for name in volumes_of(item)}
        assert not set(plan["files"]) & {file["path"] for item in staying for file in item.get("files", [])}
        taken = {
            (instance, kind, thing["name"])
            for instance, part in plan["datastores"].items()
            for need in part["needs"]
            for kind, thing in need.items()
            if isinstance(thing, dict) and "name" in thing
        }
        assert not taken & {name for item in staying for name in named_by(item)}
        assert taken <= {name for item in leaving for name in named_by(item)}
