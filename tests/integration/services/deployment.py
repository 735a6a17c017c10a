"""A rendered platform in containers on this machine: its declarations are what a run of site.yml would act on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

import yaml
from integration.conftest import ROOT, VERSIONS, docker

DOMAIN = "it.example.com"


class Deployment:
    """One Compose project of its own below `folder`."""

    def __init__(self, folder: Path, compose: Path, applications: list[str], **variables):
        self.folder = folder
        self.name = f"borgstack-it-{uuid.uuid4().hex[:8]}"
        self._compose = compose
        (folder / "vault-password").write_text("not a secret\n", encoding="utf-8")
        self._variables = {
            **VERSIONS,
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "platform_name": self.name,
            "platform_domain": DOMAIN,
            "platform_directory": str(folder),
            "platform_secrets_file": str(folder / "vault.yml"),
            "platform_applications": applications,
            "platform_host": {"memory_mb": 8000, "cpus": 2},
            "caddy_certificates": "internal",
            **variables,
        }

    def play(self, *arguments: str, **variables) -> subprocess.CompletedProcess:
        """Render with further variables; `configured` and `platform_container` run a service's hook."""
        given = self.folder / "variables.json"
        given.write_text(json.dumps({**self._variables, **variables}), encoding="utf-8")
        command = ["ansible-playbook", "-i", "localhost,", "-e", f"@{given}", *arguments]
        return subprocess.run(
            [*command, str(ROOT / "tests/integration/services/deploy.yml")],
            check=False,
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={
                **os.environ,
                "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
                "ANSIBLE_VAULT_PASSWORD_FILE": str(self.folder / "vault-password"),
            },
        )

    def render(self, **variables) -> None:
        """Write the project's files."""
        finished = self.play(**variables)
        assert finished.returncode == 0, finished.stdout
        for file in self.declared["files"]:
            path = self.folder / file["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.get("secret_content", file.get("content")), encoding="utf-8")
        project = self.declared["project"]
        for service in project["services"].values():
            # An older Docker engine knows no other interval for the start, and this machine's ports are not ours.
            service["healthcheck"] = {**service["healthcheck"], "interval": "2s"}
            service["healthcheck"].pop("start_interval", None)
            for key in ("ports", "development_ports"):
                service.pop(key, None)
        (self.folder / "compose.yaml").write_text(json.dumps(project), encoding="utf-8")

    @property
    def declared(self) -> dict:
        """What was rendered last: declarations, project, files."""
        return json.loads((self.folder / "declared.json").read_text(encoding="utf-8"))

    @property
    def secrets(self) -> dict[str, str]:
        """The generated secrets by name."""
        command = ["ansible-vault", "view", "--vault-password-file", str(self.folder / "vault-password")]
        viewed = subprocess.run([*command, str(self.folder / "vault.yml")], check=True, capture_output=True, text=True)
        return yaml.safe_load(viewed.stdout)

    def compose(self, *arguments: str) -> str:
        """Run Compose; return its output."""
        command = [str(self._compose), "--project-directory", str(self.folder), "--project-name", self.name]
        finished = subprocess.run(
            [*command, *arguments], check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert finished.returncode == 0, finished.stdout + self.logs()
        return finished.stdout

    def up(self, *services: str) -> None:
        """Start services, wait until they are healthy."""
        self.compose("up", "--detach", "--wait", "--wait-timeout", "150", *services)

    def container(self, service: str) -> str:
        """Return a service's container."""
        return f"{self.name}-{service}-1"

    def address(self, service: str, network: str = "internal") -> str:
        """Return a container's address on a network of the project."""
        template = f'{{{{(index .NetworkSettings.Networks "{self.name}_{network}").IPAddress}}}}'
        return docker("inspect", "--format", template, self.container(service)).strip()

    def gateway(self, network: str = "external") -> str:
        """Return this machine's own address on a network of the project."""
        return docker(
            "network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", f"{self.name}_{network}"
        ).strip()

    def healthy(self, service: str) -> bool:
        """Carry a service's own health check out, now."""
        words = self.declared["project"]["services"][service]["healthcheck"]["test"]
        command = ["sh", "-c", words[1]] if words[0] == "CMD-SHELL" else words[1:]
        finished = subprocess.run(["docker", "exec", self.container(service), *command], check=False, timeout=60)
        return finished.returncode == 0

    def provision(self, module) -> None:
        """Make what the applications need, as the datastores' roles do."""
        declarations = self.declared["declarations"]
        needs = [need for declaration in declarations.values() for need in declaration.get("needs", [])]
        for instance in {need["instance"] for need in needs}:
            own = [need for need in needs if need["instance"] == instance]
            self._provision_one(module, declarations[instance]["provides"], own)

    def _provision_one(self, module, server: dict, needs: list[dict]) -> None:
        place = {
            "login_host": self.address(server["container"]),
            "login_port": server["port"],
            "login_user": server["user"],
            "login_password": server["password"],
        }
        if server["kind"] == "s3":
            url = f"http://{place['login_host']}:{server['port']}"
            keys = {"access_key": server["user"], "secret_key": server["password"]}
            runs = [("s3_buckets", {"endpoint_url": url, **keys, "buckets": [need["bucket"] for need in needs]})]
        elif server["kind"] == "redis":
            runs = [("redis_users", {**place, "users": [need["user"] for need in needs]})]
        else:
            runs = [
                ("postgresql_roles", {**place, "roles": [need["role"] for need in needs]}),
                ("postgresql_databases", {**place, "databases": [need["database"] for need in needs]}),
            ]
        for name, arguments in runs:
            outcome = module(name, arguments)
            assert not outcome.get("failed"), outcome["msg"]

    def configure(self, service: str, *arguments: str, **variables) -> subprocess.CompletedProcess:
        """Run a service's hook as the platform does."""
        return self.play(
            *arguments,
            configured=service,
            platform_container=self.container(service),
            platform_address=self.address(service),
            **variables,
        )

    def logs(self) -> str:
        """Return the last lines of all containers."""
        command = [str(self._compose), "--project-directory", str(self.folder), "--project-name", self.name]
        finished = subprocess.run(
            [*command, "logs", "--tail", "20"], check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        return finished.stdout

    def remove(self) -> None:
        """Remove its containers, volumes and networks."""
        self.compose("down", "--volumes", "--timeout", "1")


def take_compose(folder: Path) -> Path:
    """Copy Compose out of the server's test image, which has what this machine lacks."""
    name = f"borgstack-it-{uuid.uuid4().hex[:8]}"
    docker("create", "--name", name, "borgstack-test/server:latest")
    try:
        docker("cp", f"{name}:/usr/libexec/docker/cli-plugins/docker-compose", str(folder / "docker-compose"))
    finally:
        docker("rm", "--force", "--volumes", name)
    return folder / "docker-compose"


def eventually(condition, seconds: float = 30):
    """Return what `condition()` gives as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.3)
    return result
