"""From declarations to a Compose project."""

from __future__ import annotations

import copy
from typing import ClassVar

import pytest

from ansible_collections.borgstack.platform.plugins.plugin_utils.compose import (
    DECLARED_LABEL,
    compose_project,
    environment_file,
    memory_limit_mb,
    project_files,
    project_state,
)

DECLARATIONS = {
    "app": {
        "service": "app",
        "tier": "application",
        "containers": {
            "app": {
                "image": "example/app:1.2.3",
                "environment": {"HOST": "database"},
                "secret_environment": {"PASSWORD": "one"},
                "volumes": ["app_data:/data", "./app:/etc/app:ro"],
                "networks": ["internal", "external"],
                "healthcheck": {"test": ["CMD", "true"]},
                "depends_on": ["database", "elsewhere"],
                "mem_limit": "512m",
            }
        },
        "files": [
            {"path": "app/restarts.conf", "content": "a"},
            {"path": "app/reloads.conf", "content": "a", "pending": "app"},
        ],
    },
    "database": {
        "service": "database",
        "tier": "datastore",
        "containers": {
            "database": {"image": "database:1", "healthcheck": {"test": ["CMD", "true"]}, "mem_limit": "256m"}
        },
    },
}


def fingerprint(declarations: dict, container: str = "app") -> str:
    return compose_project(declarations, "borgstack")["services"][container]["labels"][DECLARED_LABEL]


def changed(**at) -> dict:
    declarations = copy.deepcopy(DECLARATIONS)
    declarations["app"]["containers"]["app"].update(at)
    return declarations


def test_every_container_is_confined_unless_its_role_says_otherwise():
    service = compose_project(DECLARATIONS, "borgstack")["services"]["database"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["networks"] == ["internal"]
    assert service["restart"] == "unless-stopped"


def test_only_the_external_network_has_a_way_out():
    networks = compose_project(DECLARATIONS, "borgstack")["networks"]
    assert networks == {"external": {}, "internal": {"internal": True}}


def test_named_volumes_are_declared_and_bind_mounts_are_not():
    assert compose_project(DECLARATIONS, "borgstack")["volumes"] == {"app_data": {}}


def test_dependencies_on_other_hosts_are_left_to_the_application():
    service = compose_project(DECLARATIONS, "borgstack")["services"]["app"]
    assert service["depends_on"] == {"database": {"condition": "service_healthy"}}


def test_no_secret_stands_in_the_project():
    assert "one" not in str(compose_project(DECLARATIONS, "borgstack"))
    secret = [file for file in project_files(DECLARATIONS) if "secret_content" in file]
    assert secret == [{"path": "secrets/app.env", "secret_content": 'PASSWORD="one"\n'}]


@pytest.mark.parametrize(
    "declarations",
    [
        changed(image="example/app:1.2.4"),
        changed(environment={"HOST": "other"}),
        changed(secret_environment={"PASSWORD": "two"}),
        {**DECLARATIONS, "app": {**DECLARATIONS["app"], "files": [{"path": "app/restarts.conf", "content": "b"}]}},
    ],
    ids=["image", "environment", "secret", "configuration file"],
)
def test_what_a_container_is_made_from_changes_its_fingerprint(declarations):
    assert fingerprint(declarations) != fingerprint(DECLARATIONS)
    assert fingerprint(declarations, "database") == fingerprint(DECLARATIONS, "database")


def test_a_file_that_is_reloaded_does_not_recreate_its_container():
    declarations = copy.deepcopy(DECLARATIONS)
    declarations["app"]["files"][1]["content"] = "b"
    assert fingerprint(declarations) == fingerprint(DECLARATIONS)


@pytest.mark.parametrize(
    ("prefix", "image"), [("", "example/app:1.2.3"), ("mirror.lan:5000", "mirror.lan:5000/example/app:1.2.3")]
)
def test_images_come_from_one_place(prefix, image):
    service = compose_project(DECLARATIONS, "borgstack", prefix, "never")["services"]["app"]
    assert (service["image"], service["pull_policy"]) == (image, "never")


@pytest.mark.parametrize(("wanted", "host", "limit"), [(2, 8, 2), (3.5, 2, 2), (2, None, 2), (0, 8, None)])
def test_a_processor_limit_fits_the_host(wanted, host, limit):
    service = compose_project(changed(cpus=wanted), "borgstack", cpus=host)["services"]["app"]
    assert service.get("cpus") == limit


def test_what_an_application_is_configured_with_is_kept_secret_until_it_is_in_effect():
    declarations = {"app": {"configuration": {"owner": "ä", "password": "p"}}}
    assert project_files(declarations) == [
        {
            "path": "configured/app.json",
            "secret_content": '{"owner": "ä", "password": "p"}',
            "pending": "app/configure",
        }
    ]


def test_what_was_provisioned_is_noted_without_its_secrets():
    declarations = {"app": {"needs": [{"kind": "redis", "instance": "redis", "user": {"password": "secret"}}]}}
    (note,) = project_files(declarations)
    assert (note["path"], note["pending"]) == ("provisioned/app", "app/provision")
    assert "secret" not in note["secret_content"]
    declarations["app"]["needs"][0]["user"]["password"] = "another"
    assert project_files(declarations)[0]["secret_content"] != note["secret_content"]


def test_memory_limits_are_summed():
    assert memory_limit_mb(DECLARATIONS) == 768


def test_environment_files_escape_what_compose_would_interpret():
    assert environment_file({"B": 'a"b$c\\d', "A": "line\nline"}) == 'A="line\\nline"\nB="a\\"b\\$c\\\\d"\n'


def container(name: str, label: str, state: str = "running", status: str = "Up 2 minutes (healthy)") -> dict:
    return {
        "Id": f"id-{name}",
        "State": state,
        "Status": status,
        "Labels": {"com.docker.compose.service": name, DECLARED_LABEL: label},
        "NetworkSettings": {"Networks": {"borgstack_internal": {"IPAddress": "10.0.0.2"}}},
    }


class TestState:
    project: ClassVar[dict] = compose_project(DECLARATIONS, "borgstack")
    labels: ClassVar[dict] = {name: one["labels"][DECLARED_LABEL] for name, one in project["services"].items()}

    def state(self, *containers: dict) -> dict:
        return project_state(list(containers), self.project)

    def test_on_an_empty_host_everything_is_stale(self):
        assert self.state()["stale"] == ["app", "database"]

    def test_what_runs_as_declared_is_left_alone(self):
        state = self.state(container("app", self.labels["app"]), container("database", self.labels["database"]))
        assert (state["stale"], state["orphans"]) == ([], [])
        assert state["addresses"] == {"app": "10.0.0.2", "database": "10.0.0.2"}

    @pytest.mark.parametrize(
        "other",
        [
            {"label": "of an earlier declaration"},
            {"state": "exited", "status": "Exited (0) 3 seconds ago"},
            {"status": "Up 2 minutes (unhealthy)"},
            {"status": "Up 3 seconds (health: starting)"},
        ],
    )
    def test_what_is_outdated_stopped_or_not_known_to_be_healthy_is_stale(self, other):
        app = container("app", **{"label": self.labels["app"], **other})
        assert self.state(app, container("database", self.labels["database"]))["stale"] == ["app"]

    def test_what_is_not_declared_is_an_orphan(self):
        assert self.state(container("old", "x"))["orphans"] == ["old"]
