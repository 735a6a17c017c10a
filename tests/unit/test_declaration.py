"""Declarations that make no sense are refused with the place and the reason."""

from __future__ import annotations

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils.declaration import (
    check_host_name,
    checked,
    contradictions,
)

CONTAINER = {"image": "app:1", "healthcheck": {"test": ["CMD", "true"]}, "mem_limit": "64m"}


def declaration(**others) -> dict:
    return {"service": "app", "tier": "application", "containers": {"app": CONTAINER}, **others}


def test_a_sensible_declaration_is_returned_as_it_is():
    assert checked("app", declaration()) == declaration()


@pytest.mark.parametrize(
    ("name", "declared", "reason"),
    [
        ("App", declaration(), "not lower case"),
        ("app", declaration(colour="red"), "unknown keys: colour"),
        ("app", declaration(tier="middle"), "not one of datastore, application"),
        ("app", declaration(containers={"a_b": CONTAINER}), "not lower case"),
        ("app", declaration(containers={"app": {**CONTAINER, "image": ""}}), "no image"),
        ("app", declaration(containers={"app": {"image": "app:1", "mem_limit": "64m"}}), "no health check"),
        ("app", declaration(containers={"app": {**CONTAINER, "mem_limit": "1g"}}), "not megabytes"),
        ("app", declaration(sites=[{"host": "app"}]), "at least two parts"),
        ("app", declaration(configuration={}), "the one puts the other into effect"),
        ("app", declaration(hooks=["configure"]), "the one puts the other into effect"),
        ("app", declaration(checks=[{"name": "ready", "colour": "red"}]), "unknown keys: colour; known are"),
        ("app", declaration(checks=[{"name": "ready", "path": "/"}]), "missing keys: port"),
    ],
)
def test_others_are_refused(name, declared, reason):
    with pytest.raises(PlatformError, match=reason) as refusal:
        checked(name, declared)
    assert refusal.value.category == 1


@pytest.mark.parametrize("host", ["n8n.example.com", "a.b", "xn--d1acpjx3f.xn--p1ai", "1.example.com"])
def test_host_names(host):
    check_host_name(host, "test")


@pytest.mark.parametrize(
    "host",
    ["", "localhost", "n8n_.example.com", "-a.example.com", "a..b", "a b.c", "x" * 64 + ".com", "a." * 127 + "com"],
)
def test_what_is_no_host_name(host):
    with pytest.raises(PlatformError, match="is not a host name"):
        check_host_name(host, "test")


def test_what_does_not_fit_together_is_named():
    declarations = {
        "redis": {"provides": {"kind": "redis"}, "containers": {"redis": {}}},
        "app": {
            "needs": [
                {"kind": "redis", "instance": "redis"},
                {"kind": "s3", "instance": "redis"},
                {"kind": "s3", "instance": "seaweedfs"},
            ],
            "sites": [{"host": "a.example.com"}],
        },
        "wiring": {"requires": ["app", "mail"], "sites": [{"host": "A.Example.com"}]},
    }
    assert contradictions(declarations) == [
        "app needs s3 of redis, which provides redis",
        "app needs seaweedfs, which does not run here",
        "wiring needs mail, which does not run here",
        "app and wiring both claim the host name a.example.com",
    ]
    assert contradictions({"redis": declarations["redis"]}) == []
