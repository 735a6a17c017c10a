"""Verification names what is broken, and nothing else, and changes nothing."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
from conftest import eventually, unhurried

CADDYFILE = "/opt/borgstack/caddy/Caddyfile"
AUTHORITY = "/data/caddy/pki/authorities/local/root.crt"


@pytest.fixture(scope="module")
def verify(play, tmp_path_factory):
    """Verify; return the run and what it reported: `(run, {(component, check): row})`, failures only."""
    report = tmp_path_factory.mktemp("verify") / "report.json"

    def run(*arguments: str, connect_to: str = "host", **variables):
        report.unlink(missing_ok=True)
        settings = {"verify_connect_to": connect_to, "verify_report": str(report), **variables}
        finished = play(*arguments, playbook="playbooks/verify.yml", **settings)
        document = json.loads(report.read_text(encoding="utf-8"))
        assert document["ok"] == (finished.returncode == 0) and finished.changed == 0, finished.output[-3000:]
        rows = document["checks"]
        assert len(rows) > 5
        return finished, {(row["component"], row["check"]): row for row in rows if row["state"] == "failed"}

    return run


@pytest.fixture
def well(verify):
    """All is well again after the test, and so before the next one."""
    yield
    eventually(lambda: verify()[1] == {}, 180)


def test_a_platform_that_works_is_said_to_work(verify, secrets):
    for arguments in (["--check"], ["-vvv"]):
        run, failures = verify(*arguments)
        assert failures == {} and "checks are ok" in run.output
        assert not [name for name, secret in secrets.items() if secret in run.output]


def test_containers_that_do_not_work_are_named(well, verify, server, container):
    server.check_output(f"docker pause {container('redis')}")
    server.check_output(f"docker stop --time 1 {container('n8n-worker')}")
    try:
        run, failures = verify()
    finally:
        server.check_output(f"docker unpause {container('redis')}")
        server.check_output(f"docker start {container('n8n-worker')}")
    assert set(failures) >= {("redis", "container redis"), ("n8n", "container n8n-worker")}
    assert run.returncode == 2 and "[4] service startup error: it is paused" in run.output
    assert failures["redis", "container redis"]["remedy"].endswith("unpause redis` on the host")
    # What has nothing to do with it is still looked at, and is well.
    assert not any(component in ("postgresql", "seaweedfs", "host") for component, _check in failures)


def test_one_services_verification_is_not_troubled_by_another_one(well, verify, server, container):
    server.check_output(f"docker stop --time 1 {container('n8n-worker')}")
    try:
        assert verify("--tags", "directus")[1] == {}
        assert verify("--tags", "n8n")[1] != {}
    finally:
        server.check_output(f"docker start {container('n8n-worker')}")


def test_a_published_internal_path_and_an_open_port_are_named(well, verify, server, container):
    reload = f"docker exec {container('caddy')} caddy reload --config /etc/caddy/Caddyfile"
    server.check_output(f"cp {CADDYFILE} {CADDYFILE}.kept && sed -i 's|error @blocked 404||' {CADDYFILE} && {reload}")
    server.check_output("ufw allow 8055/tcp && systemd-run --unit opened python3 -m http.server 8055")
    try:
        _run, failures = verify()
    finally:
        server.check_output("ufw delete allow 8055/tcp && systemctl stop opened")
        server.check_output(f"cp {CADDYFILE}.kept {CADDYFILE} && rm {CADDYFILE}.kept && {reload}")
    # Some applications themselves have nothing at their paths.
    assert set(failures) >= {
        ("evolution-api", "internal paths are not published"),
        ("host", "internal ports are closed to the outside"),
    }
    assert {check for _component, check in failures} == {
        "files, their owners and modes are as declared",
        "internal paths are not published",
        "internal ports are closed to the outside",
    }
    assert all(row["category"] == 1 for row in failures.values())


def test_a_certificate_that_nobody_trusts_is_named(well, verify, server, container):
    other = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=other -keyout /dev/null"
    inside = f"docker exec --interactive {container('caddy')} sh -c"
    server.check_output(f"{inside} 'cp {AUTHORITY} /data/kept'")
    server.check_output(f"{other} 2>/dev/null | {inside} 'cat > {AUTHORITY}'")
    try:
        _run, failures = verify()
    finally:
        server.check_output(f"{inside} 'cp /data/kept {AUTHORITY} && rm /data/kept'")
    sites = {"n8n", "evolution-api", "chatwoot", "directus", "lowcoder", "fileflows", "duplicati"}
    assert {component for component, _check in failures} == sites
    assert "certificate" in failures["directus", "reachable by HTTPS"]["what"]


def test_a_name_that_does_not_resolve_is_named(verify):
    run, failures = verify("--tags", "directus", connect_to="dns")
    assert set(failures) == {("directus", "reachable by HTTPS")}
    assert failures["directus", "reachable by HTTPS"]["category"] == 3
    assert "make a DNS record of directus.demo.example.com" in run.output


def test_a_host_whose_docker_is_down_is_told_of_in_time(well, verify, server):
    server.check_output("systemctl stop docker.socket docker")
    try:
        run, failures = verify()
    finally:
        server.check_output("systemctl start docker")
    assert "[2] prerequisite error: Docker does not answer" in run.output
    assert ("n8n", "reachable by HTTPS") in failures


def test_a_host_that_is_gone_is_a_row_too(play, tmp_path):
    report = tmp_path / "report.xml"
    finished = play(
        playbook="playbooks/verify.yml", verify_report=str(report), ansible_host="203.0.113.1", ansible_timeout=3
    )
    assert finished.returncode != 0
    [failure] = ElementTree.parse(report).getroot().iter("failure")
    assert failure.text.startswith("[3] network error at verification")


def test_without_secrets_nothing_is_made(play, tmp_path):
    vault = tmp_path / "vault.yml"
    finished = play("--tags", "directus", playbook="playbooks/verify.yml", platform_secrets_file=str(vault))
    assert finished.returncode == 2 and not vault.exists()
    # Not that everything has a wrong password.
    assert "it does not exist, but the host has files of the platform in" in " ".join(finished.output.split())


def test_a_broken_wire_of_the_messages_is_named(well, verify, server, container, secrets):
    admin = (
        f"docker exec -e REDISCLI_AUTH={secrets['redis_admin_password']} {container('redis')} redis-cli --user platform"
    )
    server.check_output(f"{admin} acl setuser whatsapp_chatwoot resetkeys")
    try:
        _run, failures = verify("--tags", "whatsapp_chatwoot")
    finally:
        server.check_output(f"{admin} acl load")
    assert [check for component, check in failures if component == "whatsapp-chatwoot"] == ["n8n to Redis"]


def test_a_message_goes_the_whole_way_where_that_is_asked_for(verify):
    run, failures = verify("--tags", "whatsapp_chatwoot", whatsapp_chatwoot_verify_whole_way=True)
    assert failures == {} and "a reply out through" in run.output, run.output[-3000:]


def test_it_is_quick(play):
    best = min(_seconds(play) for _ in range(3))
    assert best < unhurried(20)


def _seconds(play) -> float:
    output = play(playbook="playbooks/verify.yml", verify_connect_to="host").output
    line = next(line for line in output.splitlines() if line.startswith("Took "))
    return float(line.split()[1])
