"""The oldest client libraries that modules promise to work with, installed as such and tried on servers.

Not psycopg2: it would have to be compiled, with a PostgreSQL beside it.
"""

from __future__ import annotations

import subprocess
import sys

import pytest
from integration.conftest import ModuleHost
from integration.mongodb import servers as mongodb
from integration.redis import servers as redis
from integration.s3.servers import SeaweedFS

from ansible_collections.borgstack.platform.plugins.module_utils.libraries import LIBRARIES

pytestmark = pytest.mark.integration

# What botocore of that age wants beside itself.
BESIDE = {"botocore": ["urllib3<1.27", "jmespath<1", "python-dateutil"]}


@pytest.fixture(scope="module")
def old_host(tmp_path_factory):
    """A host with these libraries and no newer ones."""
    folder = tmp_path_factory.mktemp("oldest")
    wanted = [f"{name}=={LIBRARIES[name].oldest_in_words}" for name in ("pymongo", "redis", "botocore")]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
    subprocess.run([*command, *wanted, *BESIDE["botocore"]], check=True, capture_output=True)
    host = ModuleHost(tmp_path_factory.mktemp("host"), folder)
    yield host
    host.stop()


@pytest.fixture
def prove(old_host):
    """Prove that a declaration is predicted, carried out, kept, and can be read back."""

    def proven(name: str, info: str, login: dict, kind: str, *declarations: list[dict]) -> list[dict]:
        for declared in declarations:
            arguments = {**login, kind: declared}
            predicted, done = old_host.run(name, arguments, check=True), old_host.run(name, arguments)
            assert not done.get("failed"), done["msg"]
            assert done["changed"] and predicted["plan"] == done["plan"]
            assert old_host.run(name, arguments)["plan"] == []
        return old_host.run(info, login)[kind]

    return proven


def test_pymongo(prove):
    running = mongodb.start()
    try:
        user = {"name": "old", "password": "Password-1", "roles": [{"role": "readWrite", "db": "app"}]}
        changed = {**user, "password": "Password-2", "roles": [{"role": "read", "db": "app"}]}
        found = prove("mongodb_users", "mongodb_users_info", running.login, "users", [user], [changed])
        assert [one["roles"] for one in found if one["name"] == "old"] == [[{"role": "read", "db": "app"}]]
    finally:
        running.remove()


def test_pymongo_tells_its_failures(old_host):
    gone = {"login_host": "127.0.0.1", "login_port": 1, "connect_timeout": 1, **mongodb.ADMIN}
    refusal = old_host.run("mongodb_users", {**gone, "users": []}).refusal
    assert "[3] network error" in refusal and "Connection refused" in refusal


@pytest.mark.parametrize("product", redis.PRODUCTS, ids=lambda product: product.name)
def test_redis(prove, old_host, product):
    running = redis.Server(product, product.with_acl_file())
    try:
        user = {"name": "old", "password": "Password-1", "keys": ["~old:*"], "commands": ["+@read"]}
        found = prove("redis_users", "redis_users_info", running.login, "users", [user], [{**user, "keys": ["~new:*"]}])
        assert "old" in [one["name"] for one in found]
        wrong = old_host.run("redis_users", {**running.login, "login_password": "wrong", "users": []}).refusal
        assert "refuses the password" in wrong
    finally:
        running.remove()


def test_botocore(prove):
    running = SeaweedFS()
    try:
        bucket = {"name": "old-bucket", "tags": {"a": "b"}}
        rule = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "x/"}, "Expiration": {"Days": 3}}
        found = prove(
            "s3_buckets", "s3_buckets_info", running.login, "buckets", [bucket], [{**bucket, "lifecycle": [rule]}]
        )
        assert [one["name"] for one in found] == ["old-bucket"]
    finally:
        running.remove()
