"""Services are told where the instances are that they use."""

from __future__ import annotations

import pytest

SECOND = {
    "postgres-infra": {"role": "postgresql"},
    "keycloak": {"role": "keycloak", "uses": {"postgresql": "postgres-infra"}},
}
CASES = {
    "uses": {"platform_instances": SECOND},
    "nothing": {"platform_instances": {"keycloak": {"role": "keycloak", "uses": {"postgresql": "nowhere"}}}},
    "misspelt": {"platform_instances": {"keycloak": {"role": "keycloak", "uses": {"postgres": "postgresql"}}}},
}


@pytest.fixture(scope="module")
def cases(asked):
    alone = {"platform_integrations": [], "platform_applications": [], "platform_datastores": ["postgresql"]}
    return asked("declare.yml", {case: {**alone, **variables} for case, variables in CASES.items()})


def test_an_instance_uses_what_the_inventory_says(cases):
    assert cases.refusal("uses") == ""
    keycloak = cases.answers["uses"]["declarations"]["keycloak"]
    environment = keycloak["containers"]["keycloak"]["environment"]
    assert (environment["KC_DB_URL_HOST"], environment["KC_DB_URL_PORT"]) == ("postgres-infra", 5432)
    assert [need["instance"] for need in keycloak["needs"]] == ["postgres-infra"]


def test_what_does_not_exist_is_named(cases):
    assert "keycloak needs nowhere, which does not run here" in cases.refusal("nothing")


def test_a_use_that_the_role_does_not_have_is_refused_with_the_nearest(cases):
    refusal = cases.refusal("misspelt")
    assert "keycloak_postgres_instance" in refusal and "postgresql_instance" in refusal
