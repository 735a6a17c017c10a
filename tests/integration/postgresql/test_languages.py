"""What a login was refused for is recognised whatever language the server speaks."""

from __future__ import annotations

import psycopg2
import pytest
from integration.conftest import docker
from integration.postgresql.conftest import NEWEST, PASSWORD, TRANSLATED, role

pytestmark = [
    pytest.mark.integration,
    pytest.mark.parametrize("server", [NEWEST, TRANSLATED], indirect=True, scope="module"),
]


@pytest.fixture
def weak(module, login):
    """A login that may make roles and may not read their verifiers."""
    assert not module("postgresql_roles", {**login, "roles": [role("clerk", createrole=True)]}).get("failed")
    return {**login, "login_user": "clerk", "login_password": "Password-1-clerk"}


@pytest.fixture
def rules(server, query):
    """Put rules before those of pg_hba.conf, for one test."""

    def put(*lines: str) -> None:
        server.run("sh", "-c", 'cp "$PGDATA/pg_hba.conf" /tmp/hba')
        for line in lines:
            server.run("sh", "-c", f'sed -i "1i {line}" "$PGDATA/pg_hba.conf"')
        query("select pg_reload_conf()")

    yield put
    server.run("sh", "-c", 'cat /tmp/hba > "$PGDATA/pg_hba.conf"')
    query("select pg_reload_conf()")


def test_the_second_server_does_not_speak_english(server, query, request):
    is_translated = "[translated]" in request.node.name
    with pytest.raises(psycopg2.OperationalError) as caught:
        query("select 1", password="wrong")
    assert ("password authentication failed" in str(caught.value)) is not is_translated


@pytest.mark.parametrize(
    "hindrance",
    [
        "alter role hindered nologin",
        "alter role hindered connection limit 0",
        "revoke connect on database postgres from public; grant connect on database postgres to clerk",
    ],
)
def test_a_right_password_is_known_though_the_login_is_refused_for_something_else(
    module, converge, weak, query, hindrance
):
    converge("postgresql_roles", {**weak, "roles": [role("hindered")]})
    query(hindrance)
    try:
        declared = {"name": "hindered", "password": "Password-1-hindered", "login": "nologin" not in hindrance}
        declared["connection_limit"] = 0 if "limit" in hindrance else -1
        assert module("postgresql_roles", {**weak, "roles": [declared]})["plan"] == []
        declared["password"] = "Another-2-password"
        assert module("postgresql_roles", {**weak, "roles": [declared]}, check=True)["plan"] == [
            "change password of role hindered"
        ]
    finally:
        query("grant connect on database postgres to public")
        query("drop role hindered")


def test_a_rule_that_refuses_a_role_is_not_taken_for_a_wrong_password(module, converge, weak, rules, query):
    converge("postgresql_roles", {**weak, "roles": [role("shut_out")]})
    rules("host all shut_out all reject")
    refusal = module("postgresql_roles", {**weak, "roles": [role("shut_out")]}).refusal
    assert "[5] integration error" in refusal and "allow this host, role and database in the server's pg_hba" in refusal


def test_our_own_login_is_told_why_it_was_refused(module, login, weak, rules, query):
    declared = {"roles": [role("x")]}
    wrong = module("postgresql_roles", {**login, "login_password": "wrong", **declared}).refusal
    assert "[5] integration error" in wrong and "the server refuses the password of postgres" in wrong
    none = module("postgresql_roles", {**login, "login_password": None, **declared}).refusal
    assert "give login_password" in none
    elsewhere = module("postgresql_roles", {**login, "login_db": "nowhere", **declared}).refusal
    assert "correct login_user or login_db" in elsewhere and "refuses the password" not in elsewhere
    rules("host all clerk all reject")
    assert "in the server's pg_hba.conf" in module("postgresql_roles", {**weak, **declared}).refusal


def test_a_server_without_room_is_not_taken_for_a_wrong_password(module, weak, server):
    def connected():
        return psycopg2.connect(host=server.address, user="postgres", password=PASSWORD)

    held = []
    with pytest.raises(psycopg2.OperationalError):
        while True:
            held.append(connected())
    refusal = module("postgresql_roles", {**weak, "roles": [role("x")]}).refusal
    for connection in held:
        connection.close()
    assert "[2] prerequisite error" in refusal and "max_connections" in refusal


def test_a_server_that_is_not_ready_is_waited_for(module, login, server, query):
    ((language,),) = query("show lc_messages")
    start = f"""
        initdb --pgdata=/tmp/standby --username=postgres >/dev/null && touch /tmp/standby/standby.signal
        printf "host all all all scram-sha-256\n" >>/tmp/standby/pg_hba.conf
        exec postgres -D /tmp/standby -p 5433 -c hot_standby=off -c listen_addresses=* -c lc_messages={language}
    """
    docker("exec", "--detach", "--user", "postgres", server.name, "sh", "-c", start)
    server.wait("bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/5433")
    refusal = module("postgresql_roles", {**login, "login_port": 5433, "roles": [role("x")]}).refusal
    assert "[4] service startup error" in refusal and "wait until the server is ready" in refusal
