"""What services let be checked, and which of them have to be configured."""

from __future__ import annotations

import pytest

from ansible_collections.borgstack.platform.plugins.plugin_utils.checks import checks_of, to_configure, to_provision

READY = {"name": "ready", "port": 80, "path": "/ready"}
KNOWS_US = {"name": "knows us", "port": 80, "path": "/me", "headers": {"token": "x"}, "configured": True, "remedy": "y"}
DECLARATIONS = {
    "app": {"containers": {"app": {}, "app-worker": {}}, "hooks": ["configure"], "checks": [READY, KNOWS_US]},
    "other": {"containers": {"other": {}}, "checks": [{**READY, "container": "app-worker"}]},
    "wiring": {"hooks": ["configure"]},
}
ADDRESSES = {"app": "10.0.0.2", "app-worker": "10.0.0.3"}


def test_a_check_is_asked_at_its_container():
    assert checks_of(DECLARATIONS, ADDRESSES) == [
        {"name": "app: ready", "url": "http://10.0.0.2:80/ready"},
        {"name": "app: knows us", "url": "http://10.0.0.2:80/me", "headers": {"token": "x"}},
        {"name": "other: ready", "url": "http://10.0.0.3:80/ready"},
    ]


def test_a_sealed_port_is_only_spoken_to():
    declared = {"app": {"checks": [{"name": "sealed", "port": 81, "sealed": True}]}}
    assert checks_of(declared, ADDRESSES) == [{"name": "app: sealed", "url": "h2c://10.0.0.2:81", "open": False}]


def test_a_converge_asks_only_what_tells_of_the_configuration():
    assert [check["name"] for check in checks_of(DECLARATIONS, ADDRESSES, configured=True)] == ["app: knows us"]


def test_what_does_not_run_is_not_asked():
    assert checks_of(DECLARATIONS, {}) == []


@pytest.mark.parametrize(
    ("made", "pending", "failed", "expected"),
    [
        ([], [], [], []),
        (["app-worker"], [], [], ["app"]),
        (["other"], [], [], []),
        ([], ["wiring/configure"], [], ["wiring"]),
        ([], ["app/reload"], [], []),
        ([], [], ["app: knows us"], ["app"]),
        (["app"], ["wiring/configure"], [], ["app", "wiring"]),
    ],
)
def test_only_what_is_not_in_effect_is_configured(made, pending, failed, expected):
    assert to_configure(DECLARATIONS, made, pending, failed) == expected


# Selected are instances, whatever their role calls itself.
CONSUMERS = {
    "database": {"service": "engine", "provides": {"container": "database"}},
    "app": {"service": "app"},
    "other": {"service": "other"},
}


@pytest.mark.parametrize(
    ("selected", "started", "pending", "expected"),
    [
        (["database", "app", "other"], [], [], ["database", "app", "other"]),
        (["database"], [], [], ["database", "app", "other"]),
        (["app"], [], [], []),
        (["app"], [], ["app/provision", "other/provision"], ["app"]),
        (["app"], ["app"], [], []),
        (["app"], ["database"], [], ["app"]),
    ],
)
def test_a_run_of_one_service_trusts_what_was_provisioned_for_it(selected, started, pending, expected):
    assert list(to_provision(CONSUMERS, "database", selected, started, pending)) == expected
