"""All services and their data survive a reboot; what else happens to servers is proven on the engine's server."""

from __future__ import annotations

import subprocess
import uuid

from conftest import DOMAIN, answers, eventually
from estate import Estate, Markers


def test_everything_survives_a_reboot(name, play, server, address, secrets, s3, serving):
    markers = Markers(Estate(server, secrets), s3, secrets, f"proof_{uuid.uuid4().hex[:12]}", "n8n_db", "n8n")
    # What a container has for a power button.
    subprocess.run(["docker", "restart", "--time", "60", name], check=True, capture_output=True)
    eventually(lambda: answers(address, 22), 60)
    serving(f"https://n8n.{DOMAIN}/", f"https://directus.{DOMAIN}/server/ping")
    markers.assert_kept()
    assert "Status: active" in server.check_output("ufw status")
    assert "DROP" in server.check_output("iptables -S DOCKER-USER")
    run = play()
    assert (run.returncode, run.changed) == (0, 0), run.output
