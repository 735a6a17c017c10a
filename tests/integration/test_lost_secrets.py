"""A run on a host that has a platform, without the file of secrets that it was deployed with: nothing is made."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import yaml
from integration.conftest import ROOT

pytestmark = pytest.mark.integration
SERVICES = {"datastores": ["postgresql", "redis"], "applications": ["n8n"], "integrations": [], "edge": ["caddy"]}


class Site:
    """site.yml up to where the host is judged, on this machine, in check mode or not; it changes nothing there."""

    def __init__(self, folder):
        self.vault = folder / "group_vars/vault.yml"
        self.directory = folder / "opt"
        variables = {
            "ansible_connection": "local",
            "ansible_become": False,
            "ansible_python_interpreter": sys.executable,
            "platform_domain": "demo.example.com",
            "platform_directory": str(self.directory),
            "platform_name": "no-such-platform",
            **{f"platform_{kind}": names for kind, names in SERVICES.items()},
        }
        self._inventory = folder / "hosts.yml"
        self._inventory.write_text(yaml.safe_dump({"platform": {"hosts": {"here": variables}}}), encoding="utf-8")
        self._password = folder / "password"
        self._password.write_text("one", encoding="utf-8")

    def vaulted(self, verb: str) -> str:
        """Have the file viewed or encrypted."""
        command = ["ansible-vault", verb, "--vault-password-file", str(self._password), str(self.vault)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def run(self, *arguments: str) -> str:
        """Declare, judge the host, and return what was printed."""
        command = ["ansible-playbook", str(ROOT / "playbooks/site.yml"), "-i", str(self._inventory)]
        command += ["--vault-password-file", str(self._password), "--tags", "preflight", *arguments]
        environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections")}
        finished = subprocess.run(
            command, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment
        )
        return " ".join(finished.stdout.split())


@pytest.fixture
def site(tmp_path) -> Site:
    return Site(tmp_path)


def test_a_lost_file_is_not_replaced(site):
    site.directory.mkdir()
    (site.directory / ".managed-files").write_text("compose.yaml\n", encoding="utf-8")
    for check in (["--check"], []):
        printed = site.run(*check)
        assert (
            f"[10] data error at {site.vault}: it does not exist, but the host has files of the platform in" in printed
        )
        assert not site.vault.exists() and list(site.directory.iterdir()) == [site.directory / ".managed-files"]


def test_a_key_that_the_file_lacks_is_not_replaced(site):
    (site.directory / "immutable").mkdir(parents=True)
    made = site.run()
    assert "[10]" not in made and site.vault.exists()
    command = [
        "ansible-vault",
        "view",
        "--vault-password-file",
        str(site.vault.parents[1] / "password"),
        str(site.vault),
    ]
    secrets = yaml.safe_load(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    del secrets["n8n_encryption_key"]
    site.vault.write_text(yaml.safe_dump(secrets), encoding="utf-8")
    site.vaulted("encrypt")
    (site.directory / "immutable/n8n_encryption_key").write_text("hash", encoding="utf-8")
    before = site.vault.read_bytes()
    assert "it lacks n8n_encryption_key, which data on the host was written with" in site.run()
    assert site.vault.read_bytes() == before


def test_a_mistyped_file_shows_its_place_alone(site):
    site.vault.parent.mkdir()
    site.vault.write_text('a: b\nx: "Marker-7-seen-nowhere\n', encoding="utf-8")
    command = [
        "ansible-vault",
        "encrypt",
        "--vault-password-file",
        str(site.vault.parents[1] / "password"),
        str(site.vault),
    ]
    subprocess.run(command, check=True, capture_output=True)
    printed = site.run("-vvv")
    assert "no valid YAML at line 3, column 1" in printed and "Marker-7" not in printed
