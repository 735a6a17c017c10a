"""Declarations that make no sense are refused with the place and the reason."""

from __future__ import annotations

import re

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
        ("app", declaration(tier="middle"), "tier must be one of: datastore, application"),
        ("app", declaration(containers={"a_b": CONTAINER}), "not lower case"),
        ("app", declaration(containers={"app": {**CONTAINER, "image": ""}}), "no image"),
        ("app", declaration(containers={"app": {"image": "app:1", "mem_limit": "64m"}}), "missing keys: healthcheck"),
        ("app", declaration(containers={"app": {**CONTAINER, "mem_limit": "1g"}}), "not megabytes"),
        ("app", declaration(containers={"app": {**CONTAINER, "data_format": "(1"}}), "no regular expression"),
        ("app", declaration(containers={"app": {**CONTAINER, "data_format": "[0-9]"}}), "has to have one group"),
        ("app", declaration(sites=[{"host": "app", "upstream": "app:1"}]), "at least two parts"),
        ("app", declaration(configuration={}), "the one puts the other into effect"),
        ("app", declaration(hooks=["configure"]), "the one puts the other into effect"),
        ("app", declaration(checks=[{"name": "ready", "colour": "red"}]), "unknown keys: colour; known are"),
        ("app", declaration(checks=[{"name": "ready", "path": "/"}]), "missing keys: port"),
        ("app", declaration(hooks=["confgure"]), "hooks must be one or more of: judge, configure"),
        ("app", declaration(files=[{"path": "a", "content": "", "pending": "reload"}]), "there is no hook reload"),
        (
            "app",
            declaration(provides={"kind": "s3", "container": "a", "port": 1, "user": "u", "password": "p"}),
            "no hook provision, so nothing could be made in it",
        ),
        ("app", declaration(canary=[{"claim": "c", "querry": "q"}]), r"unknown keys: querry \(did you mean query"),
        ("app", declaration(canary=[{"claim": "c"}]), "neither a query nor a command"),
        ("app", declaration(backup={"volume": ["data"]}), r"backup: unknown keys: volume \(did you mean volumes"),
        ("app", declaration(provides={"kind": "s3"}), "app.provides: missing keys: container, port, user, password"),
        ("app", declaration(credentials={"usre": "x"}), r"unknown keys: usre \(did you mean user"),
        ("app", declaration(files=[{"path": "a"}]), "file a of app: it has neither content nor secret_content"),
        ("app", declaration(files=[{"path": "a", "content": "", "secret_content": ""}]), "or both"),
        ("app", declaration(immutable_secrets={"key": None}), "its key is nothing"),
        (
            "app",
            declaration(containers={"app": {**CONTAINER, "secret_enviroment": {"A": "x"}}}),
            r"declaration of app.containers.app: unknown keys: secret_enviroment \(did you mean secret_environment\?\)",
        ),
        ("app", declaration(containers={"app": {**CONTAINER, "environment": {"A": None}}}), "its A is nothing"),
        ("app", declaration(containers={"app": {**CONTAINER, "healthcheck": {"tset": []}}}), "unknown keys: tset"),
        ("app", declaration(needs=["postgresql"]), "needs of app: it is a text, and has to be a dictionary"),
        ("app", declaration(needs=[{"kind": "postgresql"}]), "needs of app: missing keys: instance"),
        (
            "app",
            declaration(needs=[{"kind": "postgresql", "instance": "db", "databse": {"name": "a"}}]),
            r"needs of app, postgresql of db: unknown keys: databse \(did you mean database\?\)",
        ),
        (
            "app",
            declaration(needs=[{"kind": "postgresql", "instance": "db", "database": {"name": "a", "onwer": "b"}}]),
            r"postgresql of db.database: unknown keys: onwer \(did you mean owner\?\)",
        ),
        (
            "app",
            declaration(needs=[{"kind": "redis", "instance": "r", "user": {"name": "a", "keys": [None]}}]),
            r"redis of r.user.keys\[0\]: it is nothing",
        ),
    ],
)
def test_others_are_refused(name, declared, reason):
    with pytest.raises(PlatformError) as refusal:
        checked(name, declared)
    assert refusal.value.category == 1 and re.search(reason, refusal.value.message)


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


def test_what_a_role_accepts_is_checked_as_it_says():
    printer = {"accepts": {"paper": {"sheets": {"type": "int", "required": True}}, "n8n": {}}}
    paper = {"kind": "paper", "instance": "printer"}
    needs = [{**paper, "sheets": 5}, {**paper, "sheats": 5}, {"kind": "n8n", "instance": "printer", "workflows": []}]
    assert contradictions({"printer": printer, "app": {"needs": needs}}) == [
        "needs of app, paper of printer: unknown keys: sheats (did you mean sheets?); known are instance, kind, sheets"
    ]


def test_what_does_not_fit_together_is_named():
    declarations = {
        "redis": {"provides": {"kind": "redis"}, "containers": {"redis": {}}},
        "proxy": {},
        "app": {
            "needs": [
                {"kind": "redis", "instance": "redis"},
                {"kind": "s3", "instance": "redis"},
                {"kind": "s3", "instance": "proxy"},
                {"kind": "s3", "instance": "seaweedfs"},
            ],
            "sites": [{"host": "a.example.com"}],
        },
        "wiring": {"requires": ["app", "mail"], "sites": [{"host": "A.Example.com"}]},
    }
    assert contradictions(declarations) == [
        "app needs s3 of redis, which provides redis",
        "app needs s3 of proxy, which provides nothing",
        "app needs seaweedfs, which does not run here",
        "wiring needs mail, which does not run here",
        "app and wiring both claim the host name a.example.com",
    ]
    assert contradictions({"redis": declarations["redis"]}) == []
