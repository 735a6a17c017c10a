"""Images are locked to what a real registry says, and Docker pulls them by it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
import uuid
from pathlib import Path

import pytest
import yaml
from integration.conftest import ROOT, Container, docker
from patience import free_port

pytestmark = pytest.mark.integration
IMAGE = "borgstack-test/registry:latest"


class Registry:
    """A registry on this machine, which Docker speaks plain HTTP with, and images of a few bytes to push to it."""

    def __init__(self, folder: Path):
        self._folder = folder
        self.name = f"127.0.0.1:{free_port()}"
        self._container = Container(IMAGE, options=(f"--publish={self.name}:5000",))
        self._container.wait("bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/5000")

    def push(self, image: str, content: str) -> str:
        """Push an image that holds this text; return the digest that Docker says it got."""
        (self._folder / "Dockerfile").write_text('FROM scratch\nCOPY content /\nCMD ["/none"]\n', encoding="utf-8")
        (self._folder / "content").write_text(content, encoding="utf-8")
        docker("build", "--quiet", "--tag", f"{self.name}/{image}", str(self._folder))
        pushed = docker("push", f"{self.name}/{image}")
        docker("image", "rm", "--force", f"{self.name}/{image}")
        return pushed.split("digest: ")[1].split()[0]

    def push_index(self, image: str, of: list[str]) -> str:
        """Push an index over manifests that are there already; return its digest."""
        name, _colon, tag = image.rpartition(":")
        listed = [self._manifest(name, digest) for digest in of]
        index = {"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.list.v2+json"}
        body = json.dumps({**index, "manifests": listed}).encode()
        request = urllib.request.Request(f"http://{self.name}/v2/{name}/manifests/{tag}", data=body, method="PUT")
        request.add_header("Content-Type", index["mediaType"])
        with urllib.request.urlopen(request) as answer:
            return answer.headers["Docker-Content-Digest"]

    def _manifest(self, name: str, digest: str) -> dict:
        kind = "application/vnd.docker.distribution.manifest.v2+json"
        request = urllib.request.Request(f"http://{self.name}/v2/{name}/manifests/{digest}", headers={"Accept": kind})
        with urllib.request.urlopen(request) as answer:
            size = len(answer.read())
        platform = {"architecture": "amd64", "os": "linux"}
        return {"mediaType": kind, "size": size, "digest": digest, "platform": platform}

    def remove(self) -> None:
        """Remove it with its images."""
        self._container.remove()


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    server = Registry(tmp_path_factory.mktemp("image"))
    yield server
    server.remove()


@pytest.fixture
def lock(module, registry, tmp_path):
    """Lock images of the registry, which is the mirror of all: `lock("app:1", check=True)`."""

    def run(*images: str, check: bool = False):
        arguments = {"path": str(tmp_path / "all/images.lock.yml"), "images": list(images), "mirror": registry.name}
        return module("image_digests", arguments, check=check)

    run.path = tmp_path / "all/images.lock.yml"
    return run


def digests(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))["platform_image_digests"]


def test_a_tag_is_locked_pulled_by_its_digest_and_its_move_is_told(registry, lock):
    name = f"example/app-{uuid.uuid4().hex[:6]}:1.0"
    first = registry.push(name, "one")

    predicted = lock(name, check=True)
    assert predicted["changed"] and not lock.path.exists()
    done = lock(name)
    assert done["plan"] == predicted["plan"] == [f"lock {name} at {first}"]
    assert digests(lock.path) == {name: first}
    assert lock.path.stat().st_mode & 0o777 == 0o644
    again = lock(name)
    assert (again["changed"], again["plan"]) == (False, [])

    pinned = f"{registry.name}/{name}@{first}"
    docker("pull", "--quiet", pinned)
    second = registry.push(name, "two")
    assert second != first
    moved = lock(name, check=True)
    assert moved["plan"] == [f"move {name} from {first} to {second}"]
    assert first in moved["diff"][0]["before"] and second in moved["diff"][0]["after"]
    assert digests(lock.path) == {name: first}

    # Whatever the tag points at now, the digest is what was locked.
    docker("image", "rm", "--force", pinned)
    assert first in docker("pull", pinned)
    docker("image", "rm", "--force", pinned)
    lock(name)
    assert digests(lock.path) == {name: second}


def test_docker_refuses_a_wrong_digest(registry):
    registry.push("example/wrong:1", "one")
    refused = docker("pull", f"{registry.name}/example/wrong:1@sha256:{'0' * 64}", check=False)
    assert "not found" in refused or "manifest unknown" in refused


def test_of_an_image_for_several_architectures_the_index_is_locked(registry, lock):
    parts = [registry.push(f"example/many:{number}", str(number)) for number in range(2)]
    index = registry.push_index("example/many:all", parts)
    assert index not in parts
    assert lock("example/many:all")["digests"] == {"example/many:all": index}


def test_what_no_service_uses_is_forgotten_and_what_names_its_digest_left_alone(registry, lock):
    first = registry.push("example/kept:1", "one")
    registry.push("example/left:1", "two")
    lock("example/kept:1", "example/left:1")
    outcome = lock("example/kept:1", f"example/other:1@{first}")
    assert outcome["plan"] == ["forget example/left:1, which no service uses"]
    assert digests(lock.path) == {"example/kept:1": first}


def test_all_that_cannot_be_resolved_is_named_and_nothing_is_written(registry, lock):
    registry.push("example/there:1", "one")
    refused = lock("example/there:1", "example/absent:1", "example/there:2").refusal
    assert "[1] configuration error" in refused and "has no example/absent:1" in refused
    assert "1 more could not be resolved" in refused and "example/there:2" in refused
    assert not lock.path.exists()


def test_a_file_of_somebody_else_is_not_overwritten(registry, lock):
    registry.push("example/there:1", "one")
    lock.path.parent.mkdir(exist_ok=True)
    lock.path.write_text("n8n_version: 1.2.3\n", encoding="utf-8")
    assert "[10] data error" in lock("example/there:1").refusal
    assert lock.path.read_text(encoding="utf-8") == "n8n_version: 1.2.3\n"


def test_the_playbook_locks_what_the_services_declare(registry, tmp_path):
    digest = registry.push("example/proxy:2", "proxy")
    (tmp_path / "group_vars/all").mkdir(parents=True)
    (tmp_path / "hosts.yml").write_text("platform: {hosts: {never-asked: {}}}\n", encoding="utf-8")
    settings = {
        "platform_domain": "example.com",
        "platform_applications": [],
        "platform_integrations": [],
        "platform_datastores": [],
        "caddy_image": "example/proxy",
        "caddy_version": "2",
        "platform_image_source": "mirror",
        "platform_image_mirror": registry.name,
        "ansible_python_interpreter": sys.executable,
    }
    (tmp_path / "group_vars/all/main.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    command = ["ansible-playbook", "playbooks/lock.yml", "-i", str(tmp_path / "hosts.yml"), "--diff"]
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections")}
    finished = subprocess.run(command, check=False, cwd=ROOT, text=True, capture_output=True, env=environment)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert f"lock example/proxy:2 at {digest}" in finished.stdout
    assert digests(tmp_path / "group_vars/all/images.lock.yml") == {"example/proxy:2": digest}
