"""What an operator is told is printed as text, whatever shows the run."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
LINES = ["result  what", 'failed  it is "paused" \x1b[31m', "        What to do: unpause it."]
SHOWN = ["result  what", 'failed  it is "paused"  [31m', "        What to do: unpause it."]


@pytest.fixture
def play(tmp_path):
    """Run a play that reports the lines; return what it printed."""
    tasks = [{"borgstack.platform.report": {"lines": LINES}}]
    playbook = [{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]
    (tmp_path / "play.yml").write_text(yaml.safe_dump(playbook), encoding="utf-8")

    def run(callback: str, *arguments: str) -> str:
        environment = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
            "ANSIBLE_STDOUT_CALLBACK": callback,
        }
        command = ["ansible-playbook", "play.yml", *arguments]
        finished = subprocess.run(command, check=True, cwd=tmp_path, env=environment, capture_output=True, text=True)
        return finished.stdout

    return run


@pytest.mark.parametrize(("callback", "arguments"), [("default", []), ("minimal", ["--check"]), ("oneline", [])])
def test_lines_are_printed_as_they_are(play, callback, arguments):
    printed = play(callback, *arguments)
    assert "\n".join(SHOWN) + "\n" in printed
    assert "\x1b" not in printed


def test_what_machines_read_stays_one_document(play):
    [recorded] = json.loads(play("ansible.posix.json"))["plays"][0]["tasks"]
    assert recorded["hosts"]["localhost"]["lines"] == SHOWN
