"""Lanes of script/test: all of them are waited for, nothing else is, and each must end well; what is for whichever of
them is free is done once."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

LANES = Path(__file__).resolve().parents[2] / "script/lanes"
SCRIPT = """
set -eu
say() { printf '%s\\n' "$*"; }
. "$1"
first() { sleep 0.3; echo one >>order; }
second() { echo two >>order; return "$failure"; }
failure=$2
sleep 600 >/dev/null 2>&1 &
trap "kill $!" EXIT
lane first first
lane second second
lanes_end
echo ended >>order
lanes_ended_well
"""


@pytest.fixture
def run(tmp_path):
    (tmp_path / "build").mkdir()

    def start(failure: str) -> subprocess.CompletedProcess:
        command = ["sh", "-c", SCRIPT, "sh", str(LANES), failure]
        return subprocess.run(command, cwd=tmp_path, check=False, text=True, capture_output=True, timeout=30)

    return start


def test_they_end_although_something_else_still_runs_in_the_background(run, tmp_path):
    finished = run("0")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert (tmp_path / "order").read_text(encoding="utf-8").split() == ["two", "one", "ended"]
    assert "second: ended with status 0" in finished.stdout


def test_one_that_fails_is_a_failure_of_all(run, tmp_path):
    finished = run("3")
    assert finished.returncode != 0 and "second: ended with status 3" in finished.stdout
    assert (tmp_path / "order").read_text(encoding="utf-8").split()[-1] == "ended"


SHARED = """
set -eu
say() { printf '%s\\n' "$*"; }
. "$1"
until_seen() { until grep -qs "$1" order; do sleep 0.05; done; }
does() { echo "$1 $2" >>order; [ "$2" != long ] || until_seen short; [ "$2" != worst ]; }
first() { for name in long worst short; do once "$name" does first "$name" || return; done; }
second() { until_seen long; for name in short worst long; do once "$name" does second "$name" || return; done; }
lane first first
lane second second
lanes_end
lanes_ended_well
"""


def test_what_is_for_whichever_lane_is_free_is_done_once(tmp_path):
    (tmp_path / "build").mkdir()
    finished = subprocess.run(
        ["sh", "-c", SHARED, "sh", str(LANES)], cwd=tmp_path, check=False, text=True, capture_output=True, timeout=30
    )
    done = (tmp_path / "order").read_text(encoding="utf-8").splitlines()
    assert sorted(line.split()[1] for line in done) == ["long", "short", "worst"]
    assert done[:2] == ["first long", "second short"]
    # Whoever did it, its failure is that of the lane, and so of all.
    assert finished.returncode != 0
