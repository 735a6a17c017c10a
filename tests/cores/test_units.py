"""The unit tests with the versions of ansible-core that our own environment does not have."""

from __future__ import annotations

import os
import subprocess

import pytest
from cores.environments import CORES, UNIT_TESTED, environment_of, needs_deep_run
from plays import ROOT


@pytest.mark.parametrize("core", UNIT_TESTED)
def test_units(core):
    if needs_deep_run("units", core):
        pytest.skip("left to script/test --deep")
    environment = environment_of(core)
    if environment is None:
        pytest.skip(f"this machine has no Python {CORES[core]}, which ansible-core {core} is tried with")
    command = [str(environment / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", "tests/unit"]
    finished = subprocess.run(
        command,
        check=False,
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={
            **os.environ,
            "PATH": f"{environment}:{os.environ['PATH']}",
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
            "ANSIBLE_HOME": str(ROOT / ".cache/ansible"),
        },
    )
    assert finished.returncode == 0, finished.stdout[-10000:]
    assert " passed" in finished.stdout
