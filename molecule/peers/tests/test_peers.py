"""A datastore on one host and a program that needs it on another: who gets in from where, and how."""

from __future__ import annotations

import pytest
import testinfra
from conftest import PROJECT, answers

PORT = 5433
# As a program of the host does: with nothing but its own file, and what is changed of it.
LOGIN = """
import os, sys, psycopg2
told = {}
for line in open(sys.argv[1]):
    name, _, value = line.strip().partition("=")
    told[name.removeprefix("POSTGRESQL_").lower()] = value.strip('"')
login = {key: told[key] for key in ("host", "port", "user", "password", "sslmode", "sslrootcert") if key in told}
changed = dict(item.split("=", 1) for item in sys.argv[2:])
with psycopg2.connect(dbname=told["database"], connect_timeout=5, **{**login, **changed}) as connection:
    with connection.cursor() as cursor:
        cursor.execute("select current_user, current_database(), ssl::text, host(client_addr) from pg_stat_ssl "
                       "join pg_stat_activity using (pid) where pid = pg_backend_pid()")
        print(*cursor.fetchone())
"""


@pytest.fixture(scope="session")
def app() -> testinfra.host.Host:
    """The host that has no datastore; `server` is the one that has."""
    return testinfra.get_host("docker://borgstack-peers-web")


@pytest.fixture
def login():
    """Log in on a host with what a program's file says."""
    file = f"/opt/{PROJECT}/connections/%s.env"
    return lambda host, name, *changed: host.run(
        "python3 -c %s " + " ".join(["%s"] * (1 + len(changed))), LOGIN, file % name, *changed
    )


def test_a_program_of_the_other_host_gets_in_encrypted_and_as_itself(app, login):
    address = app.check_output("hostname --ip-address").split()[0]
    assert login(app, "shop").stdout.split() == ["shop", "shop_db", "true", address]


def test_a_program_of_the_same_host_gets_in_by_the_loopback_address(server, login):
    # The server offers to encrypt, and here a program may do without.
    for mode, encrypted in (("prefer", "true"), ("disable", "false")):
        assert login(server, "desk", f"sslmode={mode}").stdout.split()[:3] == ["desk", "desk_db", encrypted]


def test_nobody_comes_from_another_host_without_encryption(app, login):
    refused = login(app, "shop", "sslmode=disable")
    assert refused.rc != 0 and "no encryption" in refused.stderr, refused.stderr


def test_a_host_that_needs_nothing_of_it_does_not_reach_it(address):
    assert not answers(address, PORT)


def test_nothing_but_the_authority_and_the_own_password_is_on_the_other_host(app, secrets):
    assert app.run("docker ps --all --quiet").stdout == ""
    for name, expected in {
        "shop_database_password": 0,
        "desk_database_password": 1,
        "db_superuser_password": 1,
    }.items():
        found = app.run("grep --recursive --quiet --fixed-strings -e %s /opt /etc /var/log", secrets[name])
        assert found.rc == expected, name
    assert app.run("grep --recursive --quiet 'PRIVATE KEY' /opt").rc == 1


def test_verify_says_that_all_is_well(verify):
    run, failures = verify()
    assert (run.returncode, failures) == (0, {}), run.output
