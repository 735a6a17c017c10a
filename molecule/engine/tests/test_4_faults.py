"""Verification names everything that is broken, and nothing else, and changes nothing."""

from __future__ import annotations

import contextlib

import pytest
from conftest import eventually, healthy
from verification import Verification

CADDYFILE = "/opt/borgstack/caddy/Caddyfile"
HTTPS = "reachable by HTTPS"


@pytest.fixture(scope="module")
def verify(extended, tmp_path_factory) -> Verification:
    return Verification(extended, tmp_path_factory.mktemp("verify") / "report.json")


@pytest.fixture(scope="module")
def broken(verify, server, container):
    """Faults that have nothing to do with each other, all at once; what each of them is to be named as."""
    reload = f"docker exec {container('caddy')} caddy reload --config /etc/caddy/Caddyfile"
    with contextlib.ExitStack() as healing:

        def heal(command: str) -> None:
            healing.callback(server.check_output, command)

        caddy = container("caddy")
        images = server.check_output("docker inspect -f '{{.Config.Image}} {{.Image}}' %s", caddy)
        image, deployed = images.split()
        anew = "docker compose --project-directory /opt/borgstack up -d --no-deps caddy"
        server.check_output(f"docker commit --change 'LABEL swapped=yes' {caddy} {image} && {anew}")
        heal(f"docker tag {deployed} {image} && {anew}")
        server.check_output(f"docker pause {container('redis')}")
        heal(f"docker unpause {container('redis')}")
        server.check_output(f"docker stop --time 1 {container('directus')}")
        heal(f"docker start {container('directus')}")
        server.check_output(f"cp -p {CADDYFILE} /root/kept && sed -i 's|error @blocked 404||' {CADDYFILE} && {reload}")
        heal(f"cp -p /root/kept {CADDYFILE} && {reload}")
        server.check_output("ufw allow 8055/tcp && systemd-run --unit opened python3 -m http.server 8055")
        heal("ufw delete allow 8055/tcp && systemctl stop opened")
        server.check_output("chmod 0644 /opt/borgstack/secrets/postgresql.env")
        heal("chmod 0600 /opt/borgstack/secrets/postgresql.env")
        yield {
            ("caddy", "container caddy"): 1,
            ("redis", "container redis"): 4,
            ("directus", "container directus"): 4,
            ("directus", HTTPS): 4,
            ("wiki", "internal paths are not published"): 1,
            ("host", "internal ports are closed to the outside"): 1,
            ("platform", "files, their owners and modes are as declared"): 1,
        }
    # Each verification is a whole run: not before it can succeed.
    eventually(lambda: healthy(server), 180)
    eventually(lambda: verify()[1] == {}, 180)


def categories(failures) -> dict:
    return {named: row["category"] for named, row in failures.items()}


def test_everything_that_is_broken_is_named_and_nothing_else(broken, verify):
    run, failures = verify()
    assert categories(failures) == broken
    assert run.returncode == 2 and "[4] service startup error: it is paused" in run.output
    assert failures["redis", "container redis"]["remedy"].endswith("unpause redis` on the host")


@pytest.mark.parametrize("service", ["directus", "wiki"])
def test_one_services_verification_is_not_troubled_by_another_one(broken, verify, service):
    # The files and the firewall are everybody's.
    wanted = {named: category for named, category in broken.items() if named[0] in (service, "platform", "host")}
    assert len(wanted) < len(broken)
    assert categories(verify("--tags", service)[1]) == wanted
