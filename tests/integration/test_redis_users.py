"""redis_users against a real Redis."""

from __future__ import annotations

import random
import subprocess

import pytest
import redis
from integration.conftest import VERSIONS, Container, docker

from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl import rules

pytestmark = pytest.mark.integration
ADMIN = "Administrator-1"
APP = {
    "name": "app",
    "password": "Application-1",
    "keys": ["app:*", "%R~shared:*"],
    "channels": ["app:*"],
    "commands": ["+@all", "-@admin", "-@dangerous", "+info"],
}


IMAGE = f"redis:{VERSIONS['redis_version']}"
MAKE_ACL_FILE = (
    f"[ -s /data/users.acl ] || echo 'user default on >{ADMIN} ~* &* +@all' >/data/users.acl; "
    "chown redis /data/users.acl; exec docker-entrypoint.sh redis-server --aclfile /data/users.acl"
)
MAKE_CONFIGURATION = (
    f"[ -s /data/redis.conf ] || echo 'requirepass {ADMIN}' >/data/redis.conf; "
    "chown redis /data/redis.conf; exec docker-entrypoint.sh redis-server /data/redis.conf"
)


def start(command: str, *options: str) -> Container:
    container = Container(IMAGE, "sh", "-c", command, options=options)
    ready(container)
    return container


def ready(container: Container) -> None:
    container.wait("redis-cli", "-a", ADMIN, "--no-auth-warning", "ping")


def restarted(container: Container) -> dict:
    """Restart a server; return how to log in to it, because its address may be another one."""
    docker("restart", container.name)
    ready(container)
    return {"login_host": container.address, "login_password": ADMIN}


@pytest.fixture(scope="module")
def server():
    container = start(MAKE_ACL_FILE)
    yield container
    container.remove()


@pytest.fixture(scope="module")
def login(server):
    return {"login_host": server.address, "login_password": ADMIN}


# What shells, templates, ACL files and Redis itself could take for something else.
HOSTILE = ["on", "#app", "a|b", "$(id)", "`id`", "%s", "{{x}}", "--", ";", "a\\nb", "é", "user:1", "~*", "+@all", ">x"]


def connect(server, user: dict) -> redis.Redis:
    return redis.Redis(host=server.address, username=user["name"], password=user["password"], decode_responses=True)


def test_a_user_is_limited_to_what_is_declared(converge, login, server):
    assert converge("redis_users", {**login, "users": [APP]}) == ["create user app"]
    client = connect(server, APP)
    assert client.set("app:x", "1") and client.get("app:x") == "1" and client.get("shared:x") is None
    for refused in (
        lambda: client.get("other:x"),
        lambda: client.set("shared:x", "1"),
        client.flushall,
        lambda: client.publish("other", "x"),
    ):
        with pytest.raises(redis.exceptions.NoPermissionError):
            refused()


@pytest.mark.parametrize(
    "spelling",
    [
        {"keys": ["%R~shared:*", "~app:*"]},
        {"keys": ["%RW~app:*", "%R~shared:*"]},
        {"commands": ["-get", "+@ALL", "-@admin", "-@dangerous", "+INFO"]},
        {"commands": ["allcommands", "-@admin", "-@dangerous", "-info", "+info"]},
        {"commands": ["+@all", "+get", "-@dangerous", "-@admin", "+info"]},
        {"keys": ["%R~app:*", "%R~shared:*", "%W~app:*"]},
        {"channels": ["&app:*"]},
    ],
)
def test_the_same_in_other_words_is_no_change(converge, login, spelling):
    converge("redis_users", {**login, "users": [APP]})
    assert converge("redis_users", {**login, "users": [{**APP, **spelling}]}) == []


def test_a_rotated_password_is_one_change(converge, login, server):
    converge("redis_users", {**login, "users": [APP]})
    rotated = {**APP, "password": "Application-2"}
    assert converge("redis_users", {**login, "users": [rotated]}) == ["change user app"]
    assert connect(server, rotated).set("app:x", "2")
    with pytest.raises(redis.exceptions.AuthenticationError):
        connect(server, APP).get("app:x")


def test_what_was_added_by_hand_is_taken_back(converge, login, server):
    converge("redis_users", {**login, "users": [APP]})
    server.run("redis-cli", "-a", ADMIN, "--no-auth-warning", "acl", "setuser", "app", "nopass", "allkeys")
    assert converge("redis_users", {**login, "users": [APP]}) == ["change user app"]


@pytest.mark.parametrize("command", [MAKE_ACL_FILE, MAKE_CONFIGURATION], ids=["ACL file", "configuration file"])
def test_users_survive_a_restart(converge, module, command):
    container = start(command)
    try:
        login = {"login_host": container.address, "login_password": ADMIN}
        odd = [{**APP, "name": name} for name in HOSTILE]
        assert len(converge("redis_users", {**login, "users": odd})) == len(HOSTILE)
        again = restarted(container)
        assert module("redis_users", {**again, "users": odd})["plan"] == []
        assert all(connect(container, user).set("app:x", "1") for user in odd)
    finally:
        container.remove()


def test_a_server_that_would_forget_its_users_is_refused_before_any_change(module):
    container = start(f"exec docker-entrypoint.sh redis-server --requirepass {ADMIN}")
    try:
        login = {"login_host": container.address, "login_password": ADMIN}
        assert "forget its users" in module("redis_users", {**login, "users": [APP]}).refusal
        assert "app" not in container.run("redis-cli", "-a", ADMIN, "--no-auth-warning", "acl", "users")
    finally:
        container.remove()


def test_a_file_that_cannot_be_written_is_told_with_what_is_done(module):
    # The server writes a new file beside the old one.
    container = start(MAKE_ACL_FILE.replace("exec ", "chown root /data; chmod 755 /data; exec setpriv --reuid=redis "))
    try:
        login = {"login_host": container.address, "login_password": ADMIN}
        refused = module("redis_users", {**login, "users": [APP]})
        assert "cannot keep its users" in refused.refusal and refused["error"]["done"] == ["create user app"]
    finally:
        container.remove()


def test_absent_and_absent_again(converge, login):
    converge("redis_users", {**login, "users": [{**APP, "name": "gone"}]})
    assert converge("redis_users", {**login, "users": [{"name": "gone", "state": "absent"}]}) == ["delete user gone"]
    assert converge("redis_users", {**login, "users": [{"name": "gone", "state": "absent"}]}) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"login_password": "wrong"}, "[5] integration error"),
        ({"login_port": 1}, "[3] network error"),
        ({"users": [{"name": "default", "state": "absent"}]}, "set enabled to false"),
        ({"users": [{**APP, "name": "default", "enabled": False}]}, "logged in as"),
        ({"users": [{"name": "a b", "password": "Application-1"}]}, "holds a space"),
        ({"users": [{"name": "a"}]}, "has no password"),
        ({"users": [{**APP, "commands": ["get"]}]}, "no rule about commands"),
        ({"users": [{**APP, "name": "odd"}, {**APP, "commands": ["+@nonsense"]}]}, "knows no command or category"),
        ({"login_user": "nobody"}, "refuses the password of nobody"),
        ({"login_unix_socket": "/nonexistent/socket"}, "[3] network error at Redis at /nonexistent/socket:"),
        ({"tls": True}, "[3] network error"),
        ({"assume_empty": True}, "for check mode only"),
    ],
)
def test_refusals(module, login, change, reason):
    refusal = module("redis_users", {**login, "users": [APP], **change}).refusal
    assert reason in refusal and ADMIN not in refusal


def test_nothing_is_changed_where_one_user_is_refused(module, login, server):
    declared = [{**APP, "name": "innocent"}, {**APP, "name": "odd", "commands": ["+nosuchcommand"]}]
    assert "nosuchcommand" in module("redis_users", {**login, "users": declared}).refusal
    assert "innocent" not in server.run("redis-cli", "-a", ADMIN, "--no-auth-warning", "acl", "users")


def test_check_mode_writes_nothing(module, login, server):
    look = ("redis-cli", "-a", ADMIN, "--no-auth-warning", "acl", "list")
    before = server.run(*look), server.run("cat", "/data/users.acl")
    planned = module("redis_users", {**login, "users": [{**APP, "name": "planned"}]}, check=True)
    assert planned["plan"] == ["create user planned"]
    assert (server.run(*look), server.run("cat", "/data/users.acl")) == before


def test_an_empty_server_is_planned_for_without_one(module):
    planned = module("redis_users", {"login_port": 1, "assume_empty": True, "users": [APP]}, check=True)
    assert planned["plan"] == ["create user app"]


def test_one_who_may_not_is_told_which_right_is_missing(module, login, converge):
    weak = {**APP, "name": "weak", "commands": ["+@all", "-acl|list"]}
    converge("redis_users", {**login, "users": [weak]})
    refusal = module("redis_users", {**login, "login_user": "weak", "login_password": APP["password"], "users": [APP]})
    assert "weak may not run ACL LIST" in refusal.refusal and "allow +acl|list" in refusal.refusal


def test_the_rights_that_are_documented_are_enough(module, login, converge):
    keeper = {**APP, "name": "keeper", "keys": [], "channels": [], "commands": ["+acl", "+command|list", "+config|get"]}
    converge("redis_users", {**login, "users": [keeper]})
    kept = {**login, "login_user": "keeper", "login_password": APP["password"], "users": [{**APP, "name": "by-keeper"}]}
    assert converge("redis_users", kept) == ["create user by-keeper"]


def test_no_password_and_no_hash_is_seen_anywhere(module, login, server):
    secret = {**APP, "name": "secret", "password": "Unseen-password-1"}
    result = module("redis_users", {**login, "users": [secret]})
    server.run("redis-cli", "-a", ADMIN, "--no-auth-warning", "config", "set", "slowlog-log-slower-than", "0")
    rotated = module("redis_users", {**login, "users": [{**secret, "password": "Unseen-password-2"}]})
    seen = f"{result} {rotated} {server.logs()} " + server.run(
        "redis-cli", "-a", ADMIN, "--no-auth-warning", "slowlog", "get", "-1"
    )
    assert "SETUSER" in seen
    assert "Unseen" not in seen.replace("'password': 'VALUE_SPECIFIED_IN_NO_LOG_PARAMETER'", "")
    assert rules.hash_of("Unseen-password-2") not in seen


def test_the_canonical_form_means_the_same_to_a_real_server(server):
    client = redis.Redis(host=server.address, password=ADMIN, decode_responses=True)
    commands = [name for name in client.execute_command("COMMAND LIST") if "|" not in name or name[:6] == "client"]
    categories = [f"@{name}" for name in client.execute_command("ACL", "CAT")]
    subjects = [*categories, "@all", "get", "set", "client", "client|list", "client|kill", "config|set", "select|0"]
    dice = random.Random(20261121)
    for _attempt in range(40):
        chosen = [dice.choice(subjects) for _rule in range(dice.randint(1, 7))]
        declared = [f"{'+' if subject == 'select|0' else dice.choice('+-')}{subject}" for subject in chosen]
        user = rules.from_declaration({"name": "canonical", "enabled": False, "commands": declared})
        client.execute_command("ACL", "SETUSER", "plain", "reset", *declared)
        client.execute_command("ACL", "SETUSER", "canonical", *rules.to_rules(user))
        read = dict(rules.from_server(line) for line in client.execute_command("ACL", "LIST"))
        assert read["plain"] == read["canonical"] == user, declared
        assert allowed(client, "plain", commands) == allowed(client, "canonical", commands), declared


def allowed(client: redis.Redis, name: str, commands: list[str]) -> list[bool]:
    pipeline = client.pipeline(transaction=False)
    for command in commands:
        pipeline.execute_command("ACL", "DRYRUN", name, *command.split("|"), *["0"] * 12)
    answers = pipeline.execute(raise_on_error=False)
    return [
        isinstance(answer, redis.exceptions.ResponseError) or "no permissions to run" not in answer
        for answer in answers
    ]


def test_tls(converge, module, tmp_path):
    tmp_path.chmod(0o755)
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=redis"]
    alternative = ["-addext", "subjectAltName=DNS:redis", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*request, *alternative], check=True, capture_output=True)
    key.chmod(0o644)
    files = "--tls-port 6380 --tls-cert-file /tls/certificate.pem --tls-key-file /tls/key.pem --tls-auth-clients no"
    container = start(f"{MAKE_ACL_FILE} {files}", "--volume", f"{tmp_path}:/tls:ro")
    try:
        login = {
            "login_host": container.address,
            "login_port": 6380,
            "login_password": ADMIN,
            "tls": True,
            "users": [APP],
        }
        assert "[3] network error" in module("redis_users", login).refusal
        # Made for the name redis, not for the address.
        assert "[3] network error" in module("redis_users", {**login, "ca_cert": str(certificate)}).refusal
        assert converge("redis_users", {**login, "validate_certs": False}) == ["create user app"]
    finally:
        container.remove()
