"""What stands in the way is told in one paragraph: what happened, where, what was done so far, and what to do."""

from __future__ import annotations

import subprocess
import sys

import psycopg2
import pytest
from integration.conftest import Container
from integration.postgresql.conftest import NEWEST, PASSWORD, role

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ((), "unsupported startup parameter"),
        (("ignore_startup_parameters = options",), "the session has not started as asked for: this is a connection"),
    ],
)
def test_a_pooler_is_told_from_a_server(module, server, options, reason):
    environment = ("--env", f"POSTGRES_HOST={server.address}", "--env", f"POSTGRES_PASSWORD={PASSWORD}")
    pooler = Container("borgstack-test/pgbouncer:latest", *options, options=environment)
    try:
        pooler.wait("bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/6432")
        login = {"login_host": pooler.address, "login_port": 6432, "login_password": PASSWORD}
        refusal = module("postgresql_roles", {**login, "roles": [role("pooled")]}).refusal
        assert reason in refusal and "log in to the server itself, not to a connection pooler" in refusal
    finally:
        pooler.remove()


@pytest.mark.translated
def test_a_server_without_tls_is_not_taken_for_one_that_has_it(module, login):
    refusal = module("postgresql_roles", {**login, "ssl_mode": "require", "roles": [role("x")]}).refusal
    assert "[5] integration error" in refusal and "does not support SSL" in refusal


@pytest.mark.parametrize("server", [NEWEST], indirect=True)
def test_tls(module, converge, server, tmp_path):
    names = ["-subj", "/CN=db.example", "-addext", "subjectAltName=DNS:db.example"]
    files = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names, *files]
    subprocess.run(request, check=True, capture_output=True)
    for name in ("key.pem", "cert.pem"):
        subprocess.run(["docker", "cp", str(tmp_path / name), f"{server.name}:/var/lib/postgresql/{name}"], check=True)
    server.run("sh", "-c", "chown postgres /var/lib/postgresql/*.pem; chmod 600 /var/lib/postgresql/*.pem")
    connection = psycopg2.connect(host=server.address, user="postgres", password=PASSWORD)
    connection.autocommit = True
    with connection.cursor() as cursor:
        for setting in (
            "ssl_cert_file = '/var/lib/postgresql/cert.pem'",
            "ssl_key_file = '/var/lib/postgresql/key.pem'",
        ):
            cursor.execute(f"alter system set {setting}")
        cursor.execute("alter system set ssl = on")
        cursor.execute("select pg_reload_conf()")
    connection.close()
    login = {"login_host": server.address, "login_password": PASSWORD, "roles": [role("ciphered")]}
    assert converge("postgresql_roles", {**login, "ssl_mode": "require"}) == ["create role ciphered"]
    checked = {**login, "ssl_mode": "verify-full", "ca_cert": str(tmp_path / "cert.pem")}
    refusal = module("postgresql_roles", checked).refusal
    assert "correct ca_cert or ssl_mode" in refusal and "db.example" in refusal
    assert module("postgresql_roles", {**checked, "ssl_mode": "verify-ca"})["changed"] is False


def test_a_server_that_is_not_there_yet_is_told_from_one_that_is_gone(module):
    closed = module("postgresql_roles", {"login_host": "127.0.0.1", "login_port": 1, "roles": [role("x")]}).refusal
    assert "[3] network error at PostgreSQL at 127.0.0.1:1: no connection" in closed
    nowhere = {"login_host": "192.0.2.1", "connect_timeout": 2, "roles": [role("x")]}
    assert "[3] network error" in module("postgresql_roles", nowhere).refusal


@pytest.mark.translated
def test_a_connection_that_is_lost_midway_says_what_was_done(module, login, query):
    query("drop database if exists cut_a with (force)")
    query("drop database if exists cut_b with (force)")
    databases = [{"name": name, "comment": "c", "schemas": [{"name": "s"}]} for name in ("cut_a", "cut_b")]
    before = ["integration.postgresql.dying:cut_off_at_statement", 6, {**login, "user": "postgres"}]
    failed = module("postgresql_databases", {**login, "databases": databases}, before=before)
    assert "[3] network error" in failed.refusal and "run again" in failed.refusal
    assert failed["error"]["done"] == [
        "create database cut_a",
        "comment on database cut_a",
        "create schema s in cut_a",
        "create database cut_b",
    ]
    again = module("postgresql_databases", {**login, "databases": databases})
    assert again["plan"] == ["comment on database cut_b", "create schema s in cut_b"]


def test_a_template_in_use_says_so(module, login, query, server):
    query("drop database if exists cloned")
    query("drop database if exists model")
    query("create database model")
    holder = psycopg2.connect(host=server.address, user="postgres", password=PASSWORD, dbname="model")
    declared = [{"name": "cloned", "template": "model"}]
    refusal = module("postgresql_databases", {**login, "databases": declared}).refusal
    holder.close()
    assert "[10] data error" in refusal and "being accessed by other users" in refusal and "1 other session" in refusal


@pytest.mark.parametrize("name", ["postgresql_roles_info", "postgresql_databases_info"])
@pytest.mark.translated
def test_who_may_not_read_is_told_so(module, login, name):
    refusal = module(name, {**login, "login_password": "wrong"}).refusal
    assert "refuses the password of postgres" in refusal


def test_the_missing_library_is_named(tmp_path):
    (tmp_path / "psycopg2.py").write_text("raise ImportError('none here')\n", encoding="utf-8")
    program = "ansible_collections.borgstack.platform.plugins.modules.postgresql_roles"
    given = '{"ANSIBLE_MODULE_ARGS": {"roles": [], "_ansible_remote_tmp": "/tmp"}}'
    places = [str(tmp_path), *(place for place in sys.path if place)]
    finished = subprocess.run(
        [sys.executable, "-c", LAUNCHER.format(places=places, given=given, program=program)],
        check=False,
        text=True,
        capture_output=True,
    )
    assert "psycopg2 is missing" in finished.stdout and "python3-psycopg2" in finished.stdout, finished.stderr


LAUNCHER = """
import runpy, sys
sys.path[:0] = {places!r}
from ansible.module_utils import basic
basic._ANSIBLE_ARGS = {given!r}.encode()
basic._ANSIBLE_PROFILE = "legacy"
runpy.run_module({program!r}, run_name="__main__")
"""
