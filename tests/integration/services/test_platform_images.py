"""An image that is not there is called that, by whatever met it first."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def redis(deploy):
    return deploy(converge=False, platform_datastores=["redis"], redis_version="none-such")


def test_with_archives_all_that_is_missing_is_named_before_anything_is_changed(redis):
    run = redis.converge(platform_image_source="archive")
    assert "[2] prerequisite error" in run.output and "redis:none-such" in run.output and "docker save" in run.output
    assert run.changed == 0 and "within" not in run.output


def test_with_a_registry_that_does_not_have_it_the_answer_is_told_without_events_of_compose(redis):
    run = redis.converge(platform_image_source="mirror", platform_image_mirror="127.0.0.1:9")
    assert "[3] network error" in run.output and "could not be pulled" in run.output
    assert '"status"' not in run.output and "became healthy" not in run.output
