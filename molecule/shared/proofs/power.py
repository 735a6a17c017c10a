"""The server's power button."""

from __future__ import annotations

import subprocess
import time

from conftest import PROJECT, answers, eventually, unhurried

SSH = 22
# The longest chain, of which each link takes a few seconds; what hangs has a minute and more to itself.
SECONDS = 45


def reboot(name: str, server, address: str) -> None:
    """Have a server go down and come back; see that it went soon, and that nothing had to be killed."""
    began = time.monotonic()
    # What a container has for a power button.
    subprocess.run(["docker", "stop", "--time", "90", name], check=True, capture_output=True)
    took = time.monotonic() - began
    subprocess.run(["docker", "start", name], check=True, capture_output=True)
    eventually(lambda: answers(address, SSH), 60)
    eventually(lambda: server.service("docker-in-order").is_running, 60)
    # Pytest rewrites no assertion of this module: what was found has to be told.
    assert took < unhurried(SECONDS), f"it took {took:.0f} s to go down"
    # It says at each start how it was stopped.
    told = server.check_output(f"docker logs {PROJECT}-postgresql-1 2>&1").rpartition("starting PostgreSQL")[2]
    assert "database system was shut down at" in told, told
    # Where a container's init process may not signal what it began, everything in the container is killed.
    logs = "docker ps --all --quiet | xargs --max-args=1 docker logs 2>&1"
    helpless = server.check_output(f"{logs} | grep 'error when forwarding signal' || true")
    assert not helpless, helpless
