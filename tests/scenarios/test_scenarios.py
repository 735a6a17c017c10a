"""Each Molecule scenario, as one test; how long each of its steps took goes to build/steps-NAME.txt."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

import pytest
from budget import exceeded

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
SCENARIOS = sorted(path.parent.name for path in (ROOT / "molecule").glob("*/molecule.yml"))
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
STEP = re.compile(r"➜ (?P<step>\w+): (?P<what>Executing|Executed)\b(?! Testinfra)")


class Steps:
    """Seconds by step of one scenario, told from the lines that Molecule prints."""

    def __init__(self):
        self.seconds: dict[str, float] = {}
        self._began: dict[str, float] = {}

    def saw(self, line: str) -> None:
        """Look at one line at the moment it comes."""
        found = STEP.search(COLOUR.sub("", line))
        if found and found["what"] == "Executing":
            self._began[found["step"]] = time.monotonic()
        elif found and found["step"] in self._began:
            took = time.monotonic() - self._began.pop(found["step"])
            self.seconds[found["step"]] = self.seconds.get(found["step"], 0) + took

    def table(self) -> str:
        """Return a line a step."""
        return "".join(f"{seconds:7.1f} s  {step}\n" for step, seconds in self.seconds.items())


@pytest.mark.scenario
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(scenario, record_property):
    BUILD.mkdir(exist_ok=True)
    log = BUILD / f"molecule-{scenario}.log"
    steps = Steps()
    command = ["molecule", "test", "--scenario-name", scenario]
    began = time.monotonic()
    with (
        log.open("w", encoding="utf-8") as output,
        subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        ) as process,
    ):
        for line in process.stdout:
            steps.saw(line)
            output.write(line)
            output.flush()
    (BUILD / f"steps-{scenario}.txt").write_text(steps.table(), encoding="utf-8")
    for step, seconds in steps.seconds.items():
        record_property(f"{step}_seconds", f"{seconds:.1f}")
    over = exceeded(scenario, time.monotonic() - began)
    tail = log.read_text(encoding="utf-8").splitlines()[-80:]
    assert process.returncode == 0, "\n".join([*tail, f"the whole log: {log}"])
    assert not over
