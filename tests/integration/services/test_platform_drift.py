"""What was changed by hand is put right by one run, and what is lost is not replaced by something empty."""

from __future__ import annotations

import shutil
import time

import pytest
from integration.conftest import docker

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def redis(deploy):
    return deploy(platform_datastores=["redis"])


def right(redis) -> None:
    """One run puts it right, and the next one finds nothing to do."""
    run = redis.converge()
    assert run.returncode == 0 and run.changed > 0, run.output
    again = redis.converge()
    assert (again.returncode, again.changed) == (0, 0), again.output


def test_networks_limits_policies_and_replaced_folders(redis):
    queue, cache, network = redis.container("redis"), redis.container("redis-cache"), f"{redis.project}_internal"
    docker("network", "disconnect", network, queue)
    docker("update", "--restart", "no", cache)
    right(redis)
    assert network in redis.inspect("redis")["NetworkSettings"]["Networks"]
    assert redis.inspect("redis-cache")["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"

    docker("update", "--memory", "300m", "--memory-swap", "600m", queue)
    shutil.rmtree(redis.folder / "project/redis-cache")
    right(redis)
    assert redis.inspect("redis")["HostConfig"]["Memory"] != 300 * 2**20
    assert redis.run("redis-cache", "cat", "/usr/local/etc/platform/redis.conf")


def test_what_hangs_is_started_again(redis):
    docker("pause", redis.container("redis-cache"))
    # As the server's own user: root in there has no right to it.
    docker("exec", "--user", "redis", redis.container("redis"), "sh", "-c", "kill -STOP $(pidof redis-server)")
    # Its health check has twelve tries, each of which has to time out.
    deadline = time.monotonic() + 400
    while redis.inspect("redis")["State"]["Health"]["Status"] != "unhealthy":
        assert time.monotonic() < deadline
        time.sleep(1)
    right(redis)


def test_a_network_that_was_removed_is_made_again_with_all_who_were_in_it(redis):
    network = f"{redis.project}_internal"
    for service in ("redis", "redis-cache"):
        docker("network", "disconnect", network, redis.container(service))
    docker("network", "rm", network)
    right(redis)


def test_a_lost_volume_is_not_replaced_by_an_empty_one(redis):
    volume = f"{redis.project}_redis_data"
    docker("rm", "--force", redis.container("redis"))
    docker("volume", "rm", volume)
    for arguments in (["--check"], []):
        run = redis.converge(*arguments)
        assert "[10] data error" in run.output and volume in run.output and run.changed == 0
    assert volume not in docker("volume", "ls", "--quiet")
    # What the message says where the data is gone for good.
    notes = redis.folder / "project/volumes.txt"
    notes.write_text(notes.read_text(encoding="utf-8").replace(f"{volume}\n", ""), encoding="utf-8")
    right(redis)


def test_an_older_version_is_refused_unless_asked_for(redis):
    (redis.folder / "project/version").write_text("99.0.0\n", encoding="utf-8")
    run = redis.converge()
    assert "[1] configuration error" in run.output and "99.0.0" in run.output and run.changed == 0
    assert redis.converge("-e", "platform_allow_downgrade=true").returncode == 0
    assert redis.converge().changed == 0
