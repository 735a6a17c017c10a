"""Verification of what cannot be seen beside other faults: no site can be reached, or not even the host."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from verification import Verification

CADDYFILE = "/opt/borgstack/caddy/Caddyfile"
AUTHORITY = "/data/caddy/pki/authorities/local/root.crt"
HTTPS = "reachable by HTTPS"


@pytest.fixture(scope="module")
def verify(extended, tmp_path_factory) -> Verification:
    return Verification(extended, tmp_path_factory.mktemp("verify") / "report.json")


@pytest.fixture(scope="module")
def sites(server) -> set[str]:
    """The components that have a site: Caddy's upstreams."""
    return set(re.findall(r"reverse_proxy (?:https?://)?([\w-]+):", server.check_output(f"cat {CADDYFILE}")))


def test_a_certificate_that_nobody_trusts_is_named(verify, server, container, sites):
    other = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=other -keyout /dev/null"
    inside = f"docker exec --interactive {container('caddy')} sh -c"
    server.check_output(f"{inside} 'cp {AUTHORITY} /data/kept'")
    server.check_output(f"{other} 2>/dev/null | {inside} 'cat > {AUTHORITY}'")
    try:
        _run, failures = verify()
    finally:
        server.check_output(f"{inside} 'cp /data/kept {AUTHORITY} && rm /data/kept'")
    assert len(sites) > 1 and {component for component, _check in failures} == sites
    assert "certificate" in failures["directus", HTTPS]["what"]


def test_a_name_that_does_not_resolve_is_named(verify):
    run, failures = verify("--tags", "directus", connect_to="dns")
    assert set(failures) == {("directus", HTTPS)}
    assert failures["directus", HTTPS]["category"] == 3
    assert "make a DNS record of directus.demo.example.com" in run.output


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
