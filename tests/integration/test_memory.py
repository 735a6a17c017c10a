"""The default memory limits fit the hosts that they are meant for."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOK = """
- hosts: platform
  gather_facts: false
  tasks:
    - ansible.builtin.import_role:
        name: borgstack.platform.platform
        tasks_from: declare
    - ansible.builtin.copy:
        content: "{{ platform_declarations | borgstack.platform.memory_limit_mb }} {{ platform_size }}"
        dest: "{{ results }}/{{ inventory_hostname }}"
      delegate_to: localhost
"""
# Memory as Linux counts it, in megabytes: a kernel takes its part of 16, 36 and 64 GB. Less than the first is refused.
HOSTS = {"nominal-16": 15400, "first-standard": 34000, "nominal-36": 35900, "nominal-64": 64000}


@pytest.fixture(scope="module")
def limits(tmp_path_factory) -> dict[str, tuple[int, str]]:
    """For each host, the sum of all limits in megabytes, and the size."""
    folder = tmp_path_factory.mktemp("memory")
    hosts = {
        name: {
            "ansible_connection": "local",
            "platform_domain": "example.com",
            "platform_host": {"memory_mb": memory, "cpu_count": 8},
            "platform_secrets_file": str(folder / "vault.yml"),
            "results": str(folder),
        }
        for name, memory in HOSTS.items()
    }
    (folder / "hosts.yml").write_text(json.dumps({"platform": {"hosts": hosts}}))
    (folder / "play.yml").write_text(PLAYBOOK)
    (folder / "password").write_text("test")
    finished = subprocess.run(
        [
            "ansible-playbook",
            folder / "play.yml",
            "-i",
            folder / "hosts.yml",
            "--vault-password-file",
            folder / "password",
        ],
        check=False,
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections")},
        text=True,
        capture_output=True,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    found = {name: (folder / name).read_text().split() for name in HOSTS}
    return {name: (int(total), size) for name, (total, size) in found.items()}


@pytest.mark.parametrize("host", HOSTS)
def test_all_services_fit_with_something_to_spare_for_the_host(limits, host):
    total, size = limits[host]
    assert size == ("small" if host == "nominal-16" else "standard")
    assert total < HOSTS[host] - 256
