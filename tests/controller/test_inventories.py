"""Every inventory that we ship can be declared, and is deployed by a scenario."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from plays import ROOT

INVENTORIES = sorted(path.name for path in (ROOT / "inventories").iterdir() if (path / "group_vars").is_dir())
LISTS = ("platform_datastores", "platform_applications", "platform_integrations", "platform_edge")


def lists_of(group_vars: Path) -> dict:
    """Return what an inventory deploys."""
    settings = settings_of(group_vars)
    return {name: settings.get(name) for name in (*LISTS, "platform_instances")}


def settings_of(group_vars: Path) -> dict:
    """Return what an inventory says."""
    return yaml.safe_load((group_vars / "all/main.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("inventory", INVENTORIES)
def test_all_that_it_lists_is_declared(declared, inventory):
    settings = settings_of(ROOT / "inventories" / inventory / "group_vars")
    roles = [name for names in LISTS for name in settings[names]]
    roles += [instance["role"] for instance in settings.get("platform_instances", {}).values()]
    services = {item["service"] for item in declared(inventory).values()}
    assert services == {role.rpartition(".")[2] for role in roles}


@pytest.mark.parametrize("inventory", INVENTORIES)
def test_a_scenario_deploys_what_it_lists(inventory):
    wanted = lists_of(ROOT / "inventories" / inventory / "group_vars")
    deployed = []
    for scenario in (ROOT / "molecule").glob("*/molecule.yml"):
        links = yaml.safe_load(scenario.read_text(encoding="utf-8")).get("provisioner", {}).get("inventory", {})
        if "group_vars" in links.get("links", {}):
            deployed.append(lists_of((scenario.parent / links["links"]["group_vars"]).resolve()))
    assert wanted in deployed, f"no scenario below molecule/ deploys what inventories/{inventory} lists"
