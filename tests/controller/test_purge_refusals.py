"""A purge that cannot be meant is refused before any host is asked."""

from __future__ import annotations

import pytest

LEAVING = "directus"
# A service has two names; neither hides that it is switched on.
LONG = "borgstack.platform.postgresql"
OFF = {
    "platform_applications": ["n8n", "evolution_api", "chatwoot", "lowcoder", "fileflows", "duplicati"],
    "platform_integrations": [],
}
CASES = {
    "not-confirmed": ({"purge": LEAVING}, f"to be purged is {LEAVING}, confirmed is nothing"),
    "another-confirmed": (
        {"purge": LEAVING, "purge_confirm": "n8n"},
        f"to be purged is {LEAVING}, confirmed is n8n",
    ),
    "switched-on": ({"purge": "n8n", "purge_confirm": "n8n"}, "n8n is switched on"),
    "switched-on-by-its-full-name": ({"purge": LONG, "purge_confirm": LONG}, f"{LONG} is switched on"),
    "an-instance-of-another-name": (
        {"purge": "redis-cache", "purge_confirm": "redis-cache"},
        "redis-cache is switched on",
    ),
    "not-said": ({}, "it is not said which instance is to go"),
    "needed": (
        {"purge": "redis", "purge_confirm": "redis", "platform_datastores": ["postgresql", "mongodb", "seaweedfs"]},
        "n8n needs redis",
    ),
}


@pytest.fixture(scope="module")
def cases(asked):
    return asked("purge.yml", {case: {**OFF, **variables} for case, (variables, _reason) in CASES.items()})


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused(cases, case):
    refusal = cases.refusal(case)
    assert "[1] configuration error" in refusal and CASES[case][1] in refusal


def test_no_host_was_asked(cases):
    assert "UNREACHABLE" not in cases.run.output
