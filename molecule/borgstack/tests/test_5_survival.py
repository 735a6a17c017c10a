"""All services and their data survive a reboot, and need no run after it; what else happens to servers is proven on the
engine's server."""

from __future__ import annotations

import subprocess
import uuid

from conftest import DOMAIN, OPERATOR, ROOT
from estate import Estate, Markers
from power import reboot


def test_everything_survives_a_reboot(name, server, address, secrets, s3, serving):
    markers = Markers(Estate(server, secrets), s3, secrets, f"proof_{uuid.uuid4().hex[:12]}", "n8n_db", "n8n")
    reboot(name, server, address)
    serving(f"https://n8n.{DOMAIN}/", f"https://directus.{DOMAIN}/server/ping")
    markers.assert_kept()
    assert "Status: active" in server.check_output("ufw status")
    assert "DROP" in server.check_output("iptables -S DOCKER-USER")


def test_then_the_installed_collection_changes_nothing_from_a_clean_directory(play, tmp_path):
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
