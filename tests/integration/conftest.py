"""Real servers in containers, and modules run as Ansible runs them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

import psycopg2
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = yaml.safe_load((ROOT / "tests/images/versions.yml").read_text(encoding="utf-8"))
# Each of its files takes minutes.
LONG = ROOT / "tests/integration/services"


def pytest_collection_modifyitems(items) -> None:
    """Begin with the long files, so that no worker is left alone with one of them at the end."""
    items.sort(key=lambda item: LONG not in item.path.parents)


def rows_of(statement: str, **login) -> list[tuple]:
    """Run a statement of PostgreSQL on a connection of its own, and return its rows."""
    connection = psycopg2.connect(**login)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def docker(*arguments: str, check: bool = True) -> str:
    """Run the Docker client; return its output, the error stream included."""
    finished = subprocess.run(
        ["docker", *arguments], check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert not check or finished.returncode == 0, finished.stdout
    return finished.stdout


class Container:
    """A server in a container on this machine's bridge."""

    def __init__(self, image: str, *arguments: str, options: tuple[str, ...] = ()):
        self.name = f"borgstack-it-{uuid.uuid4().hex[:8]}"
        docker("run", "--detach", "--name", self.name, *options, image, *arguments)

    @property
    def address(self) -> str:
        """Its address."""
        return docker("inspect", "--format", "{{.NetworkSettings.IPAddress}}", self.name).strip()

    def run(self, *command: str, check: bool = True) -> str:
        """Run a command in it."""
        return docker("exec", self.name, *command, check=check)

    def logs(self) -> str:
        """Return all that it printed."""
        return docker("logs", self.name)

    def wait(self, *command: str, seconds: int = 60) -> None:
        """Wait until a command in it succeeds."""
        deadline = time.monotonic() + seconds
        while subprocess.run(["docker", "exec", self.name, *command], check=False, capture_output=True).returncode:
            assert time.monotonic() < deadline, self.logs()[-2000:]
            time.sleep(0.3)

    def remove(self) -> None:
        """Remove it with its volumes."""
        docker("rm", "--force", "--volumes", self.name)


class Outcome(dict):
    """What a module returned."""

    @property
    def refusal(self) -> str:
        """The message of a failure."""
        assert self.get("failed"), self
        return self["msg"]


class ModuleHost:
    """Where modules run, each in a process of its own, as on a host.

    Args:
        folder: where its socket is made.
        places: where Python looks for libraries first.
    """

    def __init__(self, folder: Path, *places: Path):
        self._socket = folder / "socket"
        path = os.pathsep.join(map(str, (*places, ROOT / "collections", ROOT / "tests")))
        self._process = subprocess.Popen(
            [
                os.environ.get("BORGSTACK_TEST_TARGET_PYTHON", sys.executable),
                *("-m", "integration.module_host", str(self._socket)),
            ],
            env={**os.environ, "PYTHONPATH": path},
        )
        deadline = time.monotonic() + 30
        while not self._socket.exists():
            assert self._process.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)

    def run(self, name: str, arguments: dict, check: bool = False, before: list | None = None) -> Outcome:
        """Run a module; `before` is a function to call there first, as `module:function`, and its arguments."""
        settings = {"_ansible_check_mode": check, "_ansible_diff": True, "_ansible_remote_tmp": "/tmp"}
        # Sent by Ansible with every module, true or not.
        settings["_ansible_no_log"] = False
        request = {"name": name, "arguments": {**arguments, **settings}, "before": before}
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self._socket))
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("r") as lines:
                output = lines.read().strip()
        assert output.startswith("{") or before, output
        return Outcome(json.loads(output.splitlines()[-1]) if output.startswith("{") else {"died": True})

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()


@pytest.fixture(scope="session")
def module_host(tmp_path_factory):
    """Where modules run. BORGSTACK_TEST_TARGET_PYTHON names another Python to run them with."""
    host = ModuleHost(tmp_path_factory.mktemp("host"))
    yield host
    host.stop()


@pytest.fixture(scope="session")
def module(module_host):
    """Run a module: `module("redis_users", {...}, check=True)`."""
    return module_host.run


@pytest.fixture(scope="session")
def converge(module):
    """Prove a declaration: check mode predicts exactly what is done, doing it again changes nothing."""

    def prove(name: str, arguments: dict) -> list[str]:
        predicted = module(name, arguments, check=True)
        assert not predicted.get("failed"), predicted["msg"]
        done = module(name, arguments)
        assert not done.get("failed"), done["msg"]
        again = module(name, arguments)
        assert (predicted["plan"], predicted["diff"]) == (done["plan"], done["diff"])
        assert done["changed"] == bool(done["plan"])
        assert (again["changed"], again["plan"]) == (False, []), again
        return done["plan"]

    return prove
