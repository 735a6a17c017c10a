"""redis_keys against real servers."""

from __future__ import annotations

import pytest
import redis
from integration.redis.servers import ADMIN, PRODUCTS, run, started

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module", params=PRODUCTS, ids=lambda product: product.name)
def server(request):
    with started(request.param, request.param.with_acl_file()) as server:
        yield server


def client(server, database: int) -> redis.Redis:
    return redis.Redis(host=server.host, db=database, password=ADMIN, decode_responses=True)


def fill(server) -> None:
    for database in (0, 5):
        with client(server, database) as connection:
            connection.flushdb()
            connection.mset({f"app:{number}": "x" for number in range(2500)})
            connection.mset({"app:shared:1": "x", "apple": "x", "other:app:1": "x"})
            connection.set(b"app:\xff", "x")


def test_keys_go_from_all_databases_and_no_other_key_does(server):
    fill(server)
    wanted = {**server.login, "patterns": ["app:*"], "spared": ["app:shared:*"]}
    predicted = run("redis_keys", wanted, check=True)
    done = run("redis_keys", wanted)
    assert (predicted["plan"], predicted["diff"]) == (done["plan"], done["diff"])
    assert done["plan"] == [
        "delete 2501 keys like app:* in database 0",
        "delete 2501 keys like app:* in database 5",
    ]
    assert done["found"] == {"app:*": 5002}
    for database in (0, 5):
        with client(server, database) as connection:
            assert sorted(connection.keys()) == ["app:shared:1", "apple", "other:app:1"]
    again = run("redis_keys", wanted)
    assert (again["changed"], again["plan"], again["found"]) == (False, [], {})


# Scanned on the server with the pattern itself, and compared with what the expression of it finds here.
@pytest.mark.parametrize("pattern", ["a[b-d]*", "a[^b]", "a\\*", "a?", "a[]", "a[\\]]", "a]", "a[d-b]", "a[b"])
def test_a_spared_pattern_means_what_it_means_to_the_server(server, pattern):
    names = ["ab", "ac", "a*", "a]", "a[", "a", "abc", "a[]", "ad", "a[b"]
    with client(server, 7) as connection:
        connection.flushdb()
        connection.mset(dict.fromkeys(names, "x"))
        meant = set(connection.keys(pattern))
        run("redis_keys", {**server.login, "patterns": ["a*"], "spared": [pattern]})
        assert set(connection.keys()) == meant
        connection.flushdb()


def test_who_may_not_is_told_so(server):
    refusal = run("redis_keys", {**server.login, "login_password": "wrong", "patterns": ["app:*"]}).refusal
    assert "refuses the password of default" in refusal
