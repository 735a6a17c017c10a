"""One run at a time, with real runs of ansible-playbook: at once, killed, ended, in check mode."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from integration.conftest import ROOT
from patience import unhurried

from ansible_collections.borgstack.platform.plugins.plugin_utils.keeper import start_time

pytestmark = pytest.mark.integration
NAME = "it-lock"


class Runs:
    """Runs of one small play on this machine, whose lock lies in a folder of its own."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.lock = folder / f"borgstack.platform-{NAME}.lock"
        lock = {"name": NAME, "what": "{{ words | default(ansible_play_name) }}", "directory": str(folder)}
        tasks = [
            {"borgstack.platform.run_lock": lock},
            {"borgstack.platform.run_lock": lock},
            {"ansible.builtin.file": {"path": "{{ until }}.waiting", "state": "touch"}, "when": "until is defined"},
            {
                "ansible.builtin.wait_for": {"path": "{{ until }}", "timeout": 120, "sleep": 1},
                "when": "until is defined",
            },
        ]
        play = {"name": "Change things", "hosts": "localhost", "gather_facts": False, "tasks": tasks}
        play["vars"] = {"ansible_python_interpreter": sys.executable}
        (folder / "play.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")

    def start(self, *arguments: str) -> subprocess.Popen:
        """Start a run."""
        return subprocess.Popen(
            [str(Path(sys.executable).parent / "ansible-playbook"), "play.yml", *arguments],
            cwd=self.folder,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"), "COLUMNS": "1000"},
        )

    def finish(self, *arguments: str) -> tuple[int, str]:
        """Run to the end; returns the exit status and the output."""
        run = self.start(*arguments)
        output, _none = run.communicate(timeout=180)
        return run.returncode, output

    def hold(self) -> subprocess.Popen:
        """Start a run that holds the lock until it is killed."""
        run = self.start("-e", f"until={self.folder / 'never'}")
        self.wait((self.folder / "never.waiting").exists)
        return run

    @staticmethod
    def wait(ready, seconds: int = 60) -> None:
        """Wait until `ready()`."""
        deadline = time.monotonic() + seconds
        while not ready():
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.fixture
def runs(tmp_path):
    return Runs(tmp_path)


def test_a_run_that_ended_leaves_the_lock_to_the_next_one(runs):
    for _once in range(2):
        status, output = runs.finish()
        assert status == 0, output
    runs.wait(lambda: not runs.lock.exists())
    assert runs.finish("--check")[0] == 0 and not runs.lock.exists()


def test_a_second_run_is_refused_and_told_of_the_first_which_goes_on(runs):
    first = runs.hold()
    try:
        status, output = runs.finish()
        assert status != 0 and "[2] prerequisite error" in output
        assert f"process {first.pid}" in output and "Change things" in output and "since 20" in output
        assert first.poll() is None
        # What changes nothing is let in.
        assert runs.finish("--check")[0] == 0
    finally:
        first.kill()
        first.wait()


def test_a_killed_run_leaves_the_lock_at_once(runs):
    first = runs.hold()
    first.send_signal(signal.SIGKILL)
    first.wait()
    before = time.monotonic()
    runs.wait(lambda: not runs.lock.exists())
    assert time.monotonic() - before < unhurried(20)
    status, output = runs.finish()
    assert status == 0, output


def test_a_worker_whose_run_was_killed_before_it_began_takes_no_lock(runs):
    worker = runs.folder / "worker"
    slow = f"{{{{ lookup('pipe', 'echo $PPID >{worker}.new; mv {worker}.new {worker}; sleep 3') }}}}"
    first = runs.start("-e", json.dumps({"words": slow}))
    runs.wait(worker.exists)
    first.send_signal(signal.SIGKILL)
    first.wait()
    orphan = int(worker.read_text())
    assert start_time(orphan) is not None
    runs.wait(lambda: start_time(orphan) is None)
    assert not runs.lock.exists()


def test_the_lock_of_another_boot_is_nobodys(runs):
    holder = {"run": "x", "who": "somebody", "what": "", "since": "yesterday", "boot": "another"}
    runs.lock.write_text(json.dumps(holder), encoding="utf-8")
    Path(f"{runs.lock}.beat").write_text("99999999\n", encoding="utf-8")
    assert runs.finish()[0] == 0
