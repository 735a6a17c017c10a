"""What breaks others with it is named, and what has nothing to do with it is still looked at, and is well."""

from __future__ import annotations

from conftest import eventually


def test_containers_that_do_not_work_are_named(verify, server, container):
    server.check_output(f"docker pause {container('redis')}")
    server.check_output(f"docker stop --time 1 {container('n8n-worker')}")
    try:
        _run, failures = verify()
    finally:
        server.check_output(f"docker unpause {container('redis')}")
        server.check_output(f"docker start {container('n8n-worker')}")
    assert set(failures) >= {("redis", "container redis"), ("n8n", "container n8n-worker")}
    assert not any(component in ("postgresql", "seaweedfs", "host") for component, _check in failures)
    eventually(lambda: verify()[1] == {}, 180)
