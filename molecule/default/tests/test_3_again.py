"""Run again, from anywhere: nothing changes, and check mode says so."""

from __future__ import annotations

import subprocess

import pytest
from conftest import OPERATOR, ROOT


def test_check_mode_on_the_deployed_host_predicts_nothing(play):
    run = play("--check", "--diff")
    assert (run.returncode, run.changed) == (0, 0), run.output


def test_one_service_alone_changes_nothing(play):
    run = play("--tags", "n8n")
    assert (run.returncode, run.changed) == (0, 0), run.output
    assert "Read the rules of published ports" not in run.output
    # What was provisioned before is trusted; the run of all services asks the datastores.
    assert "Make the services' buckets" not in run.output


def test_the_installed_collection_does_the_same_from_a_clean_directory(play, tmp_path):
    collections = tmp_path / "collections"
    build = ["ansible-galaxy", "collection", "build", "--output-path", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    artifact = next(tmp_path.glob("borgstack-platform-*.tar.gz"))
    environment = {"ANSIBLE_COLLECTIONS_PATH": str(collections)}
    install = [
        "ansible-galaxy",
        "collection",
        "install",
        "--no-deps",
        "--collections-path",
        str(collections),
        str(artifact),
    ]
    subprocess.run(install, check=True, capture_output=True, cwd=tmp_path, env={**OPERATOR, **environment})
    assert (collections / "ansible_collections/borgstack/platform/playbooks/site.yml").exists()
    run = play(playbook="borgstack.platform.site", cwd=tmp_path, env=environment)
    assert (run.returncode, run.changed) == (0, 0), run.output


@pytest.mark.parametrize("selection", [[], ["--tags", "n8n"]], ids=["all services", "one service"])
def test_nothing_at_the_highest_verbosity_shows_a_secret(play, secrets, selection):
    run = play("-vvvv", "--diff", *selection)
    assert run.returncode == 0, run.output[-3000:]
    assert [name for name, value in secrets.items() if value in run.output] == []
