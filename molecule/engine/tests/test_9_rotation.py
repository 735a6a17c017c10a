"""Last, since it changes what all others log in with: each secret that may be is another, and the former is refused."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess

import pytest
from conftest import DOMAIN, OPERATOR, ROOT, vaulted
from plays import command_of

# A secret that no declaration asks for: the repository's of the backups, whose data is encrypted with it.
STAYS = "backup_repository_password"
CHANGED = "Change the superuser's password to the declared one"


@pytest.fixture(scope="module")
def killed(inventory, secrets) -> dict[str, str]:
    """A rotation of all, killed where it is worst.

    What does the work of a task outlives the run: the datastore learns the new password, and no note says so.
    """
    settings = ("-e", f"@{ROOT / 'molecule/shared/vars/settings.yml'}")
    process = subprocess.Popen(
        command_of("playbooks/rotate.yml", inventory, settings, {"rotate": "all"}),
        cwd=ROOT,
        env=OPERATOR,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    output = []
    for line in process.stdout:
        output.append(line)
        if CHANGED in line:
            break
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert CHANGED in "".join(output), "".join(output)[-3000:]
    new = vaulted()
    assert {name for name in secrets if new[name] == secrets[name]} == {STAYS}
    return new


def test_the_next_run_finishes_what_was_killed_and_makes_no_others(play, killed, secrets):
    run = play(playbook="playbooks/rotate.yml", rotate="all")
    assert run.returncode == 0 and "a former run did not finish configuring" in run.output, run.output
    assert vaulted() == killed
    assert [name for name, value in {**secrets, **killed}.items() if value in run.output] == []
    again = play()
    assert (again.returncode, again.changed) == (0, 0), again.output


@pytest.mark.parametrize(
    ("user", "database", "secret"),
    [
        ("postgres", "postgres", "postgresql_superuser_password"),
        ("directus_user", "directus_db", "directus_database_password"),
    ],
)
def test_postgresql_refuses_the_former_password(server, container, secrets, killed, user, database, secret):
    def gets_in(password: str) -> bool:
        login = f"docker exec --env PGPASSWORD={shlex.quote(password)} {container('postgresql')}"
        return server.run(f"{login} psql -h 127.0.0.1 -U {user} -d {database} -c 'SELECT 1'").succeeded

    assert gets_in(killed[secret]) and not gets_in(secrets[secret])


@pytest.mark.parametrize(
    ("instance", "user", "secret"),
    [
        ("redis", "platform", "redis_admin_password"),
        ("redis-cache", "platform", "redis_cache_admin_password"),
        ("redis-cache", "health", "redis_cache_health_password"),
        ("redis-cache", "directus", "directus_redis_password"),
    ],
)
def test_redis_refuses_the_former_password(server, container, secrets, killed, instance, user, secret):
    def answer(password: str) -> str:
        login = f"docker exec --env REDISCLI_AUTH={shlex.quote(password)} {container(instance)}"
        return server.run(f"{login} redis-cli --user {user} ping").stdout.strip()

    assert answer(killed[secret]) == "PONG" and "PONG" not in answer(secrets[secret])


@pytest.mark.parametrize(
    ("key", "secret"), [("platform", "seaweedfs_admin_secret_key"), ("directus", "directus_s3_secret_key")]
)
def test_the_object_storage_refuses_the_former_key(s3, secrets, killed, key, secret):
    assert s3(key, killed[secret], "get", "directus", "nothing") == "NoSuchKey"
    assert s3(key, secrets[secret], "get", "directus", "nothing") == "SignatureDoesNotMatch"


def test_an_administrator_logs_in_with_the_new_password_only(web, secrets, killed):
    def status(password: str) -> int:
        login = {"email": f"admin@{DOMAIN}", "password": password}
        return web.post(f"https://directus.{DOMAIN}/auth/login", json=login, timeout=20).status_code

    assert status(killed["directus_admin_password"]) == 200
    assert status(secrets["directus_admin_password"]) == 401
