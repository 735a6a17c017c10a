"""Real servers of the versions that are supported, and what the tests ask of them."""

from __future__ import annotations

import os
import time

import psycopg2
import pytest
from integration.conftest import VERSIONS, Container, rows_of
from integration.processes import unshared

PASSWORD = unshared("Superuser-1-password")
NEWEST = VERSIONS["postgresql_version"].removeprefix("pg")
OLDER = {version.split(".")[0]: version for version in VERSIONS["postgresql_older_versions"]}
# What differs between versions does so between the oldest and the newest; those between them are tried by a deep run.
ORDINARY = [*OLDER] if os.environ.get("BORGSTACK_TEST_DEEP") else [min(OLDER, key=int)]
# The newest one with its messages in Portuguese, for the tests marked as `translated`.
TRANSLATED = "translated"
# Nothing here needs to survive a power failure.
SETTINGS = ("-c", "log_statement=all", "-c", "fsync=off", "-c", "max_connections=40")


def start(version: str, settings: tuple[str, ...] = SETTINGS) -> Container:
    """Start a server of a major version and wait until it answers."""
    options = ("--env", f"POSTGRES_PASSWORD={PASSWORD}")
    if version in (NEWEST, TRANSLATED):
        options = (*options, "--env", "POSTGRES_INITDB_ARGS=--auth-host=scram-sha-256")
        image = f"pgvector/pgvector:pg{version}"
        if version == TRANSLATED:
            image, settings = (
                "borgstack-test/postgresql-translated:latest",
                (*settings, "-c", "lc_messages=pt_BR.UTF-8"),
            )
        container = Container(image, "postgres", *settings, options=options)
    else:
        container = Container(f"borgstack-test/postgresql:{OLDER[version]}", *settings, options=options)
    wait(container)
    return container


def wait(container: Container, seconds: int = 60) -> None:
    """Wait until a server lets its superuser in; one whose port is open may still be starting up."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            psycopg2.connect(host=container.address, user="postgres", password=PASSWORD).close()
            return
        except psycopg2.OperationalError:
            assert time.monotonic() < deadline, container.logs()[-2000:]
            time.sleep(0.3)


def pytest_generate_tests(metafunc):
    """Run each test with each version in turn, and those that are marked for it with a translated server too."""
    chosen = any("server" in marker.args[0] for marker in metafunc.definition.iter_markers("parametrize"))
    if "server" in metafunc.fixturenames and not chosen:
        versions = [*ORDINARY, NEWEST]
        if metafunc.definition.get_closest_marker("translated"):
            versions.append(TRANSLATED)
        metafunc.parametrize("server", versions, indirect=True, scope="module")


def empty(server: Container) -> None:
    """Make a server what it was when it was new, which takes less than a new one."""
    login = {"host": server.address, "user": "postgres", "password": PASSWORD}

    def ask(statement: str, database: str = "template1") -> list[tuple]:
        return rows_of(statement, dbname=database, **login)

    for (name,) in ask("select quote_ident(datname) from pg_database where datname not like 'template_'"):
        ask(f"drop database {name} with (force)")
    ask("create database postgres template template0")
    # A template that was written to is made anew too.
    ask("alter database template1 is_template false", "postgres")
    ask("drop database template1 with (force)", "postgres")
    ask("create database template1 template template0 is_template true", "postgres")
    roles = ask("select string_agg(quote_ident(rolname), ', ') from pg_roles where rolname !~ '^(pg_|postgres$)'")[0][0]
    if roles:
        ask(f"drop role {roles}")
    ask("alter role postgres reset all")
    ask("alter system reset all")
    ask("select pg_reload_conf()")


@pytest.fixture(scope="session")
def servers():
    """The servers that were started already, by version."""
    started: dict[str, Container] = {}
    yield started
    for container in started.values():
        container.remove()


@pytest.fixture(scope="module")
def server(request, servers):
    """A server of the version that the test was made for, with nothing in it."""
    if request.param in servers:
        empty(servers[request.param])
    else:
        servers[request.param] = start(request.param)
    return servers[request.param]


@pytest.fixture(scope="module")
def version(server, query):
    """The server's major version as a number."""
    return int(query("show server_version_num")[0][0]) // 10000


@pytest.fixture(scope="module")
def extension(version):
    """An extension that the server has: pgvector where it is packaged."""
    return "vector" if str(version) == NEWEST else "cube"


@pytest.fixture(scope="module")
def login(server):
    """How the modules log in."""
    return {"login_host": server.address, "login_password": PASSWORD}


@pytest.fixture(scope="module")
def query(server):
    """Run statements as the superuser, or as another, and return their rows."""
    address = server.address

    def ask(statement: str, database: str = "postgres", **other) -> list[tuple]:
        settings = {"host": address, "user": "postgres", "password": PASSWORD, "dbname": database, **other}
        return rows_of(statement, **settings)

    return ask


def role(name: str, **other) -> dict:
    """Declare a role with a password."""
    return {"name": name, "password": f"Password-1-{name}", **other}
