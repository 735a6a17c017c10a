"""What runs beside what is declared, and whether the host is still the one that was deployed to."""

from __future__ import annotations

from typing import ClassVar

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils import docker_engine, notes
from ansible_collections.borgstack.platform.plugins.plugin_utils import ground
from ansible_collections.borgstack.platform.plugins.plugin_utils.compose import DECLARED_LABEL, compose_project
from ansible_collections.borgstack.platform.plugins.plugin_utils.state import project_state

DECLARATIONS = {
    "app": {
        "containers": {
            "app": {
                "image": "app:1",
                "networks": ["internal", "external"],
                "volumes": ["app_data:/data"],
                "ports": ["443:443/tcp"],
                "mem_limit": "512m",
                "cpus": 2.4,
            }
        }
    },
    "database": {"containers": {"database": {"image": "database:1", "mem_limit": "256m"}}},
}


def container(name: str, label: str, state: str = "running", status: str = "Up 2 minutes (healthy)") -> dict:
    return {
        "Id": f"id-{name}",
        "State": state,
        "Status": status,
        "Labels": {"com.docker.compose.service": name, DECLARED_LABEL: label},
        "NetworkSettings": {
            "Networks": {
                "borgstack_internal": {"IPAddress": "10.0.0.2", "NetworkID": "i1"},
                **({"borgstack_external": {"NetworkID": "e1"}} if name == "app" else {}),
            }
        },
        # As Compose calculates: single precision.
        "measured": {
            "restart": "unless-stopped",
            "memory_bytes": (512 if name == "app" else 256) * 2**20,
            "nano_cpus": 2400000095 if name == "app" else 0,
            "pids_limit": 4096,
            "replaced_mounts": [],
        },
    }


class TestState:
    project: ClassVar[dict] = compose_project(DECLARATIONS, "borgstack")
    labels: ClassVar[dict] = {name: one["labels"][DECLARED_LABEL] for name, one in project["services"].items()}

    networks: ClassVar[dict] = {"borgstack_internal": "i1", "borgstack_external": "e1"}

    def state(self, *containers: dict) -> dict:
        return project_state(list(containers), self.project, self.networks)

    def changed(self, **measured) -> dict:
        app = container("app", self.labels["app"])
        return self.state(
            {**app, "measured": {**app["measured"], **measured}}, container("database", self.labels["database"])
        )

    def test_on_an_empty_host_everything_is_stale(self):
        assert self.state()["stale"] == self.state()["unmade"] == ["app", "database"]

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
        state = self.state(app, container("database", self.labels["database"]))
        assert (state["stale"], state["unmade"]) == (["app"], ["app"] if "label" in other else [])

    def test_what_is_not_declared_is_an_orphan(self):
        assert self.state(container("old", "x"))["orphans"] == ["old"]

    @pytest.mark.parametrize(
        ("measured", "words"),
        [
            ({"restart": "no"}, "restart policy"),
            ({"memory_bytes": 300 * 2**20}, "memory limit"),
            ({"nano_cpus": 0}, "processor limit"),
            ({"pids_limit": 0}, "limit of processes"),
            ({"replaced_mounts": ["/opt/borgstack/app"]}, "/opt/borgstack/app"),
        ],
    )
    def test_what_was_changed_by_hand_is_made_anew(self, measured, words):
        state = self.changed(**measured)
        assert state["stale"] == state["unmade"] == ["app"] and words in state["drifted"]["app"][0]
        assert self.changed()["stale"] == []

    def test_networks_that_were_removed_left_added_or_made_anew_are_noticed(self):
        app, database = container("app", self.labels["app"]), container("database", self.labels["database"])
        del app["NetworkSettings"]["Networks"]["borgstack_external"]
        database["NetworkSettings"]["Networks"]["bridge"] = {}
        drifted = self.state(app, database)["drifted"]
        assert "not in the network borgstack_external" in drifted["app"][0] and "bridge" in drifted["database"][0]
        anew = project_state(
            [container("database", self.labels["database"])], self.project, {"borgstack_internal": "i2"}
        )
        assert "made anew" in anew["drifted"]["database"][0]

    @pytest.mark.parametrize(
        ("state", "status", "hangs"),
        [("running", "Up (unhealthy)", True), ("paused", "Up 1 hour (healthy) (Paused)", True), ("exited", "", False)],
    )
    def test_what_compose_would_only_wait_for_is_started_again(self, state, status, hangs):
        app = container("app", self.labels["app"], state, status)
        found = self.state(app, container("database", self.labels["database"]))
        assert found["stale"] == ["app"] and found["hanging"] == (["app"] if hangs else []) and not found["unmade"]


class TestGround:
    project: ClassVar[dict] = compose_project(DECLARATIONS, "borgstack")
    fresh: ClassVar[dict] = {"volumes": [], "docker_root": "", "version": "", "deployed": False, "instances": {}}

    def refusals(self, present: list[str], others: dict | None = None, root: str = "/d", **noted) -> list[str]:
        found = {"volumes": present, "docker_root": root, "others": others or {}, "notes": {**self.fresh, **noted}}
        return ground.moved_ground(found, self.project, "/opt/borgstack")

    def test_an_empty_host_and_one_in_order_are_let_through(self):
        assert self.refusals([]) == [] == ground.moved_ground({}, self.project, "/opt/borgstack")
        assert self.refusals(["borgstack_app_data"], volumes=["borgstack_app_data"], deployed=True) == []

    def test_a_lost_volume_another_data_root_or_disk_is_refused(self):
        told = self.refusals([], root="/srv/docker", volumes=["borgstack_app_data"], docker_root="/d")
        assert told[0].startswith("[10]") and "borgstack_app_data" in told[0]
        assert "/srv/docker, then in /d" in told[0] and "/opt/borgstack/volumes.txt" in told[0]

    def test_notes_of_a_platform_from_before_volumes_were_noted_count(self):
        assert "none of its volumes" in self.refusals([], deployed=True)[0]
        assert self.refusals(["borgstack_old"], deployed=True) == []

    def test_a_volume_that_nobody_declares_any_more_is_not_missed(self):
        assert self.refusals(["borgstack_app_data"], volumes=["borgstack_app_data", "borgstack_gone"]) == []

    def test_another_name_beside_a_platform_that_holds_its_ports_is_refused(self):
        told = self.refusals([], others={443: "formerly", 80: "formerly", 9000: "unrelated"})
        assert len(told) == 1 and "platform_name: formerly" in told[0]
        assert self.refusals([], others={9000: "unrelated"}) == []

    def test_what_there_is_is_noted_once_and_what_there_was_stays_noted(self):
        found = {"volumes": ["borgstack_app_data"], "docker_root": "/d", "notes": {**self.fresh, "volumes": ["old"]}}
        text = ground.volume_notes(found, self.project)
        assert text.splitlines()[1:] == ["# Docker's root: /d", "borgstack_app_data", "old"]
        noted = {"volumes": ["borgstack_app_data", "old"], "docker_root": "/d"}
        assert ground.volume_notes({**found, "notes": noted}, self.project) == ""

    def test_notes_are_read_back(self, tmp_path):
        assert notes.read(None) == notes.read(str(tmp_path)) == self.fresh
        found = {"volumes": ["borgstack_app_data"], "docker_root": "/d", "notes": self.fresh}
        (tmp_path / "volumes.txt").write_text(ground.volume_notes(found, self.project), encoding="utf-8")
        (tmp_path / "configured").mkdir()
        for name in ("app.json", "app.json.pending"):
            (tmp_path / "configured" / name).touch()
        assert notes.read(str(tmp_path)) == {**self.fresh, "volumes": ["borgstack_app_data"], "docker_root": "/d"}
        (tmp_path / "configured/app.json.pending").unlink()
        assert notes.read(str(tmp_path))["deployed"]

    @pytest.mark.parametrize(
        ("noted", "ours", "refused"),
        [("1.10.0", "1.9.0", True), ("1.9.0", "1.10.0", False), ("1.0.0", "1.0.0", False), ("", "1.0.0", False)],
    )
    def test_an_older_version_is_told_from_a_newer_one(self, noted, ours, refused):
        assert bool(ground.downgrade(noted, ours)) == refused and ground.collection_version().count(".") == 2


def test_a_folder_that_is_gone_is_another_one(tmp_path):
    mount = {"Type": "bind", "Destination": str(tmp_path / "a"), "Source": str(tmp_path / "a")}
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert docker_engine.replaced_mounts(1, [{**mount, "Type": "volume"}]) == []
    own = "self"
    assert docker_engine.replaced_mounts(own, [mount]) == []
    for source in ("b", "none"):
        moved = {**mount, "Source": str(tmp_path / source)}
        assert docker_engine.replaced_mounts(own, [moved]) == [moved["Source"]]


def test_a_container_that_is_not_on_the_inner_network_has_an_address_all_the_same():
    networks = {"borgstack_storage": {"IPAddress": "10.0.0.2"}, "borgstack_zone": {"IPAddress": "10.0.1.2"}}
    item = {**container("app", "x"), "NetworkSettings": {"Networks": networks}}
    project = compose_project(DECLARATIONS, "borgstack")
    assert project_state([item], project)["addresses"] == {"app": "10.0.0.2"}


def test_a_paused_container_is_not_asked_although_it_has_an_address():
    item = {**container("app", "x"), "State": "paused"}
    assert project_state([item], compose_project(DECLARATIONS, "borgstack"))["addresses"] == {}
