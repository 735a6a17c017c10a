"""What stands in the way is named with its category and changes nothing. Settings that are refused before a host is
looked at are in tests/controller; two of them are here, through the playbook that operators run."""

from __future__ import annotations

import pytest


def refused(run, category: str, *words: str) -> None:
    """Assert that a run failed with a category and certain words, before it changed anything."""
    text = " ".join(run.output.split())
    assert run.returncode != 0, run.output
    assert category in text, run.output
    for word in words:
        assert word in text, run.output
    assert run.changed == 0, run.output


@pytest.mark.parametrize(
    ("variables", "category", "words"),
    [
        ({"platform_domain": ""}, "[1] configuration error", ["platform_domain is not set"]),
        ({"preflight_minimum_disk_gb": 10**6}, "[2] prerequisite error", ["disk"]),
    ],
    ids=["missing domain", "too little disk"],
)
def test_bad_settings(play, variables, category, words):
    refused(play(**variables), category, *words)


def test_port_80_taken_names_the_holder(play, server, container):
    server.check_output(f"docker stop {container('caddy')}")
    server.check_output("systemd-run --unit holder python3 -m http.server 80")
    try:
        refused(play(), "[2] prerequisite error", "80/tcp", "python3")
    finally:
        server.check_output("systemctl stop holder")
        server.check_output(f"docker start {container('caddy')}")


def test_a_stopped_docker_is_named_by_a_verification_and_started_by_a_run(play, server, verify):
    server.check_output("systemctl stop docker.socket docker.service")
    try:
        run, failures = verify()
        assert "[2] prerequisite error: Docker does not answer" in run.output
        assert ("directus", "reachable by HTTPS") in failures
        run = play()
        assert run.returncode == 0 and server.service("docker").is_running, run.output
    finally:
        server.check_output("systemctl start docker.socket docker.service")


def test_database_owned_by_somebody_else(play, server, container):
    psql = f"docker exec {container('postgresql')} psql -U postgres -c %s"
    server.check_output(psql, "create role stranger")
    server.check_output(psql, "alter database directus_db owner to stranger")
    try:
        refused(play(), "directus_db", "stranger", "directus_user")
    finally:
        server.check_output(psql, "alter database directus_db owner to directus_user")
        server.check_output(psql, "drop role stranger")
