"""Lowcoder (a stand-in, see tests/standins/applications) as its role runs it, with MongoDB (a stand-in) and Redis."""

from __future__ import annotations

import pytest
from integration.conftest import VERSIONS, docker
from integration.services.conftest import eventually

pytestmark = pytest.mark.integration
IMAGE = f"lowcoderorg/lowcoder-ce:{VERSIONS['lowcoder_version']}"
ADMIN = "admin@demo.example.com"
HEALTH = "/api/status/health"
# Every character that has a meaning in a URL.
ROTATED = "Rotated~p/a?s:s@w#o%r&d=1"
PLACES = {"platform_datastores": ["mongodb", "redis"], "platform_applications": ["lowcoder"]}


@pytest.fixture(scope="module")
def lowcoder(deploy):
    return deploy(**PLACES)


def login(deployment, user: str, password: str, register: bool = False):
    body = {"loginId": user, "password": password, "register": register, "source": "EMAIL", "authId": "EMAIL"}
    return deployment.ask("lowcoder", 3000, "/api/auth/form/login", "POST", json=body)


def who(deployment, cookies) -> dict:
    return deployment.ask("lowcoder", 3000, "/api/users/me", cookies=cookies).json()["data"]


def environment(deployment) -> dict[str, str]:
    return dict(line.split("=", 1) for line in deployment.inspect("lowcoder")["Config"]["Env"])


def test_the_administrator_logs_in_and_is_known(lowcoder):
    answer = login(lowcoder, ADMIN, lowcoder.secrets["lowcoder_admin_password"])
    assert (answer.status_code, answer.json()["success"]) == (200, True)
    me = who(lowcoder, answer.cookies)
    assert (me["name"], me["superAdmin"], me["isAnonymous"]) == (ADMIN, True, False)
    assert login(lowcoder, ADMIN, "Wrong-password-1").status_code == 403


def test_nobody_can_sign_up(lowcoder):
    assert login(lowcoder, "stranger@example.com", "Some-password-1", register=True).status_code == 400


def test_no_secret_is_the_published_one_and_none_is_used_twice(lowcoder):
    held = environment(lowcoder)
    names = [f"LOWCODER_{name}" for name in ("DB_ENCRYPTION_PASSWORD", "DB_ENCRYPTION_SALT", "API_KEY_SECRET")]
    names += ["LOWCODER_NODE_SERVICE_SECRET", "LOWCODER_NODE_SERVICE_SECRET_SALT", "LOWCODER_SUPERUSER_PASSWORD"]
    values = {held[name] for name in names}
    assert len(values) == len(names) and min(map(len, values)) >= 24
    assert all("lowcoder.org" not in value for value in values)
    assert not any(value in str(lowcoder.compose) for value in values)


def test_it_has_no_datastore_of_its_own_and_no_right_too_many(lowcoder):
    held = environment(lowcoder)
    assert (held["LOWCODER_MONGODB_ENABLED"], held["LOWCODER_REDIS_ENABLED"]) == ("false", "false")
    host = lowcoder.inspect("lowcoder")["HostConfig"]
    capabilities = {name.removeprefix("CAP_") for name in host["CapAdd"]}
    assert host["CapDrop"] == ["ALL"] and not host["PortBindings"]
    assert capabilities == {"CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"}


def test_its_redis_user_sees_sessions_and_nothing_else(lowcoder):
    login(lowcoder, ADMIN, lowcoder.secrets["lowcoder_admin_password"])
    url = environment(lowcoder)["LOWCODER_REDIS_URL"]
    program = (
        "import os, redis\n"
        "client = redis.Redis.from_url(os.environ['LOWCODER_REDIS_URL'])\n"
        "for command in ('SET n8n:bull:jobs:1 x', 'GET ' + 'f' * 33, 'KEYS *', 'SCAN 0', 'FLUSHALL'):\n"
        "    try:\n"
        "        client.execute_command(*command.split())\n"
        "        print('allowed', command)\n"
        "    except redis.exceptions.NoPermissionError:\n"
        "        print('refused')\n"
    )
    assert url.startswith("redis://lowcoder:")
    assert lowcoder.run("lowcoder", "python3", "-c", program).split() == ["refused"] * 5


def test_its_marks_are_written_and_read(lowcoder):
    eventually(lambda: "warm-up: " in lowcoder.logs("lowcoder"), 30)
    assert "warm-up: written" in lowcoder.logs("lowcoder")
    assert lowcoder.ask("lowcoder", 3000, "/api/state/healthCheck", "HEAD").status_code == 200


def test_nobody_else_can_list_its_sessions(lowcoder):
    """The name of a session's key is the token that lets its owner in."""
    assert lowcoder.compose["services"]["lowcoder"]["depends_on"].keys() == {"mongodb", "redis-sessions"}
    inside = ("sh", "-c", "REDISCLI_AUTH=$1 redis-cli --user platform acl users", "-")
    users = lowcoder.run("redis-sessions", *inside, lowcoder.secrets["redis_sessions_admin_password"])
    assert set(users.split()) == {"default", "health", "lowcoder", "platform"}


def test_a_second_run_changes_nothing(lowcoder):
    again = lowcoder.converge()
    assert (again.returncode, again.changed) == (0, 0), again.output


def test_it_is_not_healthy_without_its_sessions_and_recovers(lowcoder):
    docker("pause", lowcoder.container("redis-sessions"))
    try:
        eventually(lambda: lowcoder.ask("lowcoder", 3000, HEALTH).status_code == 503, 30)
    finally:
        docker("unpause", lowcoder.container("redis-sessions"))
    eventually(lambda: lowcoder.ask("lowcoder", 3000, HEALTH).json()["status"] == "UP", 30)


def test_changed_passwords_reach_it_whatever_characters_they_hold(lowcoder):
    former = lowcoder.secrets["lowcoder_admin_password"]
    before = login(lowcoder, ADMIN, former).cookies
    changed = {f"lowcoder_{name}_password": f"{ROTATED}{name}" for name in ("admin", "database", "redis")}
    run = lowcoder.converge(platform_supplied_secrets=changed)
    assert run.returncode == 0, run.output
    assert ROTATED not in run.output
    assert login(lowcoder, ADMIN, changed["lowcoder_admin_password"]).status_code == 200
    assert login(lowcoder, ADMIN, former).status_code == 403
    # Sessions and users are where they were: nothing of it lay in the container.
    assert who(lowcoder, before)["name"] == ADMIN
    assert lowcoder.converge().changed == 0


def test_it_stops_its_parts_when_it_is_told_to(lowcoder):
    docker("stop", "--time", "30", lowcoder.container("lowcoder"))
    assert lowcoder.inspect("lowcoder")["State"]["ExitCode"] == 0


def test_mail_is_sent_as_the_platform_says(deploy):
    smtp = {"host": "mail.example.com", "port": 465, "user": "platform", "sender": "no-reply@example.com", "tls": "tls"}
    given = {"smtp_password": "asmailproviderssetit"}
    rendered = deploy(converge=False, **PLACES, platform_smtp=smtp, platform_supplied_secrets=given)
    shown = rendered.converge("--check", "--diff").output
    for name, value in (("HOST", "mail.example.com"), ("PORT", "465"), ("SSL_ENABLED", "'true'"), ("AUTH", "'true'")):
        assert f"LOWCODER_ADMIN_SMTP_{name}: {value}" in shown, shown
    assert "LOWCODER_ADMIN_SMTP_STARTTLS_REQUIRED: 'false'" in shown
    assert "LOWCODER_ADMIN_SMTP_PASSWORD" not in shown


def test_no_secret_is_made_that_nobody_needs(lowcoder):
    assert "smtp_password" not in lowcoder.secrets


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        (["LOWCODER_ADMIN_EMAIL=a@b.example"], "does not know LOWCODER_ADMIN_EMAIL"),
        (["LOWCODER_MONGODB_ENABLED=false"], "not set: LOWCODER_API_KEY_SECRET"),
    ],
)
def test_the_stand_in_refuses_what_the_image_does_not_know_and_what_is_missing(variables, words):
    assert words in docker("run", "--rm", *(f"--env={one}" for one in variables), IMAGE, check=False)
