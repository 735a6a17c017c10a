"""containers_info with containers of this machine's Docker."""

from __future__ import annotations

import json
import socket
import time
import uuid

import pytest
from integration.conftest import VERSIONS, Container, docker

pytestmark = pytest.mark.integration

PASSWORD = "Str0ng-Passw0rd!x"
IMAGE = f"redis:{VERSIONS['redis_version']}"


@pytest.fixture(scope="module")
def project():
    """A project with a container that runs, one that is over and over started again, and one that ended."""
    name = f"it-{uuid.uuid4().hex[:8]}"
    label = f"--label=com.docker.compose.project={name}"
    secret = f"--env=PASSWORD={PASSWORD}"
    made = [
        Container(IMAGE, "sleep", "600", options=("--memory=64m", label, secret, "--entrypoint=", "--label=is=steady")),
        Container(IMAGE, "false", options=("--restart=always", label, "--entrypoint=", "--label=is=restarting")),
        Container(IMAGE, "sh", "-c", "exit 7", options=(label, "--entrypoint=", "--label=is=ended")),
    ]
    yield name
    for container in made:
        container.remove()


def test_how_containers_are(module, project):
    for _ in range(240):
        answer = module("containers_info", {"project": project}, check=True)
        found = {item["Labels"]["is"]: item for item in answer["containers"]}
        if found["restarting"]["measured"]["restarts"] > 1 and found["ended"]["State"] == "exited":
            break
        time.sleep(0.25)
    assert set(found) == {"steady", "restarting", "ended"} and not answer["changed"]
    steady = found["steady"]["measured"]
    assert (steady["restarts"], steady["memory_limit_mb"], steady["out_of_memory"]) == (0, 64, False)
    assert 0 <= steady["memory_mb"] < 32 and 0 <= steady["started_seconds_ago"] < 300
    assert found["steady"]["State"] == "running" and "NetworkSettings" in found["steady"]
    assert found["restarting"]["measured"]["restarts"] > 1
    assert found["ended"]["measured"]["exit_code"] == 7 and found["ended"]["measured"]["memory_mb"] is None
    assert PASSWORD not in json.dumps(answer)


def test_another_project_has_none(module):
    assert module("containers_info", {"project": "no-such-project"})["containers"] == []


def test_a_docker_that_is_absent_or_silent_is_a_missing_prerequisite(module, tmp_path):
    path = tmp_path / "silent.sock"
    for socket_path in (tmp_path / "none.sock", path):
        with socket.socket(socket.AF_UNIX) as listener:
            if socket_path == path:
                listener.bind(str(path))
                listener.listen()
            refused = module("containers_info", {"project": "x", "socket": str(socket_path), "timeout": 0.5})
        assert refused.refusal.startswith("[2] prerequisite error") and str(socket_path) in refused["msg"]


def test_docker_is_here():
    assert docker("version", "--format", "{{.Server.Version}}").strip()
