"""Playbooks, run as an operator would run them."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
# What an operator has: the settings of Molecule, and where these tests find the collection, would hide that.
OPERATOR = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHONPATH"))}
OPERATOR["ANSIBLE_CALLBACKS_ENABLED"] = "borgstack.platform.progress"
OPERATOR["ANSIBLE_HOST_KEY_CHECKING"] = "False"
if "ANSIBLE_VAULT_PASSWORD_FILE" in os.environ:
    OPERATOR["ANSIBLE_VAULT_PASSWORD_FILE"] = os.environ["ANSIBLE_VAULT_PASSWORD_FILE"]


@dataclass(frozen=True)
class Run:
    """One finished run of a playbook."""

    returncode: int
    output: str

    @property
    def changed(self) -> int:
        """Changes that the recap counts; -1 without a recap."""
        counts = re.findall(r"changed=(\d+)", self.output)
        return sum(int(count) for count in counts) if counts else -1

    @property
    def seconds(self) -> float:
        """How long it took by its own account."""
        return float(re.search(r"^Took ([\d.]+) s", self.output, re.MULTILINE)[1])


def command_of(playbook: str, inventory: str, arguments: tuple[str, ...] = (), variables: dict | None = None) -> list:
    """Return the command line of a run; the variables come last, so that no file of settings wins over them."""
    command = ["ansible-playbook", playbook, "-i", inventory, *arguments]
    if variables:
        command += ["-e", yaml.safe_dump(variables, default_flow_style=True, width=10**6).strip()]
    return command


def run_playbook(
    playbook: str,
    inventory: str,
    *arguments: str,
    variables: dict | None = None,
    cwd: Path = ROOT,
    env: dict[str, str] | None = None,
) -> Run:
    """Run a playbook to its end."""
    finished = subprocess.run(
        command_of(playbook, inventory, arguments, variables),
        check=False,
        cwd=cwd,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**OPERATOR, **(env or {})},
    )
    return Run(finished.returncode, finished.stdout)
