"""What Keycloak declares by what an operator sets: its realms, how they send mail, who reaches the console."""

from __future__ import annotations

import pytest

ALONE = {
    "platform_integrations": [],
    "platform_applications": ["keycloak"],
    "platform_datastores": ["postgresql"],
}
OWN_MASTER = {"name": "master", "display_name": "Ours", "users": [{"username": "second"}]}
MAIL = {"host": "mail.example.com", "user": "mailer", "sender": "a@example.com"}
CASES = {
    "as-it-comes": {},
    "realms": {"keycloak_realms": [{"name": "shop"}, OWN_MASTER, {"name": "closed", "enabled": False}]},
    "mail": {
        "platform_smtp": MAIL,
        "platform_supplied_secrets": {"smtp_password": "Mail-1-secret"},
        "keycloak_realms": [{"name": "shop"}, {"name": "own", "smtp": {"host": "other.example.com"}}],
    },
    "console": {"keycloak_admin_addresses": ["10.8.0.0/24"]},
}


@pytest.fixture(scope="module")
def cases(asked):
    return asked("declare.yml", {case: {**ALONE, **variables} for case, variables in CASES.items()})


@pytest.fixture
def declared(cases):
    """Return a function that gives what Keycloak declares in a case."""

    def of(case: str) -> dict:
        assert cases.refusal(case) == ""
        return cases.answers[case]["declarations"]["keycloak"]

    return of


def test_without_realms_there_is_an_administrator_and_no_temporary_one(declared):
    (master,) = declared("as-it-comes")["configuration"]["realms"]
    administrator, temporary = master["users"]
    assert (administrator["username"], administrator["roles"]) == ("admin", ["admin"])
    assert temporary["state"] == "absent" and master["name"] == "master"


def test_nobody_reaches_the_console_unless_networks_are_named(declared):
    (closed,) = declared("as-it-comes")["sites"]
    (open_to_some,) = declared("console")["sites"]
    assert closed["blocked"] == ["/admin", "/admin/*", "/realms/master", "/realms/master/*"]
    assert open_to_some["restricted"] == {"paths": closed["blocked"], "addresses": ["10.8.0.0/24"]}
    assert not open_to_some["blocked"]


def test_an_operators_own_master_realm_keeps_what_it_declares(declared):
    *others, master = declared("realms")["configuration"]["realms"]
    assert [realm["name"] for realm in others] == ["shop", "closed"]
    assert master["display_name"] == "Ours"
    assert [user["username"] for user in master["users"]] == ["second", "admin", "platform-bootstrap"]


def test_each_realm_that_lets_users_in_has_a_check(declared):
    asked = [check["path"] for check in declared("realms")["checks"] if check.get("configured")]
    assert asked == ["/realms/shop/.well-known/openid-configuration"]


def test_realms_send_mail_as_the_platform_does_unless_they_say_otherwise(declared):
    shop, own, master = declared("mail")["configuration"]["realms"]
    assert shop["smtp"] == {**MAIL, "port": 587, "tls": "starttls", "password": "Mail-1-secret"}
    assert own["smtp"] == {"host": "other.example.com"}
    assert "smtp" not in master


def test_no_secret_is_where_everybody_reads(declared):
    declaration = declared("mail")
    (container,) = declaration["containers"].values()
    secrets = [*container["secret_environment"].values(), "Mail-1-secret", declaration["credentials"]["password"]]
    readable = str([container["environment"], declaration["files"], declaration["sites"], declaration["checks"]])
    assert not [secret for secret in secrets if secret in readable]
