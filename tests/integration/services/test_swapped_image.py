"""Another image under the name of one that was deployed is named by a verification, another version refused."""

from __future__ import annotations

import json
import uuid

import pytest
from integration.conftest import VERSIONS, docker
from integration.services.conftest import HOST

pytestmark = pytest.mark.integration
DEPLOYED, SWAPPED = f"redis:{VERSIONS['redis_version']}", "redis:7.0"


@pytest.fixture(scope="module")
def image():
    """A name of our own: that of the deployed image is everybody's on this machine."""
    name = f"borgstack-it/{uuid.uuid4().hex[:8]}"
    for version in ("1", "2"):
        docker("tag", DEPLOYED, f"{name}:{version}")
    yield name
    docker("rmi", f"{name}:1", f"{name}:2")


@pytest.fixture(scope="module")
def redis(image, deploy):
    disk = {"data": {"path": "/", "total_gb": 100, "free_gb": 50}}
    return deploy(platform_datastores=["redis"], platform_host={**HOST, **disk}, redis_image=image, redis_version="1")


def failures(redis, report) -> dict[tuple[str, str], str]:
    redis.converge(playbook="verify.yml", verify_report=str(report))
    rows = json.loads(report.read_text(encoding="utf-8"))["checks"]
    mine = [row for row in rows if row["component"].startswith("redis") and row["state"] == "failed"]
    return {(row["component"], row["check"]): row["what"] for row in mine}


def test_an_image_that_was_swapped_under_its_name_is_named(image, redis, tmp_path):
    assert failures(redis, tmp_path / "before.json") == {}
    docker("tag", SWAPPED, f"{image}:1")
    what = f"the name of its image, {image}:1, stands for another one on the host than was deployed"
    assert failures(redis, tmp_path / "after.json") == {
        (name, f"container {name}"): what for name in ("redis", "redis-cache")
    }
    assert redis.converge().changed == 0
    docker("tag", DEPLOYED, f"{image}:1")
    assert failures(redis, tmp_path / "again.json") == {}


def test_another_version_of_what_has_data_is_refused_until_a_run_may_take_it(image, redis):
    queue = redis.inspect("redis")["Id"]
    for arguments in (["--check"], []):
        run = redis.converge(*arguments, redis_version="2")
        assert run.changed == 0 and "[10] data error at redis: " in run.output, run.output
        # It has none.
        assert "[10] data error at redis-cache" not in run.output
        assert f"it has data that {image}:1 worked with last, and would be started with {image}:2" in run.output
        assert "-e platform_image_changes=allow" in run.output
    assert redis.inspect("redis")["Id"] == queue
    assert redis.converge(platform_image_changes="allow").returncode == 0
    assert redis.inspect("redis")["Config"]["Image"] == f"{image}:2"
    back = redis.converge("--check", redis_version="1")
    assert "[10] data error" in back.output and "which is older" in back.output
