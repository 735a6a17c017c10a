"""What an operator gets wrong is named with its category and changes nothing."""

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
        ({"n8n_host": "n8n_.example.com"}, "[1] configuration error", ["n8n_.example.com", "is not a host name"]),
        ({"platform_applications": ["n8m"]}, "[1] configuration error", ["there is no service n8m", "mongodb, n8n,"]),
        ({"preflight_minimum_disk_gb": 10**6}, "[2] prerequisite error", ["disk"]),
        (
            {"platform_supplied_secrets": {"n8n_owner_password": "short"}},
            "[1] configuration error",
            ["n8n_owner_password", "at least 12 characters"],
        ),
        ({"platform_image_source": "mirror"}, "[1] configuration error", ["platform_image_mirror"]),
    ],
    ids=[
        "missing domain",
        "invalid host name",
        "unknown service",
        "too little disk",
        "weak password",
        "mirror without address",
    ],
)
def test_bad_settings(play, variables, category, words):
    refused(play(**variables), category, *words)


def test_wrong_vault_password(play, tmp_path):
    wrong = tmp_path / "password"
    wrong.write_text("wrong", encoding="utf-8")
    refused(play(env={"ANSIBLE_VAULT_PASSWORD_FILE": str(wrong)}), "[1] configuration error", "vault password")


def test_port_80_taken_names_the_holder(play, server, container):
    server.check_output(f"docker stop {container('caddy')}")
    server.check_output("systemd-run --unit holder python3 -m http.server 80")
    try:
        refused(play(), "[2] prerequisite error", "80/tcp", "python3")
    finally:
        server.check_output("systemctl stop holder")
        server.check_output(f"docker start {container('caddy')}")


def test_docker_daemon_down(play, server):
    server.check_output("systemctl stop docker.socket docker.service")
    try:
        refused(play(), "[2] prerequisite error", "systemctl status docker")
    finally:
        server.check_output("systemctl start docker.socket docker.service")


def test_database_owned_by_somebody_else(play, server, container):
    psql = f"docker exec {container('postgresql')} psql -U postgres -c %s"
    server.check_output(psql, "alter database directus_db owner to n8n_user")
    try:
        refused(play(), "directus_db", "n8n_user", "directus_user")
    finally:
        server.check_output(psql, "alter database directus_db owner to directus_user")
