"""What must not be rotated is refused before any host is asked; ages are told, and nothing changes for it."""

from __future__ import annotations

import pytest

KEPT = {"platform_supplied_secrets": {"n8n_jwt_secret": "x" * 40}}
CASES = {
    "a-key-that-data-was-written-with": (
        {"rotate": "n8n_encryption_key"},
        "n8n_encryption_key is not rotated: data of n8n was written with it",
    ),
    "kept-elsewhere": ({"rotate": "n8n_jwt_secret", **KEPT}, "n8n_jwt_secret is not rotated: it is kept elsewhere"),
    "mistyped": ({"rotate": "n8n_databse_password"}, "did you mean n8n_database_password"),
    "each-is-named": (
        {"rotate": "n8n_encryption_key, lowcoder_encryption_salt"},
        "lowcoder_encryption_salt is not rotated: data of lowcoder was written with it",
    ),
    "two-ways": ({"rotate": "all", "rotate_older_than": 3}, "both names and an age are given"),
    "nothing-is-written-here": ({"rotate": "all", "missing": "refuse"}, "secrets are not written here"),
}
TOLD = {"ages": {}}


@pytest.fixture(scope="module")
def cases(asked):
    given = {case: variables for case, (variables, _reason) in CASES.items()}
    return asked("rotate.yml", {**given, **TOLD})


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused(cases, case):
    refusal = cases.refusal(case)
    assert "[1] configuration error" in refusal and CASES[case][1] in refusal


def test_ages_are_told_without_asking_for_anything(cases):
    told = cases.refusal("ages")
    assert "data of n8n was written with it" in told, told
    assert "0 are rotated, 0 more are over 90 days" in told
