"""The entry point of the test image does what the published one's does: tests/images/redis/CONTRACT.md."""

from __future__ import annotations

import pytest
from integration.conftest import VERSIONS, docker

pytestmark = pytest.mark.integration
IMAGE = f"redis:{VERSIONS['redis_version']}"
OWNERS = "stat -c '%U %a %n' /data/*"
BECOMES_REDIS = ("SETGID", "SETPCAP", "SETUID")
MAKES_OWNERS = ("CHOWN", "DAC_OVERRIDE", "FOWNER")


def run(script: str, *options: str, rights: tuple[str, ...] = (*BECOMES_REDIS, *MAKES_OWNERS)) -> str:
    """Run a shell script as root in the image, with these capabilities only; return what it printed."""
    given = ["--cap-drop=ALL", *(f"--cap-add={right}" for right in rights)]
    return docker("run", "--rm", *given, *options, "--entrypoint=sh", IMAGE, "-c", script, check=False)


def test_options_alone_start_the_server():
    assert "Redis server v=" in run("docker-entrypoint.sh --version")


def test_another_command_runs_as_root():
    assert run("docker-entrypoint.sh id -u").strip() == "0"


def test_what_it_runs_writes_files_for_nobody_else():
    assert run("umask 0022; docker-entrypoint.sh sh -c umask").strip() == "0077"
    assert run("umask 0027; docker-entrypoint.sh sh -c umask").strip() == "0027"


def started(prepare: str, *options: str, **keywords) -> str:
    """Prepare /data, start the server, which ends after telling its version, and tell owners and modes then."""
    return run(f"{prepare}; docker-entrypoint.sh redis-server --version; {OWNERS}", *options, **keywords)


def test_data_with_an_unknown_file_is_left_alone():
    output = started("touch /data/users.acl /data/old.rdb; chmod 600 /data/*")
    assert "Unknown file './users.acl'" in output
    assert "root 600 /data/users.acl" in output and "root 600 /data/old.rdb" in output


def test_known_data_is_handed_over():
    output = started("mkdir -m 700 /data/appendonlydir; touch /data/old.rdb; chmod 400 /data/old.rdb; umask 0022")
    assert "redis 700 /data/appendonlydir" in output and "redis 600 /data/old.rdb" in output


def test_owners_are_left_alone_where_that_is_asked_for():
    output = started("touch /data/old.rdb; chmod 600 /data/old.rdb", "--env=SKIP_FIX_PERMS=1")
    assert "Notice" not in output and "root 600 /data/old.rdb" in output


def test_without_the_rights_to_become_redis_it_stays_root():
    script = "docker-entrypoint.sh redis-server --daemonize yes >/dev/null; stat -c %U /proc/$(pidof redis-server)"
    assert run(script, rights=("SETUID",)).strip() == "root"
    assert run(script).strip() == "redis"
    assert run(script, "--env=SKIP_DROP_PRIVS=1").strip() == "root"


def test_giving_up_rights_takes_a_right():
    output = run("docker-entrypoint.sh redis-server --version; echo ended with $?", rights=("SETGID", "SETUID"))
    assert "apply bounding set: Operation not permitted" in output and "ended with 127" in output
