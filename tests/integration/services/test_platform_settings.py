"""Settings that cannot be meant end a run before anything is used; what is meant for one container reaches it."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.integration
SECRET = "s3cr$t \"${HOME}\" 'x' \\ #"
PLAIN = 'pa$word${HOME}$$z"x"'


@pytest.fixture(scope="module")
def redis(deploy):
    return deploy(converge=False, platform_datastores=["redis"])


def refused(redis, **wrong) -> str:
    before = {name: redis.variables.get(name) for name in wrong}
    run = redis.converge(**wrong)
    for name, value in before.items():
        redis.variables.pop(name) if value is None else redis.variables.update({name: value})
    assert run.returncode != 0 and "[1] configuration error" in run.output and run.changed <= 0, run.output
    return run.output


def test_all_that_cannot_be_meant_is_told_at_once(redis):
    told = refused(redis, platform_size="big", platform_smtp={"hostname": "x"}, platform_applications="n8n")
    assert "standard, small" in told and "hostname" in told and "platform_applications is 'n8n'" in told


def test_an_unknown_container_and_an_unknown_key_are_named_with_the_nearest(redis):
    assert "did you mean redis-cache?" in refused(redis, platform_overrides={"redis-cach": {}})
    told = refused(redis, platform_overrides={"redis": {"secret_enviroment": {"A": SECRET}}})
    assert "did you mean secret_environment?" in told and "s3cr" not in told


def test_what_one_container_is_given_reaches_it_to_the_letter_and_a_misspelt_setting_is_named(redis):
    wanted = {"redis": {"environment": {"PLAIN": PLAIN}, "secret_environment": {"HIDDEN": SECRET}, "mem_limit": "200m"}}
    run = redis.converge("--diff", platform_overrides=wanted, redis_verson="8")
    assert run.returncode == 0, run.output
    assert "redis_verson is no setting of the role redis; did you mean redis_version?" in run.output
    assert "s3cr" not in run.output
    inspected = redis.inspect("redis")
    environment = dict(pair.split("=", 1) for pair in inspected["Config"]["Env"])
    assert (environment["PLAIN"], environment["HIDDEN"]) == (PLAIN, SECRET)
    assert inspected["HostConfig"]["Memory"] == 200 * 2**20 and inspected["HostConfig"]["PidsLimit"] == 4096
    assert "s3cr" not in json.dumps(redis.compose)
    assert redis.converge().changed == 0
