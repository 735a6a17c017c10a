"""Playbooks on this machine, timed from outside."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from report import ROOT


def play(tasks: list[dict]) -> tuple[float, int]:
    """Run tasks on this machine; return seconds, and how many of the tasks changed something."""
    here = {"ansible_connection": "local", "ansible_pipelining": True, "ansible_python_interpreter": sys.executable}
    named = [{"name": f"Task {number}", **task} for number, task in enumerate(tasks)]
    book = [{"hosts": "localhost", "gather_facts": False, "vars": here, "tasks": named}]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "play.json")
        path.write_text(json.dumps(book), encoding="utf-8")
        started = time.monotonic()
        finished = subprocess.run(
            ["ansible-playbook", "--inventory", "localhost,", str(path)],
            check=False,
            cwd=ROOT,
            text=True,
            capture_output=True,
            env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections")},
        )
        seconds = time.monotonic() - started
    if finished.returncode:
        sys.exit(finished.stdout[-4000:] + finished.stderr[-2000:])
    return seconds, int(re.search(r"changed=(\d+)", finished.stdout)[1])
