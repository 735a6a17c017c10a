"""Decisions that are made on the controller, before any host is asked."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml
from plays import ROOT, run_playbook

# A host that nobody can reach: whatever is not decided on the controller fails here.
NOWHERE = {"ansible_connection": "ssh", "ansible_ssh_executable": "/bin/false", "ansible_host": "192.0.2.1"}


class Cases:
    """Many cases in one run: each case is a host with its own settings.

    Args:
        folder: where the inventory, the secrets and the answers go.
        playbook: the playbook of this folder that is run.
        cases: variables by case.
        group_vars: of which inventory.
    """

    def __init__(self, folder: Path, playbook: str, cases: dict[str, dict], group_vars: Path):
        self.folder = folder
        (folder / "answers").mkdir()
        (folder / "group_vars").symlink_to(group_vars)
        (folder / "password").write_text("of a test", encoding="utf-8")
        hosts = {
            name: {**NOWHERE, "platform_secrets_file": str(folder / f"{name}.vault.yml"), **variables}
            for name, variables in cases.items()
        }
        (folder / "hosts.yml").write_text(yaml.safe_dump({"platform": {"hosts": hosts}}), encoding="utf-8")
        self.run = run_playbook(
            str(ROOT / "tests/controller" / playbook),
            str(folder / "hosts.yml"),
            variables={"answers": str(folder / "answers"), "demo_https_port": 443},
            env={"ANSIBLE_VAULT_PASSWORD_FILE": str(folder / "password")},
        )
        found = (folder / "answers").glob("*.json")
        self.answers = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in found}

    def secrets(self, case: str) -> dict[str, str]:
        """Return the secrets that were made for a case."""
        viewed = subprocess.run(
            [
                "ansible-vault",
                "view",
                "--vault-password-file",
                self.folder / "password",
                self.folder / f"{case}.vault.yml",
            ],
            check=True,
            capture_output=True,
        )
        return yaml.safe_load(viewed.stdout)

    def refusal(self, case: str) -> str:
        """Return why a case was refused, with single blanks."""
        assert case in self.answers, self.run.output[-3000:]
        return " ".join(self.answers[case]["refused"].split())


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """Return a function that runs a playbook of this folder for many cases."""

    def ask(playbook: str, cases: dict[str, dict], group_vars: Path = ROOT / "inventories/demo/group_vars") -> Cases:
        return Cases(tmp_path_factory.mktemp("controller"), playbook, cases, group_vars)

    return ask


@pytest.fixture(scope="session")
def declared(tmp_path_factory):
    """Return a function that gives what the services of an inventory declare; each inventory is asked once."""
    known: dict[str, Cases] = {}

    def of(inventory: str) -> dict[str, dict]:
        if inventory not in known:
            group_vars = ROOT / "inventories" / inventory / "group_vars"
            folder = tmp_path_factory.mktemp("inventory")
            known[inventory] = Cases(folder, "declare.yml", {"host": {"platform_domain": "example.com"}}, group_vars)
        assert known[inventory].refusal("host") == ""
        return known[inventory].answers["host"]["declarations"]

    return of
