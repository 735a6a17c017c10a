"""redis_users where something fails: it says what, and the next run ends as if nothing had."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time

import pytest
from integration.conftest import ROOT, Container, docker
from integration.processes import unshared, watched
from integration.redis.servers import ADMIN, PRODUCTS, converge, run, started
from integration.redis.stand_in import answering, breaking
from patience import unhurried

from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl import connection, rules

pytestmark = pytest.mark.integration
APP = {"name": "app", "password": "Application-1", "keys": ["app:*"], "commands": ["+get", "+set"]}


@pytest.fixture(scope="module", params=PRODUCTS, ids=lambda product: product.name)
def shared(request):
    with started(request.param, request.param.with_acl_file("--enable-debug-command yes")) as server:
        yield server


@pytest.fixture
def server(shared):
    shared.forget()
    return shared


def test_a_run_that_dies_at_any_command_ends_alike_when_run_again(server):
    earlier = [{**APP, "name": name} for name in ("changed", "gone", "same")]
    declared = [
        {**APP, "name": "created"},
        {**APP, "name": "changed", "password": None, "commands": ["+get"]},
        {"name": "gone", "state": "absent"},
        {**APP, "name": "same"},
    ]
    converge(server, earlier)
    # As many as there are, and none breaks.
    with breaking(server.host, 1000, True) as (way, commands):
        whole = run("redis_users", {**server.login, **way, "users": declared})
    assert len(whole["plan"]) == 3
    end = server.everything()
    assert [command for command in commands if command.startswith("ACL SAVE")]
    refusals = set()
    # Redis 7.0 is asked for the commands of each category; one such question is like another.
    alike = [place for place, command in enumerate(commands) if command.startswith("ACL CAT ")][2:]
    for count in (place + 1 for place in range(len(commands)) if place not in alike):
        for is_carried_out in (False, True):
            server.forget()
            converge(server, earlier)
            with breaking(server.host, count, is_carried_out) as (way, _seen):
                died = run("redis_users", {**server.login, **way, "users": declared})
            if died.get("failed"):
                refusals.add(died["msg"])
            # Where the last command was carried out, or a failed one does not matter, nothing is left to do.
            assert set(whole["plan"]) >= set(run("redis_users", {**server.login, "users": declared})["plan"])
            assert server.everything() == end, (count, is_carried_out, commands)
    assert all("network error" in refusal or "cannot keep its users" in refusal for refusal in refusals)
    assert any("Already done: create user created; change user changed." in refusal for refusal in refusals)


def test_no_password_and_no_hash_is_seen_anywhere(module, server):
    secrets = [unshared("Unseen-password-1"), unshared("Unseen-password-2")]
    hidden = [*secrets, *map(rules.hash_of, secrets), ADMIN, rules.hash_of(ADMIN)]
    server.ask("config", "set", "slowlog-log-slower-than", "0", "loglevel", "debug", "slowlog-max-len", "1000")
    with server.client() as spy, spy.monitor() as monitor, watched() as arguments:
        results = [
            module("redis_users", {**server.login, "users": [{**APP, "name": "secret", "password": password}]}, check)
            for password in secrets
            for check in (True, False)
        ]
        results.append(run("redis_users", {**server.login, "users": [{**APP, "name": "secret", "password": None}]}))
        results.append(run("redis_users", {**server.login, "login_user": "x", "users": [{**APP, "keys": [""]}]}))
        results.append(run("redis_users", {**server.login, "login_password": secrets[0], "users": [APP]}))
        with server.client() as other:
            other.echo("end of the spying")
        monitored = []
        while "end of the spying" not in str(monitored[-1:]):
            monitored.append(monitor.next_command())
    assert [result.get("plan") for result in results[:4]] == [["create user secret"]] * 2 + [["change user secret"]] * 2
    asked = server.ask("slowlog", "get", "-1"), server.ask("acl", "log")
    assert "SETUSER" in asked[0] and "default" in asked[1] and "COMMAND LIST" in str(monitored)
    assert any("integration.module_host" in text for text in arguments)
    for place, seen in {
        "results": results,
        "slow log": asked[0],
        "ACL log": asked[1],
        "monitor": monitored,
        "server log": server.logs(),
    }.items():
        assert not [secret for secret in hidden if secret in str(seen)], place
    # The tests wait for a server by its command line client, which is told that password there.
    assert not [secret for secret in hidden if secret != ADMIN and secret in str(arguments)]


def test_no_password_is_seen_in_ansibles_most_verbose_output(server, tmp_path):
    secret = {**APP, "name": "verbose", "password": "Unseen-password-3"}
    task = {"borgstack.platform.redis_users": {**server.login, "users": [secret]}}
    playbook = tmp_path / "play.yml"
    playbook.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]), encoding="utf-8")
    collections = {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"), "ANSIBLE_LOCALHOST_WARNING": "false"}
    command = ["ansible-playbook", "-vvvv", "--diff", str(playbook), "-i", "localhost,", "-c", "local"]
    command += ["--extra-vars", f"ansible_python_interpreter={sys.executable}"]
    finished = subprocess.run(
        command, check=False, capture_output=True, text=True, env={**os.environ, **collections}, cwd=tmp_path
    )
    printed = finished.stdout + finished.stderr
    assert "create user verbose" in printed, printed
    for hidden in (secret["password"], rules.hash_of(secret["password"]), ADMIN, rules.hash_of(ADMIN)):
        assert hidden not in printed


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"login_password": "wrong"},
            "[5] integration error at Redis at HOST:6379: the server refuses the password of",
        ),
        ({"login_password": None}, "the server wants a password of default"),
        ({"login_user": "nobody"}, "the server refuses the password of nobody, or has no such user"),
        ({"login_port": 1}, "[3] network error at Redis at HOST:1: no connection"),
        ({"login_host": "no-such-host.invalid"}, "[3] network error at Redis at no-such-host.invalid:6379"),
        ({"login_unix_socket": "/nonexistent/socket"}, "[3] network error at Redis at /nonexistent/socket:"),
        ({"tls": True, "connect_timeout": 1}, "and speaks TLS there"),
        ({"assume_empty": True}, "for check mode only"),
        ({"users": [{"name": "default", "state": "absent"}]}, "set enabled to false"),
        ({"users": [{**APP, "name": "default", "enabled": False}]}, "logged in as"),
        ({"users": [{"name": "a b", "password": "Application-1"}]}, "its name holds a space"),
        ({"users": [{"name": "a"}]}, "has no password"),
        ({"users": [{**APP, "password": ""}]}, "its password is empty"),
        ({"users": [{**APP, "commands": ["get"]}]}, "no rule about commands"),
        ({"users": [{**APP, "selectors": ["~a) +get"]}]}, "would not be read back"),
        ({"users": [{**APP, "name": "odd"}, {**APP, "commands": ["+@nonsense"]}]}, "knows no command or category"),
    ],
)
def test_refusals(server, change, reason):
    before = server.everything()
    refusal = run("redis_users", {**server.login, "users": [APP], **change}).refusal
    assert reason.replace("HOST", server.host) in refusal and ADMIN not in refusal
    assert server.everything() == before


def test_one_who_may_not_is_told_which_right_is_missing(server):
    weak = {**APP, "name": "weak", "commands": ["+acl", "+command|list", "+config|get", "-acl|setuser"]}
    converge(server, [weak])
    login = {**server.login, "login_user": "weak", "login_password": APP["password"], "users": [APP]}
    assert run("redis_users", login, check=True)["plan"] == ["create user app"]
    refused = run("redis_users", login)
    assert "weak may not run ACL SETUSER" in refused.refusal and "allow +acl|setuser" in refused.refusal
    for right in ("acl|list", "command|list", "config|get"):
        server.ask("acl", "setuser", "weak", "+@all", f"-{right}")
        assert f"allow +{right} to this one" in run("redis_users", login, check=True).refusal


def test_the_rights_that_are_documented_are_enough(server):
    keeper = {"name": "keeper", "password": "Keeper-1", "commands": ["+acl", "+command|list", "+config|get"]}
    converge(server, [keeper])
    login = {**server.login, "login_user": "keeper", "login_password": "Keeper-1"}
    assert run("redis_users", {**login, "users": [APP, keeper]})["plan"] == ["create user app"]


def test_our_own_user_does_not_lose_what_this_run_and_the_next_one_need(server):
    chief = {"name": "chief", "password": "Chief-1", "keys": ["*"], "channels": ["*"], "commands": ["+@all"]}
    converge(server, [chief])
    login = {**server.login, "login_user": "chief", "login_password": "Chief-1"}
    before = server.everything()
    weaker = {**chief, "commands": ["+@all", "-acl"]}
    for check in (True, False):
        refusal = run("redis_users", {**login, "users": [APP, weaker]}, check=check).refusal
        assert "at user chief" in refusal and "would lose the right to ACL LIST" in refusal
    assert server.everything() == before
    kept = {**chief, "commands": ["+@admin", "+acl", "+command|list"]}
    assert run("redis_users", {**login, "users": [kept]})["plan"] == ["change user chief"]
    assert run("redis_users", {**login, "users": [kept]})["plan"] == []


def test_certificates(server, tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=redis"]
    for name in ("DNS:other.example", f"IP:{server.host}"):
        made = ["-addext", f"subjectAltName={name}", "-keyout", str(key), "-out", str(certificate)]
        subprocess.run([*request, *made], check=True, capture_output=True)
        key.chmod(0o644)
        for path in (key, certificate):
            docker("cp", str(path), f"{server.name}:/tmp/{path.name}")
        files = ["tls-cert-file", "/tmp/certificate.pem", "tls-key-file", "/tmp/key.pem"]
        server.ask("config", "set", *files, "tls-auth-clients", "no", "tls-port", "6380")
        login = {**server.login, "login_port": 6380, "tls": True, "users": [APP]}
        assert "the server's certificate is not accepted" in run("redis_users", login).refusal
        checked = run("redis_users", {**login, "ca_cert": str(certificate)})
        if name.startswith("DNS"):
            assert "a name that the certificate is for" in checked.refusal
        else:
            assert checked["plan"] == ["create user app"]
            assert run("redis_users", {**login, "validate_certs": False})["plan"] == []
            assert "or set tls" in run("redis_users", {**login, "tls": False}).refusal
            del login["users"]
            assert len(run("redis_users_info", {**login, "ca_cert": str(certificate)})["users"]) == 2


def test_a_replica_has_users_of_its_own_even_without_its_primary(server):
    try:
        server.ask("replicaof", "127.0.0.1", "1")
        server.ask("config", "set", "replica-serve-stale-data", "no")
        assert "read only replica" in server.ask("set", "x", "1")
        assert "Link with MASTER is down" in server.ask("get", "x")
        assert converge(server, [APP]) == ["create user app"]
    finally:
        server.ask("replicaof", "no", "one")
        server.ask("config", "set", "replica-serve-stale-data", "yes")


def test_a_server_that_is_busy_with_a_script_is_told(server):
    server.ask("config", "set", "busy-reply-threshold", "1")
    script = threading.Thread(target=server.ask, args=("eval", "while true do end", "0"))
    script.start()
    try:
        deadline = time.monotonic() + 60
        while "is busy" not in server.ask("get", "k1").lower():
            assert time.monotonic() < deadline
        refusal = run("redis_users", {**server.login, "users": [APP]}).refusal
        assert "[4] service startup error" in refusal and "BUSY" in refusal and "see to the server first" in refusal
    finally:
        server.ask("script", "kill")
        script.join()
        server.ask("config", "set", "busy-reply-threshold", "5000")


def test_users_can_be_declared_while_the_server_loads_its_data(server):
    server.ask("eval", "for i=1,12000 do redis.call('set', 'k' .. i, i) end", "0")
    server.ask("config", "set", "key-load-delay", "2500", "loading-process-events-interval-bytes", "1024")
    reload = threading.Thread(target=server.ask, args=("debug", "reload"))
    reload.start()
    try:
        deadline = time.monotonic() + 60
        while "BusyLoadingError" not in server.ask("get", "k1"):
            assert time.monotonic() < deadline
        assert run("redis_users", {**server.login, "users": [APP]})["plan"] == ["create user app"]
        assert "BusyLoadingError" in server.ask("get", "k1")
    finally:
        server.ask("config", "set", "key-load-delay", "0")
        reload.join()
        server.ask("flushall")


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.name)
def test_a_server_that_would_forget_its_users_is_refused_before_any_change(product):
    with started(product, f"exec docker-entrypoint.sh {product.user}-server --requirepass {ADMIN}") as server:
        assert "forget its users" in run("redis_users", {**server.login, "users": [APP]}).refusal
        assert len(server.acl()) == 1


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.name)
def test_a_file_that_cannot_be_written_is_told_with_what_is_done(product):
    # The server writes a new file beside the old one.
    unwritable = f"chown root /data; chmod 755 /data; exec setpriv --reuid={product.user} "
    with started(product, product.with_acl_file().replace("exec ", unwritable)) as server:
        refused = run("redis_users", {**server.login, "users": [APP]})
        assert "cannot keep its users" in refused.refusal and refused["error"]["done"] == ["create user app"]


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.name)
def test_protected_mode_is_told(product):
    container = Container(product.image, "--protected-mode", "yes", "--bind", "*")
    try:
        container.wait(f"{product.user}-cli", "ping")
        for login in ({}, {"login_password": "any"}, {"login_user": "other", "login_password": "any"}):
            refusal = run("redis_users", {"login_host": container.address, **login, "users": [APP]}).refusal
            assert "[2] prerequisite error" in refusal and "the server is in protected mode" in refusal
    finally:
        container.remove()


HELLO = "*6\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n{}\r\n$5\r\nproto\r\n:2\r\n"


@pytest.mark.parametrize(
    ("hello", "reason"),
    [
        (HELLO.format("6.2.9"), "it is redis 6.2.9, whose users have no selectors"),
        ("-ERR unknown command `HELLO`, with args beginning with:\r\n", "does not know the command HELLO"),
    ],
)
@pytest.mark.parametrize("name", ["redis_users", "redis_users_info"])
def test_a_server_that_is_too_old_is_refused(hello, reason, name):
    with answering(lambda command: hello if command.startswith("HELLO") else "+OK\r\n") as login:
        asked = {**login, "login_password": "any", **({"users": [APP]} if name == "redis_users" else {})}
        refusal = run(name, asked).refusal
    assert reason in refusal and "[2] prerequisite error" in refusal and "Redis 7 or later" in refusal


def test_a_server_that_answers_only_when_it_has_loaded_is_waited_for():
    asked = []

    def answer(command: str, patience: int) -> str:
        asked.append(command)
        if command.startswith("HELLO"):
            return HELLO.format("7.9.9")
        if command == "ACL LIST":
            return "*0\r\n" if asked.count("ACL LIST") > patience else "-LOADING the dataset in memory\r\n"
        return "+OK\r\n"

    with answering(lambda command: answer(command, patience=2)) as login:
        assert run("redis_users_info", login)["users"] == []
    assert asked.count("ACL LIST") == 3
    began = time.monotonic()
    with answering(lambda command: answer(command, patience=1000)) as login:
        refusal = run("redis_users_info", {**login, "connect_timeout": 1}).refusal
    assert "[4] service startup error" in refusal and "still loads its data" in refusal
    assert 1 <= time.monotonic() - began < unhurried(4)


@pytest.mark.parametrize("name", ["redis_users", "redis_users_info"])
def test_a_missing_library_is_told(monkeypatch, name):
    monkeypatch.setattr(connection, "redis", None)
    refusal = run(name, {"users": [APP]} if name == "redis_users" else {}).refusal
    assert "the Python library redis is missing" in refusal and "python3-redis" in refusal
