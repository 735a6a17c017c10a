"""A user as the role makes it of a service's need: what it may, on each product."""

from __future__ import annotations

import pytest
import redis
from integration.redis.servers import ADMIN, PRODUCTS, Server

from ansible_collections.borgstack.platform.plugins.plugin_utils.redis import redis_users_of

pytestmark = pytest.mark.integration
NEED = {
    "user": {
        "name": "app",
        "password": "Service-1",
        "keys": ["app:*"],
        "commands": ["+@all", "-@admin", "-@dangerous", "+info"],
    }
}


@pytest.fixture(scope="module", params=PRODUCTS, ids=lambda product: product.name)
def server(request):
    running = Server(request.param, request.param.with_acl_file())
    yield running
    running.remove()


@pytest.fixture(scope="module")
def app(server, module):
    login = {"login_host": server.host, "login_password": ADMIN}
    for changed in (True, False):
        done = module("redis_users", {**login, "users": redis_users_of([NEED])})
        assert done.get("changed") is changed, done
    with redis.Redis(server.host, username="app", password="Service-1") as client:
        yield client


@pytest.mark.parametrize(
    "command",
    [
        "function flush",
        "function list",
        "script flush",
        "randomkey",
        "dbsize",
        "client tracking on",
        "flushall",
        "keys *",
        "scan 0",
        "select 1",
    ],
)
def test_nothing_that_is_everybodys_is_in_its_reach(app, command):
    with pytest.raises(redis.exceptions.NoPermissionError):
        app.execute_command(*command.split())


def test_what_queues_and_caches_do_is(app):
    assert app.set("app:one", "1") and app.get("app:one") == b"1"
    assert app.eval("return redis.call('incr', KEYS[1])", 1, "app:one") == 2
    assert app.evalsha(app.script_load("return redis.call('get', KEYS[1])"), 1, "app:one") == b"2"
    assert app.client_setname("app") and app.info("memory")
    with app.pipeline() as pipeline:
        assert pipeline.lpush("app:list", "x").brpoplpush("app:list", "app:other", 1).execute()


def test_who_asks_by_name_lists_keys_and_is_in_its_own_logical_database(server, module):
    user = {
        **NEED["user"],
        "name": "asking",
        "commands": ["+@all", "-@dangerous", "+keys", "+scan", "-select", "+select|3"],
    }
    login = {"login_host": server.host, "login_password": ADMIN}
    for changed in (True, False):
        done = module("redis_users", {**login, "users": redis_users_of([{"user": user}])})
        assert done.get("changed") is changed, done
    with redis.Redis(server.host, username="asking", password="Service-1", db=3) as client:
        assert client.set("app:three", "3") and client.keys("app:*") == [b"app:three"]
        assert client.scan(0)[1] == [b"app:three"]
        with pytest.raises(redis.exceptions.NoPermissionError):
            client.execute_command("select", 0)
