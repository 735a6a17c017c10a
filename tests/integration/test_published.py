"""`script/test --published` against a registry of our own, which plays the one that nobody reaches here."""

from __future__ import annotations

import subprocess
import sys

import pytest
from integration.conftest import ROOT, VERSIONS, Container, docker
from published.contracts import published_images

pytestmark = pytest.mark.integration
HELD = ("duplicati", "fileflows")
# Says another user's number than the published image does, and lacks what its health check needs.
DEVIATING = """
FROM {image}
RUN rm /usr/bin/curl
USER 1000
"""


@pytest.fixture(scope="module")
def registry():
    server = Container("borgstack-test/registry:latest", options=("--publish=127.0.0.1::5000",))
    yield docker("port", server.name, "5000").strip().splitlines()[0]
    server.remove()


@pytest.fixture
def offered(registry):
    """Offer local images under published names; return a function for that."""
    made = []

    def offer(role: str, local: str) -> None:
        name = f"{registry}/{published_images()[role]}"
        docker("tag", local, name)
        made.append(name)
        docker("push", name)
        docker("rmi", name)

    yield offer
    docker("rmi", *made, check=False)


def check(registry: str, *options: str) -> subprocess.CompletedProcess:
    command = [sys.executable, str(ROOT / "tests/published/check.py"), "--registry", registry, "--probes"]
    only = [word for name in HELD for word in ("--only", name)]
    return subprocess.run([*command, *only, *options], check=False, text=True, capture_output=True)


def standin(role: str) -> str:
    return f"{published_images()[role].split(':')[0]}:{VERSIONS[f'{role}_version']}"


def test_what_keeps_its_contract_is_well_and_what_is_not_there_is_said(registry, offered):
    offered("duplicati", standin("duplicati"))
    done = check(registry)
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert any(line.startswith(published_images()["duplicati"]) and "no differences" in line for line in lines)
    assert any(line.startswith(published_images()["fileflows"]) and "cannot be pulled" in line for line in lines)


def test_an_image_that_deviates_is_named_with_each_point_and_no_other_is(registry, offered):
    built = subprocess.run(
        ["docker", "build", "--quiet", "-"],
        input=DEVIATING.format(image=standin("fileflows")),
        check=True,
        text=True,
        capture_output=True,
    )
    offered("duplicati", standin("duplicati"))
    offered("fileflows", built.stdout.strip())
    done = check(registry)
    assert done.returncode == 1, done.stderr
    _before, _, about = done.stdout.partition(f"{published_images()['fileflows']}: ")
    told = [line for line in about.splitlines() if line.startswith("  - ")]
    assert len(told) == 2, done.stdout
    assert "it starts as root" in told[0] and "curl and grep are there" in told[1]
    assert f"{published_images()['duplicati']}: 11 points, no differences" in done.stdout
