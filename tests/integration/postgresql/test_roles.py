"""postgresql_roles: transactions, verifiers, settings and ownership, on a real PostgreSQL 18."""

from __future__ import annotations

import pytest
from integration.postgresql.conftest import PASSWORD, role

from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import scram

pytestmark = pytest.mark.integration


def test_all_roles_are_one_transaction(module, converge, login, query):
    converge("postgresql_roles", {**login, "roles": [role("whole_maker", createrole=True)]})
    weak = {**login, "login_user": "whole_maker", "login_password": "Password-1-whole_maker"}
    declared = [role("whole_a"), role("whole_b", settings={"log_statement": "all"})]
    failed = module("postgresql_roles", {**weak, "roles": declared})
    assert "cannot set log_statement of role whole_b" in failed.refusal
    assert failed["error"]["done"] == []
    assert query("select count(*) from pg_roles where rolname like 'whole__'") == [(0,)]


@pytest.mark.translated
def test_a_given_verifier_is_stored_as_it_is(converge, login, query):
    converge("postgresql_roles", {**login, "roles": [role("original")]})
    ((verifier,),) = query("select rolpassword from pg_authid where rolname = 'original'")
    converge("postgresql_roles", {**login, "roles": [role("copied", password=verifier)]})
    assert query("select current_user", user="copied", password="Password-1-original") == [("copied",)]


@pytest.mark.translated
def test_where_verifiers_cannot_be_read_a_login_decides(converge, module, login, query):
    converge("postgresql_roles", {**login, "roles": [role("maker", createrole=True)]})
    weak = {**login, "login_user": "maker", "login_password": "Password-1-maker"}
    wanted = [role("made"), role("locked", login=False)]
    assert converge("postgresql_roles", {**weak, "roles": wanted}) == ["create role made", "create role locked"]
    wanted[0]["password"] = "Another-2-password"
    assert converge("postgresql_roles", {**weak, "roles": wanted}) == ["change password of role made"]
    assert query("select 1", user="made", password="Another-2-password") == [(1,)]
    ((verifier,),) = query("select rolpassword from pg_authid where rolname = 'made'")
    refusal = module("postgresql_roles", {**weak, "roles": [role("made", password=verifier)]}).refusal
    assert "may not read pg_authid" in refusal and verifier not in refusal


def test_the_server_prepares_every_kind_of_password_as_we_do(query, version):
    query("create role prepared login")
    fewer = "set scram_iterations = 1;" if version >= 16 else ""
    different = []
    # Beside a character that normalization changes, another decides whether there is any.
    others = [chr(point) for point in range(0xA0, 0x110000, 9973) if not 0xD800 <= point < 0xE000]
    every = ["Ⅸ" + other for other in (*others, "a\u0340", "א", "אa", "\u00ad", "\u3000", "\u200b")]
    # The last one only looks like a verifier: to the server it is a password.
    for password in [*every, "\u200bzero", "SCRAM-SHA-256$4096:x$y:z"]:
        ((stored,),) = query(
            f"{fewer} alter role prepared password '{password}'; "
            "select rolpassword from pg_authid where rolname = 'prepared'"
        )
        if not scram.matches(stored, password):
            different.append(ascii(password))
    assert different == []


@pytest.mark.translated
def test_a_login_that_needs_no_password_decides_nothing(module, login, query, server):
    module("postgresql_roles", {**login, "roles": [role("doorman", createrole=True), role("waved_through")]})
    server.run("sh", "-c", 'sed -i "1i host all waved_through all trust" "$PGDATA/pg_hba.conf"')
    query("select pg_reload_conf()")
    weak = {**login, "login_user": "doorman", "login_password": "Password-1-doorman"}
    refusal = module("postgresql_roles", {**weak, "roles": [role("waved_through", password="Another-2-x")]}).refusal
    assert "lets waved_through in without asking for a password" in refusal and "Another-2-x" not in refusal


@pytest.mark.translated
def test_settings_are_compared_by_what_they_mean(converge, login, query):
    settings = {"search_path": ["$user", "app"], "timezone": "UTC", "jit": False, "datestyle": "ISO, DMY"}
    plan = converge("postgresql_roles", {**login, "roles": [role("tuned", settings=settings)]})
    assert len(plan) == 5
    acts_for = {"name": "acting", "member_of": ["tuned"], "settings": {"role": "tuned"}}
    assert "set role of role acting" in converge("postgresql_roles", {**login, "roles": [acts_for]})
    assert query("show search_path", user="tuned", password="Password-1-tuned") == [('"$user", app',)]
    assert converge(
        "postgresql_roles", {**login, "roles": [role("tuned", settings={"search_path": '"$user", app', "jit": None})]}
    ) == ["reset jit of role tuned"]


@pytest.mark.translated
def test_a_role_that_owns_something_is_not_dropped_and_neither_is_any_other(module, login, query):
    module("postgresql_roles", {**login, "roles": [role("landlord"), role("bystander")]})
    query("create database land owner landlord")
    query("create table t (id int); alter table t owner to landlord", "land")
    absent = [{"name": name, "state": "absent"} for name in ("bystander", "landlord")]
    failed = module("postgresql_roles", {**login, "roles": absent})
    assert "[10] data error at role landlord" in failed.refusal and "2 in database land" in failed.refusal
    assert query("select count(*) from pg_roles where rolname = 'bystander'") == [(1,)]
    query("drop database land")
    assert module("postgresql_roles", {**login, "roles": absent})["plan"] == [
        "drop role bystander",
        "drop role landlord",
    ]


def test_no_secret_is_in_what_the_module_returns(module, login):
    for wanted in (role("quiet", password="Marker-7-quiet"), role("quiet", password="Marker-8-quiet")):
        returned = str(module("postgresql_roles", {**login, "roles": [wanted]}))
        assert "(secret, new)" in returned
        assert not any(secret in returned for secret in ("Marker-", "SCRAM-SHA-256", PASSWORD))
