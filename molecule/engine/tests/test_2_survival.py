"""Data and services survive what happens to servers and to runs."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import uuid

import pytest
from conftest import DOMAIN, ROOT, eventually
from estate import Estate, Markers
from plays import OPERATOR, command_of
from power import reboot

SITE = f"https://directus.{DOMAIN}/server/ping"
SEED = int(os.environ.get("BORGSTACK_TEST_SEED") or random.randrange(10**6))
KILLS = int(os.environ.get("BORGSTACK_TEST_KILLS") or 2)


@pytest.fixture(scope="module")
def markers(server, secrets, s3):
    estate = Estate(server, secrets)
    return Markers(estate, s3, secrets, f"proof_{uuid.uuid4().hex[:12]}", "directus_db", "directus")


def test_a_crashed_container_comes_back(server, container, serving):
    pid = server.check_output(f"docker inspect --format '{{{{.State.Pid}}}}' {container('directus')}")
    server.check_output(f"kill -9 {pid}")
    serving(SITE)


def test_a_stopped_container_is_started_by_the_next_run(play, server, container, serving):
    server.check_output(f"docker stop {container('directus')}")
    predicted = play("--check")
    assert (predicted.returncode, predicted.changed) == (0, 1), predicted.output
    run = play()
    assert (run.returncode, run.changed) == (0, 1), run.output
    serving(SITE)


def test_data_survives_recreated_containers(server, markers, serving):
    server.check_output("cd /opt/borgstack && docker compose up --detach --force-recreate --wait")
    serving(SITE)
    markers.assert_kept()


def test_data_survives_a_restart_of_the_daemon(server, markers, serving):
    server.check_output("systemctl restart docker")
    serving(SITE)
    markers.assert_kept()


def test_a_reboot_stops_containers_in_order_and_starts_what_ran(name, server, address, container, markers, serving):
    server.check_output(f"docker stop {container('caddy')}")
    reboot(name, server, address)
    # What was stopped by hand before is the operator's will.
    assert server.check_output(f"docker inspect --format {{{{.State.Running}}}} {container('caddy')}") == "false"
    server.check_output(f"docker start {container('caddy')}")
    serving(SITE)
    markers.assert_kept()
    assert "Status: active" in server.check_output("ufw status")
    assert "DROP" in server.check_output("iptables -S DOCKER-USER")


def test_runs_that_are_killed_at_any_moment_are_completed_by_the_next_one(play, inventory, server, markers, serving):
    print(f"BORGSTACK_TEST_SEED={SEED} BORGSTACK_TEST_KILLS={KILLS}")
    moments = random.Random(SEED)
    for kill in range(KILLS):
        # Each run has something to do: containers with other limits, and one that is gone.
        server.check_output("docker rm --force borgstack-directus-1")
        memory = {"directus_memory_limit_mb": 1024 + 8 * kill, "redis_queue_memory_mb": 300 + 8 * kill}
        settings = ("-e", f"@{ROOT / 'molecule/shared/vars/settings.yml'}")
        process = subprocess.Popen(
            command_of("site.yml", inventory, settings, memory),
            cwd=ROOT,
            env=OPERATOR,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            process.wait(moments.uniform(2, 14))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    run = eventually(lambda: (done := play()).returncode == 0 and done, 180)
    serving(SITE)
    markers.assert_kept()
    again = play()
    assert (again.returncode, again.changed) == (0, 0), run.output + again.output
