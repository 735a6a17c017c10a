"""Six PostgreSQL instances that do not concern each other, and Keycloak on one of them."""

from __future__ import annotations

import json

import pytest
from conftest import DOMAIN, PROJECT, answers

PORTS = {"infra": 5433, "chat": 5434, "slides": 5435, "suite": 5436, "mail": 5437, "sheet": 5438}
APPLICATIONS = [name for name in PORTS if name != "infra"]
# The kernel's own figures, in both versions of its interface.
LIMITS = """
cd /sys/fs/cgroup
if [ -e memory.max ]; then cat memory.max memory.low cpu.max; else
  cat memory/memory.limit_in_bytes memory/memory.soft_limit_in_bytes cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us
fi
"""
# As an application on the host does: with nothing but its own file.
LOGIN = """
import sys, psycopg2
login = {}
for line in open(sys.argv[1]):
    name, _, value = line.strip().partition("=")
    login[name] = value.strip('"')
with psycopg2.connect(login["POSTGRESQL_URL"], connect_timeout=5) as connection, connection.cursor() as cursor:
    cursor.execute("select current_user || ' ' || current_database()")
    print(cursor.fetchone()[0])
"""


@pytest.fixture
def instance(server):
    """Return all that Docker knows of an instance's container."""
    return lambda short: json.loads(server.check_output(f"docker inspect {PROJECT}-postgres-{short}-1"))[0]


@pytest.fixture
def login(server):
    """Log in as an application and return who it is and where."""
    return lambda name: server.run("python3 -c %s %s", LOGIN, f"/opt/{PROJECT}/connections/{name}.env")


@pytest.mark.parametrize("short", PORTS)
def test_each_has_its_own_limits_volume_and_place(server, address, instance, short):
    found = instance(short)
    limits = server.check_output(f"docker exec {PROJECT}-postgres-{short}-1 sh -c %s", LIMITS).split()
    assert limits == [str(512 * 2**20), str(256 * 2**20), "50000", "100000"]
    volumes = [mount["Name"] for mount in found["Mounts"] if mount["Type"] == "volume"]
    assert volumes == [f"{PROJECT}_postgres_{short}_data"]
    (binding,) = found["NetworkSettings"]["Ports"]["5432/tcp"]
    assert binding == {"HostIp": "127.0.0.1", "HostPort": str(PORTS[short])}
    assert not answers(address, PORTS[short])


def test_no_two_share_a_network_but_that_of_services(instance):
    networks = [set(instance(short)["NetworkSettings"]["Networks"]) for short in PORTS]
    assert sum(map(len, networks)) == len(set.union(*networks))
    assert f"{PROJECT}_internal" in networks[0]


@pytest.mark.parametrize("application", APPLICATIONS)
def test_each_application_logs_in_to_its_own_database_by_its_file(server, login, application):
    assert login(application).stdout.strip() == f"{application} darevel_{application}"
    path = f"/opt/{PROJECT}/connections/{application}.env"
    assert server.check_output(f"stat --format '%U %a' {path}") == "root 600"


def test_one_that_hangs_or_stops_does_not_concern_the_others(server, login):
    for stop, start in (("pause", "unpause"), ("kill", "start")):
        server.check_output(f"docker {stop} {PROJECT}-postgres-mail-1")
        try:
            found = {name: login(name).rc for name in APPLICATIONS}
        finally:
            server.check_output(f"docker {start} {PROJECT}-postgres-mail-1")
        assert {name for name, status in found.items() if status != 0} == {"mail"}


def test_keycloak_answers_for_the_realm(web):
    found = web.get(f"https://auth.{DOMAIN}/realms/darevel/.well-known/openid-configuration", timeout=30)
    assert found.json()["issuer"] == f"https://auth.{DOMAIN}/realms/darevel"


def test_passwords_are_nobodys_but_their_own(secrets):
    passwords = [value for name, value in secrets.items() if name.endswith("_password")]
    assert len(passwords) == len(set(passwords)) and "postgres" not in passwords


def test_verify_says_that_all_is_well(verify):
    run, failures = verify()
    assert (run.returncode, failures) == (0, {}), run.output
