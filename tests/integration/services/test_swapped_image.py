"""Another image under the name of one that was deployed: named by a verification, and not taken by a run."""

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
    docker("tag", DEPLOYED, f"{name}:1")
    yield name
    docker("rmi", f"{name}:1")


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
