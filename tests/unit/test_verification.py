"""What a verification says about what it saw."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from ansible_collections.borgstack.platform.plugins.plugin_utils import (
    firewall,
    outside,
    report,
    strangers,
    verification,
)
from ansible_collections.borgstack.platform.plugins.plugin_utils.compose import DECLARED_LABEL

NOTE = {"images": {"app": {"name": "app:1", "id": "sha256:1"}}}
SETTINGS = {"directory": "/opt/borgstack", "memory_percent": 95, "deployed": {"app": NOTE}}
PROJECT = {
    "name": "borgstack",
    "services": {"app": {"image": "app:1", "labels": {DECLARED_LABEL: "now"}, "networks": ["internal"]}},
}
DECLARATIONS = {"app": {"containers": {"app": {}}}}


def container(status: str = "Up 3 minutes (healthy)", state: str = "running", label: str = "now", **measured) -> dict:
    return {
        "Id": "id",
        "State": state,
        "Status": status,
        "Labels": {"com.docker.compose.service": "app", DECLARED_LABEL: label},
        "NetworkSettings": {"Networks": {"borgstack_internal": {"IPAddress": "10.0.0.2"}}},
        "measured": {
            "restarts": 0,
            "started_seconds_ago": 180,
            "out_of_memory": False,
            "exit_code": 0,
            "memory_mb": 10,
            "memory_limit_mb": 100,
            **measured,
        },
    }


def older(seconds: int) -> dict:
    """Return another container of the platform, which has been running for so long."""
    return {**container(started_seconds_ago=seconds), "Labels": {"com.docker.compose.service": "other"}}


def rows_of(*containers: dict) -> list[dict]:
    return verification.container_rows(DECLARATIONS, list(containers), PROJECT, SETTINGS)


def test_a_container_that_is_as_declared():
    assert rows_of(container()) == [
        {
            "component": "app",
            "check": "container app",
            "state": "ok",
            "what": "healthy, up 3 min, 10 of 100 MB",
            "category": None,
            "remedy": "",
        }
    ]


@pytest.mark.parametrize(
    "status", ["Up 3 minutes", "Up 3 minutes (health: starting)", "Up 3 minutes (unhealthy)", "Up (unknown)", ""]
)
def test_only_what_says_that_it_is_healthy_is_healthy(status):
    [row] = rows_of(container(status))
    assert (row["state"], row["category"]) == ("failed", 4) and row["remedy"]


@pytest.mark.parametrize(
    ("found", "category", "what"),
    [
        ([], 4, "does not exist"),
        ([container(state="paused", status="Up 3 minutes (Paused)")], 4, "is paused"),
        ([container(state="exited", exit_code=7)], 4, "is exited; it ended with status 7"),
        ([container(state="exited", exit_code=137, out_of_memory=True)], 4, "reached its memory limit"),
        ([container(state="restarting", restarts=9, exit_code=1)], 4, "again and again, 9 times so far"),
        (
            [container(restarts=3, started_seconds_ago=90), older(211)],
            4,
            "3 times, the last time 90 s ago",
        ),
        ([container(label="before")], 1, "another configuration"),
        ([container(memory_mb=95)], 2, "95 MB of its limit of 100 MB"),
        (
            [container(image="sha256:2", tagged_image="sha256:2")],
            1,
            "made anew by hand: app:1 was sha256:1 when it was deployed, and it runs sha256:2",
        ),
        (
            [container(image="sha256:1", tagged_image="sha256:2")],
            1,
            "the name of its image, app:1, stands for another one on the host than was deployed",
        ),
    ],
)
def test_what_can_be_wrong_with_a_container(found, category, what):
    [row] = rows_of(*found)
    assert row["state"] == "failed" and row["category"] == category and what in row["what"] and row["remedy"]


def test_restarts_of_long_ago_are_no_loop():
    assert rows_of(container(restarts=9, started_seconds_ago=600), older(9999))[0]["state"] == "ok"


def test_restarts_while_the_whole_platform_starts_are_no_loop():
    assert rows_of(container(restarts=9, started_seconds_ago=90), older(210))[0]["state"] == "ok"


def test_everything_that_is_wrong_with_a_container_is_told():
    rows = rows_of(container("Up (unhealthy)", label="before", memory_mb=100))
    assert [row["category"] for row in rows] == [4, 1, 2]


def test_a_container_that_was_gone_when_it_was_measured_is_still_judged():
    assert rows_of({**container(), "measured": {}})[0]["what"] == "healthy"


def test_what_nobody_declares_is_told():
    stranger = {**container(), "Labels": {"com.docker.compose.service": "old"}}
    [row] = verification.orphan_rows([container(), stranger], PROJECT)
    assert row["check"] == "container old" and row["state"] == "failed"


def test_declared_checks_bring_their_category_and_remedy():
    checks = [
        {"name": "ready", "port": 80, "path": "/"},
        {"name": "knows us", "port": 80, "path": "/me", "category": 5, "remedy": "see the key"},
        {"name": "of another", "container": "gone", "port": 80, "path": "/"},
        {"name": "works", "port": 80, "path": "/work"},
    ]
    results = [
        {"ok": False, "what": "status 503, not 200"},
        {"ok": False, "what": "status 401, not 200"},
        {"ok": True, "what": "status 200"},
    ]
    rows = verification.inside_rows({"app": {"checks": checks}}, {"app": "10.0.0.2"}, results)
    assert [(row["state"], row["category"], row["remedy"]) for row in rows] == [
        ("failed", 4, "see the log of container app"),
        ("failed", 5, "see the key"),
        ("not checked", None, ""),
        ("ok", None, ""),
    ]


@pytest.mark.parametrize(
    ("result", "state", "category", "what"),
    [
        ({"plan": []}, "ok", None, "as declared"),
        ({"plan": ["create user n8n"]}, "failed", 1, "create user n8n"),
        ({"msg": "x", "error": {"category": 3, "what": "no answer", "remedy": "y"}}, "failed", 3, "no answer"),
        ({"msg": "MODULE FAILURE"}, "failed", 5, "MODULE FAILURE"),
    ],
)
def test_a_provisioning_modules_prediction_is_a_verification(result, state, category, what):
    row = verification.module_row(result, "users")
    assert (row["state"], row["category"]) == (state, category) and what in row["what"]


@pytest.mark.parametrize(
    ("free", "total", "category"), [(50, 100, None), (9, 100, 2), (0.5, 100, 10), (95, 1000, 2), (0, 0, 10)]
)
def test_room_on_the_disk(free, total, category):
    row = verification.disk_row({"path": "/var", "free_gb": free, "total_gb": total}, 10, 90)
    assert row["category"] == category


SITE = {
    "host": "app.example.com",
    "upstream": "app:8080",
    "blocked": ["/metrics", "/healthz*"],
    "basic_auth": {"user": "u", "password": "p"},
    "check": {"path": "/ready", "status": [204], "json": {"a": 1}},
}
OUTSIDE = {"server": "203.0.113.7", "https_port": 443, "certificate_days": 14, "authority": "PEM", "timeout": 5}


def asked(site: dict, **settings) -> list[dict]:
    return [item["ask"] for item in outside.outside_checks({"app": {"sites": [site]}}, {**OUTSIDE, **settings})]


def test_what_is_asked_about_a_site():
    page, plain, login, *blocked = asked(SITE)
    assert (page["url"], page["status"], page["json"]) == ("https://app.example.com/ready", [204], {"a": 1})
    assert (page["certificate_days"], page["ca_pem"], page["connect_to"]) == (14, "PEM", "203.0.113.7")
    assert page["headers"] == {"Authorization": "Basic dTpw"}
    assert (plain["url"], plain["location"]) == ("http://app.example.com/", "https://app.example.com")
    assert login["status"] == [401] and "headers" not in login
    assert [ask["url"] for ask in blocked] == ["https://app.example.com/metrics", "https://app.example.com/healthz"]
    assert all(ask["status"] == [404] for ask in blocked)


def test_what_must_be_refused_is_tried_without_a_body():
    site = {"host": "app.example.com", "refused": {"method": "POST", "paths": ["/accounts", "/accounts.*"]}}
    _page, _plain, *refused = asked(site)
    assert [ask["url"] for ask in refused] == ["https://app.example.com/accounts", "https://app.example.com/accounts."]
    assert all((ask["method"], ask["status"], "body" in ask) == ("POST", [404], False) for ask in refused)


def test_names_are_resolved_and_the_systems_authorities_trusted_unless_told():
    page, plain = asked({"host": "app.example.com"}, server="", authority="", https_port=8443)
    assert page["url"] == "https://app.example.com:8443/" and page["status"] == ["100-499"]
    assert not {"connect_to", "ca_pem", "headers", "json"} & (set(page) | set(plain))


def test_who_is_not_allowed_in_may_be_refused():
    page, _plain, *_others = asked({**SITE, "allowed_addresses": ["10.0.0.0/8"]})
    assert page["status"] == [204, 403] and "json" not in page


def test_internal_ports_are_those_that_declarations_name():
    declarations = {
        "postgresql": {"provides": {"port": 5432}, "containers": {"postgresql": {}}},
        "postgresql-2": {"provides": {"port": 5432}},
        "app": {"sites": [SITE], "checks": [{"port": 3000}], "containers": {"app": {"development_ports": [9229]}}},
        "odd": {"checks": [{"port": 443}, {"port": 2222}], "sites": [{"host": "a.example", "upstream": ""}]},
    }
    listeners = [
        {"port": 5555, "process": "docker-proxy"},
        {"port": 5432, "process": "docker-proxy"},
        {"port": 8005, "process": "nginx"},
        {"port": 111, "process": ""},
    ]
    ports = outside.closed_ports(declarations, listeners, ["2222", "443", "8000:8010"])
    items = outside.port_checks(ports, "2001:db8::7")
    assert [item["subject"] for item in items] == [
        "port 111 (a process of the host)",
        "port 3000 (app)",
        "port 5432 (postgresql, postgresql-2)",
        "port 5555 (docker-proxy)",
        "port 8080 (app)",
        "port 9229 (app)",
    ]
    assert items[1]["ask"]["url"] == "tcp://[2001:db8::7]:3000" and items[1]["ask"]["open"] is False


UFW = {"installed": True, "active": True, "ipv6": True, "defaults": {"incoming": "deny"}}
NO_CHANGES: dict = {"missing": [], "opposed": [], "undeclared": ["allow 8080"]}
NO_DRIFT: dict = {"files": [], "chains": [], "differing": {}, "unhooked": [], "foreign_backend": False}


def firewall_problems(ufw: dict | None = None, changes: dict | None = None, drift: dict | None = None) -> list[str]:
    rows = firewall.firewall_rows(
        {**UFW, **(ufw or {})}, {"incoming": "deny"}, {**NO_CHANGES, **(changes or {})}, {**NO_DRIFT, **(drift or {})}
    )
    assert len(rows) == 2
    return [row["what"] for row in rows if row["state"] == "failed"]


@pytest.mark.parametrize(
    ("differs", "what"),
    [
        ({"ufw": {"installed": False}}, "UFW is not installed"),
        ({"ufw": {"active": False}}, "UFW is switched off"),
        ({"ufw": {"ipv6": False}}, "UFW does not filter IPv6"),
        ({"ufw": {"defaults": {"incoming": "allow"}}}, "incoming is allow by default, declared is deny"),
        (
            {"changes": {"missing": [{"rule": "allow", "port": "443", "proto": "tcp"}]}},
            "missing: allow 443/tcp from everybody",
        ),
        (
            {"changes": {"opposed": ["allow 22"]}},
            "open to everybody although its sources are declared: allow 22",
        ),
        (
            {"drift": {"chains": ["4"], "differing": {"4": ["DOCKER-USER", "BORGSTACK-HOST"], "6": []}}},
            "not as declared in IPv4: DOCKER-USER, BORGSTACK-HOST",
        ),
        ({"drift": {"unhooked": ["6"]}}, "FORWARD of IPv6 does not visit DOCKER-USER"),
        ({"drift": {"files": ["4"]}}, "UFW's file for IPv4, which a reboot loads, is not as declared"),
        ({"drift": {"foreign_backend": True}}, "Docker's chains are not in the tables that iptables shows"),
    ],
)
def test_a_firewall_that_differs_is_told(differs, what):
    assert firewall_problems(**differs) == [what]


def test_a_firewall_as_declared_is_well():
    assert firewall_problems() == []


def result(ok: bool, reason: str = "", what: str = "status 200", days: int | None = None) -> dict:
    return {"ok": ok, "reason": reason, "what": what, "certificate_days": days}


def test_answers_from_outside_become_rows():
    items = outside.outside_checks({"app": {"sites": [SITE]}}, OUTSIDE)
    answers = [result(True, days=60), result(False, "dns", "does not resolve"), result(True), result(True)]
    rows = outside.outside_rows(items, [*answers, result(False, "status", "status 200, not 404")])
    assert [(row["check"], row["state"], row["category"]) for row in rows] == [
        ("reachable by HTTPS", "ok", None),
        ("HTTP redirects to HTTPS", "failed", 3),
        ("asks for a login", "ok", None),
        ("internal paths are not published", "failed", 1),
    ]
    assert rows[0]["what"].endswith("certificate valid for 60 days")
    assert "DNS record of app.example.com" in rows[1]["remedy"] and rows[3]["what"].startswith("/healthz*: ")


@pytest.mark.parametrize(
    ("reason", "category"), [("certificate", 3), ("refused", 3), ("timeout", 3), ("status", 4), ("json", 4)]
)
def test_a_site_that_does_not_work_has_the_category_of_why(reason, category):
    items = outside.outside_checks({"app": {"sites": [{"host": "a.example.com"}]}}, OUTSIDE)
    row = outside.outside_rows(items, [result(False, reason, "x"), result(True)])[0]
    assert row["category"] == category and row["remedy"]


def test_what_follows_from_an_unreachable_site_is_not_told_as_a_failure_of_its_own():
    items = outside.outside_checks({"app": {"sites": [SITE]}}, OUTSIDE)
    refused = result(False, "refused", "refuses connections")
    rows = outside.outside_rows(items, [refused, result(True), refused, refused, result(False, "status", "200")])
    assert [(row["check"], row["state"]) for row in rows] == [
        ("reachable by HTTPS", "failed"),
        ("HTTP redirects to HTTPS", "ok"),
        ("asks for a login", "not checked"),
        ("internal paths are not published", "failed"),
        ("internal paths are not published", "failed"),
    ]


def test_answers_that_are_missing_are_no_good_answers():
    items = outside.outside_checks({"app": {"sites": [SITE]}}, OUTSIDE)
    with pytest.raises(ValueError, match="5 checks, but 0 results"):
        outside.outside_rows(items, [])


ROWS = [
    verification.good("n8n", "ready", "status 200"),
    verification.skipped("directus", "ready", "container directus does not run"),
    verification.failed("redis", "container redis", 'it is "paused" & \x1b', 4, "unpause it"),
]


def test_the_table_begins_with_what_failed_and_says_what_to_do():
    assert report.verification_lines(ROWS) == [
        "result       component  check            what",
        'failed       redis      container redis  [4] service startup error: it is "paused" & \x1b',
        "                                         What to do: unpause it.",
        "not checked  directus   ready            container directus does not run",
        "ok           n8n        ready            status 200",
        "1 of 3 checks failed, 1 not checked: redis.",
    ]
    assert report.verification_summary(ROWS[:1]) == "All of 1 checks are ok."


def test_a_jobs_artifact_holds_what_failed_alone():
    artifact = report.verification_artifact(ROWS)
    assert artifact == {"ok": False, "counts": {"failed": 1, "not checked": 1, "ok": 1}, "failed": [ROWS[2]]}
    assert report.verification_artifact(ROWS[:1]) == {
        "ok": True,
        "counts": {"failed": 0, "not checked": 0, "ok": 1},
        "failed": [],
    }


def test_what_is_not_ready_comes_first_at_the_end_of_a_run():
    declarations = {"a": {"containers": {"a": {}}}, "b": {"containers": {"b": {}, "b-worker": {}}}}
    assert report.report_table(declarations, ["b-worker"], "vault.yml") == [
        "service  URL       health               credentials",
        "b        internal  not ready: b-worker  -",
        "a        internal  healthy              -",
    ]


def test_a_finding_of_the_host_has_its_remedy_in_full_below_it():
    finding = {"severity": "warning", "subject": "memory", "measured": "8 GB", "required": "16 GB"}
    assert report.findings_table([{**finding, "remedy": "rent a larger server."}]) == [
        "         what    measured  required",
        "warning  memory  8 GB      16 GB",
        "         What to do: rent a larger server.",
    ]


def test_machines_read_the_same():
    document = json.loads(report.verification_json(ROWS, "borgstack"))
    assert (document["ok"], document["counts"]) == (False, {"failed": 1, "not checked": 1, "ok": 1})
    assert document["checks"][2]["category_name"] == "service startup error"
    suite = ElementTree.fromstring(report.verification_junit(ROWS, "borgstack")).find("testsuite")
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "1")
    [failure] = suite.iter("failure")
    assert failure.text.startswith("[4] service startup error at redis, container redis: ")
    assert failure.text.endswith("What to do: unpause it.")


def test_a_host_that_said_nothing_is_a_failure():
    rows = verification.rows_of_hosts({"one": ROWS[:1], "two": []})
    assert [(row["component"], row["state"], row["host"]) for row in rows] == [
        ("one: n8n", "ok", "one"),
        ("two: verification", "failed", "two"),
    ]
    assert verification.rows_of_hosts({"one": ROWS[:1]})[0]["component"] == "n8n"


def test_wires_become_rows():
    broken = {
        "wire": "n8n to Redis",
        "ok": False,
        "detail": "WRONGPASS",
        "category": 5,
        "remedy": "run the site playbook",
    }
    rows = verification.wire_rows(
        {"wires": [{**broken, "wire": "n8n", "ok": True, "detail": "", "remedy": ""}, broken]}
    )
    assert [(row["check"], row["state"], row["what"], row["category"]) for row in rows] == [
        ("n8n", "ok", "works", None),
        ("n8n to Redis", "failed", "WRONGPASS", 5),
    ]
    assert [row["state"] for row in verification.wire_rows({"skipped": True})] == ["not checked"]
    [failure] = verification.wire_rows({"msg": "no such module"})
    assert (failure["state"], failure["what"]) == ("failed", "no such module")


def test_whom_another_service_needs_is_no_stranger():
    needs = [{"user": {"name": "n8n"}}, {"user": {"name": "app", "database": "app_db"}}, {"bucket": {}}]
    known = strangers.accounts_of(needs)
    assert known == ["user n8n", "user app in database app_db"]
    row = strangers.undeclared_row({"undeclared": ["user evil", "user n8n"]}, "nobody else", known)
    assert (row["state"], row["what"]) == ("failed", "nobody declared user evil")
    assert strangers.undeclared_row({"undeclared": ["user n8n"]}, "nobody else", known)["state"] == "ok"
