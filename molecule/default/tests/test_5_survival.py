"""Data and services survive what happens to servers."""

from __future__ import annotations

import subprocess
import uuid

import pytest
from conftest import DOMAIN, PROJECT, answers, eventually

MARKER = f"proof_{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="module")
def data(server, secrets, container, s3):
    """Write a marker into each datastore; return a function that asserts that all of them still hold it."""

    def psql(statement: str) -> str:
        return server.check_output(
            f"docker exec {container('postgresql')} psql -U postgres -d n8n_db -tAc %s", statement
        )

    def redis(*words: str) -> str:
        environment = f"-e REDISCLI_AUTH={secrets['n8n_redis_password']}"
        return server.check_output(
            f"docker exec {environment} {container('redis')} redis-cli --user n8n {' '.join(words)}"
        )

    psql(f"create table if not exists {MARKER} as select 1 as kept")
    redis("set", f"n8n:{MARKER}", "kept")
    s3("n8n", secrets["n8n_s3_secret_key"], "put", "n8n", MARKER)

    def kept() -> None:
        assert psql(f"select kept from {MARKER}").strip() == "1"
        assert redis("get", f"n8n:{MARKER}").strip() == "kept"
        assert s3("n8n", secrets["n8n_s3_secret_key"], "get", "n8n", MARKER) == "kept"

    return kept


@pytest.fixture
def serving(web, server):
    """Return a function that waits until every container is healthy and both sites answer."""

    def check() -> bool:
        listed = server.run(f"docker ps --filter label=com.docker.compose.project={PROJECT} --format '{{{{.Status}}}}'")
        healthy = [line for line in listed.stdout.splitlines() if line.endswith("(healthy)")]
        return (
            len(healthy) == 16
            and web.get(f"https://n8n.{DOMAIN}/").ok
            and web.get(f"https://directus.{DOMAIN}/server/ping").text == "pong"
        )

    return lambda: eventually(check, 180)


def test_a_crashed_container_comes_back(server, container, serving):
    pid = server.check_output(f"docker inspect --format '{{{{.State.Pid}}}}' {container('directus')}")
    server.check_output(f"kill -9 {pid}")
    serving()


def test_a_stopped_container_is_started_by_the_next_run(play, server, container, serving):
    server.check_output(f"docker stop {container('n8n-worker')}")
    predicted = play("--check")
    assert (predicted.returncode, predicted.changed) == (0, 1), predicted.output
    run = play()
    assert (run.returncode, run.changed) == (0, 1), run.output
    serving()


def test_data_survives_recreated_containers(server, data, serving):
    server.check_output("cd /opt/borgstack && docker compose up --detach --force-recreate --wait")
    serving()
    data()


def test_data_survives_a_restart_of_the_daemon(server, data, serving):
    server.check_output("systemctl restart docker")
    serving()
    data()


def test_everything_survives_a_reboot(name, server, address, data, serving):
    # What a container has for a power button.
    subprocess.run(["docker", "restart", "--time", "60", name], check=True, capture_output=True)
    eventually(lambda: answers(address, 22), 60)
    serving()
    data()
    assert "Status: active" in server.check_output("ufw status")
    assert "DROP" in server.check_output("iptables -S DOCKER-USER")


def test_nothing_changes_after_all_that(play):
    run = play()
    assert (run.returncode, run.changed) == (0, 0), run.output
