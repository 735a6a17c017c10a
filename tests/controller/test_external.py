"""What is declared of an instance that is somebody else's server."""

from __future__ import annotations

import pytest

CA = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
DB = {"role": "postgresql", "external": {"host": "db.example.com", "password": "Managers-1-secret", "ca": CA}}
KEYCLOAK = {"role": "keycloak", "uses": {"postgresql": "db"}}
CASES = {
    "managed": {"platform_instances": {"db": DB, "keycloak": KEYCLOAK}},
    "misspelt": {"platform_instances": {"db": {**DB, "external": {**DB["external"], "hots": "x"}}}},
    "kind": {"platform_instances": {"db": {**DB, "role": "redis"}}},
    "deaf": {"platform_instances": {"db": DB, "directus": {"role": "directus", "uses": {"postgresql": "db"}}}},
}


@pytest.fixture(scope="module")
def cases(asked):
    alone = {"platform_integrations": [], "platform_applications": [], "platform_datastores": []}
    return asked("declare.yml", {case: {**alone, **variables} for case, variables in CASES.items()})


def test_a_service_is_told_where_it_is_and_how_to_encrypt(cases):
    assert cases.refusal("managed") == ""
    declarations = cases.answers["managed"]["declarations"]
    environment = declarations["keycloak"]["containers"]["keycloak"]["environment"]
    assert (environment["KC_DB_URL_HOST"], environment["KC_DB_URL_PORT"]) == ("db.example.com", 5432)
    assert environment["KC_DB_URL_PROPERTIES"] == "?sslmode=verify-full&sslrootcert=/authorities/db.pem"
    assert "containers" not in declarations["db"] and declarations["db"]["hooks"] == ["provision", "deprovision"]
    assert declarations["db"]["provides"]["tls"]["authority"] == "/opt/borgstack/authorities/db.pem"


def test_no_secret_is_made_for_a_container_that_there_is_not(cases):
    assert cases.refusal("managed") == ""
    made = cases.secrets("managed")
    assert "keycloak_database_password" in made and "db_superuser_password" not in made


def test_what_is_wrong_with_it_is_refused_with_the_place_and_no_password(cases):
    assert "hots (did you mean host?)" in cases.refusal("misspelt")
    assert "instance db.external: its role provides redis" in cases.refusal("kind")
    assert "directus cannot be told to speak TLS to db" in cases.refusal("deaf")
    assert not [case for case in CASES if "Managers-1-secret" in cases.answers[case]["refused"]]
