"""Each Molecule scenario, as one test."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = sorted(path.parent.name for path in (ROOT / "molecule").glob("*/molecule.yml"))


@pytest.mark.scenario
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(scenario):
    log = ROOT / "build" / f"molecule-{scenario}.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("wb") as output:
        finished = subprocess.run(
            ["molecule", "test", "--scenario-name", scenario],
            check=False,
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-80:]
    assert finished.returncode == 0, "\n".join([*tail, f"the whole log: {log}"])
