"""A role and its datastores, deployed on this machine by the collection itself: declared, started, provisioned, wired.

@pytest.fixture(scope="module")
def directus(deploy):
    return deploy(platform_datastores=["postgresql", "redis", "seaweedfs"], platform_applications=["directus"])

def test_it_is_up(directus):
    assert directus.ask("directus", 8055, "/server/health").json()["status"] == "ok"
    assert directus.converge().changed == 0
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
import requests
import yaml
from integration.conftest import ROOT, VERSIONS, docker
from plays import Run

HERE = Path(__file__).resolve().parent
SERVER_IMAGE = "borgstack-test/server:latest"
PLUGIN = "/usr/libexec/docker/cli-plugins/docker-compose"
# The host as preflight would have measured it: small, and with all that the platform needs.
HOST = {"memory_mb": 16000, "cpus": 2, "docker": {"running": True}, "packages": {"python3-requests": "present"}}


class Deployment:
    """Some of the platform's services on this machine, under a project name of their own."""

    def __init__(self, folder: Path, environment: dict[str, str], variables: dict):
        self.project = f"borgstack-it-{uuid.uuid4().hex[:8]}"
        self.folder = folder
        self.hosts: dict[str, dict | None] = {"here": None}
        self._environment = environment
        self.variables = {
            **VERSIONS,
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "platform_name": self.project,
            "platform_domain": "demo.example.com",
            "platform_directory": str(folder / "project"),
            "platform_secrets_file": str(folder / "vault.yml"),
            "platform_host": HOST,
            "platform_datastores": [],
            "platform_applications": [],
            "platform_integrations": [],
            "platform_edge": [],
            "platform_start_timeout": 180,
            **variables,
        }

    def converge(self, *arguments: str, playbook: str = "deploy.yml", **variables) -> Run:
        """Run the playbook; variables given here stay for later runs."""
        self.variables.update(variables)
        inventory = self.folder / "hosts.yml"
        inventory.write_text(
            yaml.safe_dump({"platform": {"hosts": self.hosts, "vars": self.variables}}), encoding="utf-8"
        )
        finished = subprocess.run(
            ["ansible-playbook", str(HERE / playbook), "-i", str(inventory), *arguments],
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self._environment,
        )
        return Run(finished.returncode, finished.stdout)

    @property
    def secrets(self) -> dict[str, str]:
        """The generated secrets by name."""
        viewed = subprocess.run(
            ["ansible-vault", "view", self.variables["platform_secrets_file"]],
            check=True,
            text=True,
            capture_output=True,
            env=self._environment,
        )
        return yaml.safe_load(viewed.stdout)

    @property
    def compose(self) -> dict:
        """The rendered Compose project."""
        return yaml.safe_load((self.folder / "project/compose.yaml").read_text(encoding="utf-8"))

    def container(self, service: str) -> str:
        """Return the name of a service's container."""
        return f"{self.project}-{service}-1"

    def inspect(self, service: str) -> dict:
        """Return all that Docker knows about a service's container."""
        return json.loads(docker("inspect", self.container(service)))[0]

    def run(self, service: str, *command: str, check: bool = True) -> str:
        """Run a command in a service's container."""
        return docker("exec", self.container(service), *command, check=check)

    def logs(self, service: str) -> str:
        """Return all that a service printed."""
        return docker("logs", self.container(service), check=False)

    def address(self, service: str) -> str:
        """Return a service's address on the internal network, or on one of its own; all bridges are reached."""
        networks = self.inspect(service)["NetworkSettings"]["Networks"]
        return networks.get(f"{self.project}_internal", next(iter(networks.values())))["IPAddress"]

    def ask(self, service: str, port: int, path: str, method: str = "GET", **keywords) -> requests.Response:
        """Ask a service over HTTP."""
        session = requests.Session()
        session.trust_env = False
        return session.request(
            method,
            f"http://{self.address(service)}:{port}{path}",
            **{"timeout": 30, "allow_redirects": False, **keywords},
        )

    def query(self, database: str, statement: str, service: str = "postgresql") -> str:
        """Ask PostgreSQL as its superuser; returns what psql prints without decoration."""
        return self.run(service, "psql", "-XAtq", "-U", "postgres", "-d", database, "-c", statement).strip()

    def remove(self) -> None:
        """Remove its containers, networks and volumes."""
        mine = f"label=com.docker.compose.project={self.project}"
        for kind, listing in (
            ("container", ("ps", "--all")),
            ("network", ("network", "ls")),
            ("volume", ("volume", "ls")),
        ):
            found = docker(*listing, "--quiet", "--filter", mine).split()
            if found:
                docker(kind, "rm", *(("--force", "--volumes") if kind == "container" else ()), *found, check=False)


@pytest.fixture(scope="session")
def compose_environment(tmp_path_factory) -> dict[str, str]:
    """The environment in which `docker compose` exists, whatever this machine's distribution packages."""
    folder = tmp_path_factory.mktemp("docker")
    binary = folder / "docker-compose-real"
    source = docker("create", SERVER_IMAGE, "true").strip()
    docker("cp", f"{source}:{PLUGIN}", str(binary))
    docker("rm", source)
    plugin = folder / "cli-plugins/docker-compose"
    plugin.parent.mkdir()
    plugin.write_text(
        f"#!{sys.executable}\n{(HERE / 'compose_plugin.py').read_text(encoding='utf-8')}", encoding="utf-8"
    )
    plugin.chmod(0o755)
    return {
        **os.environ,
        "DOCKER_CONFIG": str(folder),
        "COMPOSE_BINARY": str(binary),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
        "ANSIBLE_VAULT_PASSWORD_FILE": str(ROOT / "molecule/shared/vault-password"),
        "ANSIBLE_PIPELINING": "True",
        "ANSIBLE_FORCE_COLOR": "False",
    }


@pytest.fixture(scope="module")
def deploy(compose_environment, tmp_path_factory):
    """Deploy services: `deploy(platform_applications=["n8n"])`; `converge=False` leaves the first run to the test."""
    deployments = []

    def start(converge: bool = True, **variables) -> Deployment:
        deployment = Deployment(tmp_path_factory.mktemp("deployment"), compose_environment, variables)
        deployments.append(deployment)
        if converge:
            first = deployment.converge()
            assert first.returncode == 0, first.output
        return deployment

    yield start
    for deployment in deployments:
        deployment.remove()
        shutil.rmtree(deployment.folder, ignore_errors=True)


def told_by(file: Path) -> dict[str, str]:
    """Return the variables that a file of the environment gives to a program of the host."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return {name: value.strip('"') for name, value in (line.split("=", 1) for line in lines)}


def eventually(condition, seconds: int = 60):
    """Return what `condition()` gives as soon as it is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            result = condition()
        except (requests.RequestException, AssertionError):
            result = None
        if result:
            return result
        time.sleep(0.3)
    raise AssertionError(f"not within {seconds} s: {condition}")
