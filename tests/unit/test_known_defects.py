"""Defects of the deployment that this collection replaces, each with the test that keeps it from coming back.

B5 (an update that cannot be taken back with its data) needs the verb upgrade. What needs a whole server is proven in
the scenarios: B2 by rotating passwords there, B8 by a scan from outside, B12 by logging in to each application.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils import compose, declaration, report, state
from ansible_collections.borgstack.platform.plugins.plugin_utils.secret_file import SecretFile
from ansible_collections.borgstack.platform.plugins.plugin_utils.secret_store import SecretStore

ROOT = Path(__file__).resolve().parents[2]
# Variables of roles by the role's name, as they are written.
VARIABLES = {
    path.parents[1].name: yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    for path in sorted((ROOT / "roles").glob("*/vars/main.yml"))
}
DEFAULTS = {
    path.parents[1].name: yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    for path in sorted((ROOT / "roles").glob("*/defaults/main.yml"))
}
DECLARED = {
    role: values[f"{role}_declaration"] for role, values in VARIABLES.items() if f"{role}_declaration" in values
}
CONTAINERS = {
    f"{role}: {name}": value
    for role, values in VARIABLES.items()
    for name, value in values.items()
    if isinstance(value, dict) and "healthcheck" in value
}
TASKS = sorted((ROOT / "roles").glob("*/tasks/*.yml"))


def everything(*places: str) -> dict[Path, str]:
    files = [path for place in places for path in sorted(ROOT.glob(place)) if path.is_file()]
    assert files
    return {path: path.read_text(encoding="utf-8") for path in files}


def test_there_is_something_to_look_at():
    assert {"postgresql", "redis", "seaweedfs", "caddy", "n8n", "directus"} <= set(DECLARED)
    assert len(CONTAINERS) >= 6


def test_b1_postgresqls_volume_is_where_its_image_keeps_data():
    volumes = VARIABLES["postgresql"]["__postgresql_container"]["volumes"]
    assert [volume.split(":")[-1] for volume in volumes] == ["/var/lib/postgresql"]


@pytest.mark.parametrize("name", CONTAINERS)
def test_b2_nothing_is_provisioned_by_scripts_that_run_once(name):
    assert "initdb.d" not in str(CONTAINERS[name])


@pytest.mark.parametrize(
    ("shown", "status"),
    [
        ("running", "Up 2 minutes"),
        ("running", "Up 2 minutes (health: starting)"),
        ("running", "Up 2 minutes (unhealthy)"),
        ("exited", "Exited (0) 3 seconds ago"),
        ("restarting", "Restarting (1) 2 seconds ago"),
    ],
)
def test_b6_what_is_not_known_to_be_healthy_is_not_taken_for_healthy(shown, status):
    declared = {"app": {"containers": {"app": {"image": "app:1"}}}}
    project = compose.compose_project(declared, "test")
    found = {
        "Id": "1",
        "State": shown,
        "Status": status,
        "Labels": {"com.docker.compose.service": "app", **project["services"]["app"]["labels"]},
        "NetworkSettings": {"Networks": {"test_internal": {}}},
    }
    assert state.project_state([found], project)["stale"] == ["app"]
    well = {**found, "State": "running", "Status": "Up 2 minutes (healthy)"}
    assert state.project_state([well], project)["stale"] == []


def test_b6_a_container_that_cannot_tell_whether_it_is_healthy_is_refused():
    container = {"image": "app:1", "mem_limit": "64m"}
    with pytest.raises(PlatformError, match="missing keys: healthcheck"):
        declaration.checked("app", {"service": "app", "tier": "application", "containers": {"app": container}})


def test_b8_the_report_says_where_credentials_are_and_not_what_they_are():
    login = {"user": "admin", "secret": "app_password", "password": "Marker-7-never-printed"}
    lines = report.report_table({"app": {"credentials": login}}, [], "vault.yml")
    assert "app_password in vault.yml" in "\n".join(lines)
    assert "Marker-7" not in "\n".join(lines)


def test_b8_no_task_prints_a_secret():
    for path in TASKS:
        for task in _flat(yaml.safe_load(path.read_text(encoding="utf-8")) or []):
            shown = str(task.get("ansible.builtin.debug", ""))
            assert not re.search(r"password|secret'|token|credentials", shown), path


def _flat(tasks: list[dict]) -> list[dict]:
    inner = [task.get(part) or [] for task in tasks for part in ("block", "rescue", "always")]
    return tasks + [one for part in inner for one in _flat(part)]


@pytest.mark.parametrize("role", sorted(set(DECLARED) - {"caddy"}))
def test_b8_only_the_proxy_publishes_ports_to_everybody(role):
    assert all("bind" in item for name, one in VARIABLES[role].items() if name.endswith("_published") for item in one)
    assert "container" not in str(VARIABLES[role][f"{role}_declaration"].get("published", []))


def test_b9_a_secret_that_exists_is_never_made_anew(tmp_path):
    def store() -> SecretStore:
        file = SecretFile(str(tmp_path / "vault.yml"), VaultLib([("default", VaultSecret(b"one"))]))
        return SecretStore(file, {}, "make")

    key = store().get("n8n_encryption_key", "key")
    assert store().get("another", "key") != key
    assert store().get("n8n_encryption_key", "key") == key


@pytest.mark.parametrize("role", DECLARED)
def test_b10_every_image_is_pinned_to_more_than_a_major_version(role):
    version = str(DEFAULTS[role].get(f"{role}_version", "0.0"))
    assert re.match(r"v?[0-9]+\.[0-9]+", version), version


@pytest.mark.parametrize("name", CONTAINERS)
def test_b10_every_container_has_a_memory_limit(name):
    limit = CONTAINERS[name].get("mem_limit", "")
    parts = [value for key, value in CONTAINERS.items() if key.split(":")[0] == name.split(":")[0]]
    # A common part may leave it to those that complete it.
    completed = [one for one in VARIABLES[name.split(":")[0]].values() if isinstance(one, dict) and "mem_limit" in one]
    assert str(limit).endswith("m") or (parts and completed)


@pytest.mark.parametrize("limit", [None, "", "0m", "1g", "unlimited"])
def test_b10_a_container_without_a_memory_limit_is_refused(limit):
    container = {"image": "app:1", "healthcheck": {"test": ["CMD", "true"]}, "mem_limit": limit}
    with pytest.raises(PlatformError, match="mem_limit"):
        declaration.checked("app", {"service": "app", "tier": "application", "containers": {"app": container}})


def test_b11_nobody_is_told_to_throw_volumes_away():
    dangerous = re.compile(r"(system|volume)\s+prune|compose\s+down\s.*(-v\b|--volumes)|rm\s+-rf\s+/var/lib/docker")
    for path, text in everything(
        "README*.md", "docs/*.md", "script/*", "playbooks/*.yml", "roles/*/tasks/*.yml"
    ).items():
        assert not dangerous.search(text), path


@pytest.mark.parametrize(
    "role", [role for role, one in DECLARED.items() if one["tier"] == "application" and one.get("sites")]
)
def test_b12_an_applications_first_login_is_made_for_it(role):
    declared = DECLARED[role]
    assert declared.get("credentials"), "an operator would have to make the first login by hand"
    secret = declared["credentials"]["secret"]
    uses = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "roles" / role).rglob("*") if path.is_file())
    # Once to tell the operator, and at least once more to put it into effect.
    assert uses.count(secret) >= 2


def test_b12_no_guide_sends_an_operator_through_a_wizard():
    wizard = re.compile(r"setup wizard|assistente de configuração|open the browser and create", re.IGNORECASE)
    for path, text in everything("README*.md", "docs/oper*.md").items():
        assert not wizard.search(text), path
