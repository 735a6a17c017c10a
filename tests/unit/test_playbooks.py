"""Every playbook says what is wrong with an inventory that has no platform, instead of looking as if all were well."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOKS = sorted(path for path in (ROOT / "playbooks").glob("*.yml") if path.name != "inventory.yml")
MISNAMED = "platfrom:\n  hosts:\n    server.example.com:\n"


def played(playbook: Path, *arguments: str) -> subprocess.CompletedProcess:
    command = [str(Path(sys.executable).parent / "ansible-playbook"), str(playbook), *arguments]
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections")}
    return subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.stem)
def test_an_inventory_without_the_group_is_refused(playbook, tmp_path):
    (tmp_path / "hosts.yml").write_text(MISNAMED, encoding="utf-8")
    finished = played(playbook, "-i", str(tmp_path / "hosts.yml"))
    assert finished.returncode != 0 and "[1] configuration error" in finished.stdout + finished.stderr
    assert "its groups are platfrom" in finished.stdout + finished.stderr


def test_no_inventory_at_all_is_refused():
    finished = played(ROOT / "site.yml")
    assert finished.returncode != 0 and "no host in the group platform" in finished.stdout + finished.stderr
