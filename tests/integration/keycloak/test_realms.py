"""The module keycloak_realms against a real Keycloak, from the temporary administrator of a new server on."""

from __future__ import annotations

import copy
import json

import pytest
import requests
from integration.conftest import VERSIONS, Container
from integration.services.conftest import eventually

from ansible_collections.borgstack.platform.plugins.module_utils.keycloak.apply import Applier
from ansible_collections.borgstack.platform.plugins.module_utils.keycloak.connection import Server
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step

pytestmark = pytest.mark.integration
IMAGE = f"quay.io/keycloak/keycloak:{VERSIONS['keycloak_version']}"
TEMPORARY = {"username": "temporary", "password": "Temporary-1-secret"}
ADMIN = {"username": "admin", "password": "Permanent-1-secret"}
MASTER = {
    "name": "master",
    "users": [{**ADMIN, "update_password": "always", "roles": ["admin"]}, {"username": "temporary", "state": "absent"}],
}
MAIL = {"host": "mail.example.com", "sender": "a@example.com", "user": "mailer", "password": "Mail-1-secret"}
SHOP = {
    "name": "shop",
    "display_name": "Loja",
    "settings": {"accessTokenLifespan": 300, "bruteForceProtected": True, "supportedLocales": ["pt-BR", "en"]},
    "smtp": MAIL,
    "roles": [{"name": "clerk", "description": "Vende"}, "customer / all"],
    "clients": [
        {
            "client_id": "https://shop.example.com/app",
            "name": "Shop",
            "public": True,
            "redirect_uris": ["https://shop.example.com/*", "https://old.example.com/*"],
            "post_logout_redirect_uris": ["+"],
            "web_origins": ["+"],
            "attributes": {"oauth2.device.authorization.grant.enabled": True},
            "settings": {"consentRequired": True},
            "roles": ["writer"],
            "mappers": [
                {
                    "name": "audience",
                    "type": "oidc-audience-mapper",
                    "config": {"included.custom.audience": "api", "access.token.claim": True},
                }
            ],
        },
        {
            "client_id": "api",
            "secret": "Client-1-secret",
            "standard_flow": False,
            "service_account": True,
            "service_account_roles": ["clerk"],
        },
    ],
    "users": [
        {
            "username": "Ana",
            "email": "ana@example.com",
            "first_name": "Ana",
            "last_name": "Lima",
            "password": "User-1-secret",
            "update_password": "always",
            "roles": ["clerk"],
            "client_roles": {"https://shop.example.com/app": ["writer"], "realm-management": ["view-users"]},
        },
        {"username": "new", "password": "First-1-secret", "temporary": True},
    ],
}


@pytest.fixture(scope="module")
def url():
    settings = {
        "KC_BOOTSTRAP_ADMIN_USERNAME": TEMPORARY["username"],
        "KC_BOOTSTRAP_ADMIN_PASSWORD": TEMPORARY["password"],
    }
    settings["JAVA_OPTS_APPEND"] = "-XX:TieredStopAtLevel=1"
    options = [word for name, value in settings.items() for word in ("--env", f"{name}={value}")]
    container = Container(IMAGE, "start-dev", options=("--memory", "1g", *options))
    place = f"http://{container.address}:8080"
    try:
        eventually(lambda: ask(place, "GET", "/realms/master").ok, 180)
        yield place
    finally:
        container.remove()


def ask(url: str, method: str, path: str, **keywords) -> requests.Response:
    session = requests.Session()
    session.trust_env = False
    return session.request(method, f"{url}{path}", timeout=30, **keywords)


def token(url: str, realm: str, login: dict) -> str:
    form = {"grant_type": "password", "client_id": "admin-cli", **login}
    answer = ask(url, "POST", f"/realms/{realm}/protocol/openid-connect/token", data=form)
    return answer.json().get("access_token", "")


def administer(url: str, method: str, path: str, **keywords):
    headers = {"Authorization": f"Bearer {token(url, 'master', ADMIN)}"}
    answer = ask(url, method, f"/admin/realms{path}", headers=headers, **keywords)
    assert answer.ok, answer.text
    return answer.json() if answer.content else None


def arguments(url: str, *realms: dict, **more) -> dict:
    return {"url": url, **ADMIN, "realms": list(realms), **more}


def test_a_new_server_gets_its_administrator_and_loses_the_temporary_one(url, module):
    declared = arguments(url, MASTER, fallback_logins=[{**ADMIN, "password": "Former-1-secret"}, TEMPORARY])
    foreseen = module("keycloak_realms", declared, check=True)
    assert foreseen["plan"] == [
        "create user admin of realm master",
        "grant admin to user admin of realm master",
        "delete user temporary of realm master",
    ]
    assert module("keycloak_realms", declared)["plan"] == foreseen["plan"]
    assert module("keycloak_realms", declared)["plan"] == []
    assert token(url, "master", ADMIN) and not token(url, "master", TEMPORARY)


def test_everything_at_once_and_again_nothing(url, module, converge):
    on_nothing = module("keycloak_realms", arguments(url, SHOP, assume_empty=True), check=True)
    assert converge("keycloak_realms", arguments(url, SHOP)) == on_nothing["plan"]
    assert not [
        secret for secret in ("User-1-", "Client-1-", "Mail-1-", "First-1-") if secret in json.dumps(on_nothing)
    ]
    realm = administer(url, "GET", "/shop")
    assert (realm["displayName"], realm["smtpServer"]["user"], realm["accessTokenLifespan"]) == ("Loja", "mailer", 300)
    assert token(url, "shop", {"username": "ana", "password": "User-1-secret"})


CHANGES = [
    ((), "display_name", "Shop", "change realm shop"),
    (("clients", 0), "redirect_uris", ["https://shop.example.com/*"], "change client https://shop.example.com/app"),
    (("clients", 0), "post_logout_redirect_uris", ["https://shop.example.com/"], "change client https://"),
    (("clients", 0), "pkce", False, "change client https://shop.example.com/app"),
    (("clients", 0, "mappers", 0), "config", {"access.token.claim": False}, "change mapper audience of client"),
    (("clients", 1), "secret", "Client-2-secret", "change client api"),
    (("users", 0), "last_name", "Souza", "change user ana"),
    (("users", 0), "password", "User-2-secret", "change the password of user ana"),
    (("roles", 0), "description", "Vende muito", "change role clerk"),
    (("smtp",), "host", "mail2.example.com", "set mail"),
]


def test_each_change_is_one_step_and_all_are_changed_back_at_once(url, converge):
    changed = copy.deepcopy(SHOP)
    for place, key, value, words in CHANGES:
        part = changed
        for one in place:
            part = part[one]
        part[key] = value
        (done,) = converge("keycloak_realms", arguments(url, changed))
        assert done.startswith(words)
    back = converge("keycloak_realms", arguments(url, SHOP))
    # What several of them were about is one step.
    assert len(back) == len(set(back)) == 8


def test_what_was_changed_by_hand_is_changed_back_and_the_rest_left_alone(url, converge):
    (client,) = administer(url, "GET", "/shop/clients?clientId=api")
    administer(url, "PUT", f"/shop/clients/{client['id']}", json={"clientId": "api", "secret": "By-hand-1"})
    administer(url, "PUT", f"/shop/clients/{client['id']}", json={"clientId": "api", "description": "By hand"})
    assert converge("keycloak_realms", arguments(url, SHOP)) == ["change client api of realm shop"]
    (client,) = administer(url, "GET", "/shop/clients?clientId=api")
    assert (client["secret"], client["description"]) == ("Client-1-secret", "By hand")


def test_a_user_who_was_locked_out_is_let_in_with_the_declared_password(url, converge):
    user = administer(url, "GET", "/shop/users?username=ana&exact=true")[0]
    administer(url, "PUT", f"/shop/users/{user['id']}", json={"enabled": False})
    assert converge("keycloak_realms", arguments(url, SHOP)) == [
        "change user ana of realm shop",
        "change the password of user ana of realm shop",
    ]


def test_of_a_user_whom_failures_locked_out_nothing_is_concluded(url, module):
    user = administer(url, "GET", "/shop/users?username=ana&exact=true")[0]
    place = f"/shop/attack-detection/brute-force/users/{user['id']}"

    def is_locked() -> bool:
        return (
            token(url, "shop", {"username": "ana", "password": "Wrong-1"}) or administer(url, "GET", place)["disabled"]
        )

    eventually(is_locked)
    assert not token(url, "shop", {"username": "ana", "password": "User-1-secret"})
    assert module("keycloak_realms", arguments(url, SHOP))["plan"] == []
    administer(url, "DELETE", place)


def test_an_administrator_who_changes_his_own_password_goes_on_with_it(url):
    server = Server({"url": url, **ADMIN, "fallback_logins": [], "connect_timeout": 10})
    server.log_in()
    for password in ("Permanent-2-secret", ADMIN["password"]):
        body = {"type": "password", "value": password, "temporary": False}
        Applier(server)(Step("user admin", "change", ("password", ("user", "master", "admin"), body)))
        server.renew()
        assert server.call("GET", ["realms"], briefRepresentation="true")
    server.close()


def test_what_is_not_declared_is_named_and_stays(url, module):
    administer(url, "POST", "", json={"realm": "trial"})
    administer(url, "POST", "/shop/roles", json={"name": "stray"})
    found = module("keycloak_realms", arguments(url, SHOP, MASTER, report_undeclared=True))
    assert (found["plan"], found["undeclared"]) == ([], ["realm trial", "role stray of realm shop"])


def test_an_unreadable_secret_is_written_where_that_is_asked_for(url, module):
    done = module("keycloak_realms", arguments(url, SHOP, rewrite_secrets=True))
    assert done["plan"] == ["set mail of realm shop"] and "Mail-1-secret" not in json.dumps(done)


def test_a_temporary_password_has_to_be_changed_and_is_left_alone(url, module):
    assert not token(url, "shop", {"username": "new", "password": "First-1-secret"})
    changed = copy.deepcopy(SHOP)
    changed["users"][1]["password"] = "First-2-secret"
    assert module("keycloak_realms", arguments(url, changed))["plan"] == []


@pytest.mark.parametrize(
    ("realm", "said"),
    [
        ({"name": "shop", "settings": {"acessTokenLifespan": 300}}, "realm shop"),
        ({"name": "shop", "clients": [{"client_id": "x", "redirect_uris": ["http://a b"]}]}, "redirect URI"),
        ({"name": "shop", "clients": [{"client_id": "x", "settings": {"bogus": 1}}]}, "bogus"),
        ({"name": "shop", "users": [{"username": "x", "roles": ["nobody"]}]}, "neither exists nor is declared"),
    ],
)
def test_a_refusal_says_what_is_wrong_where(url, module, realm, said):
    refused = module("keycloak_realms", arguments(url, realm)).refusal
    assert said in refused and "realm shop" in refused
    assert not [one for one in administer(url, "GET", "/shop/clients") if one["clientId"] == "x"]


def test_a_wrong_login_and_a_wrong_place_are_told_apart(url, module):
    wrong = module("keycloak_realms", arguments(url, SHOP, password="Wrong-password-1"))
    assert "refuses the password of admin" in wrong.refusal and "Wrong-password-1" not in json.dumps(wrong)
    lesser = {"username": "ana", "password": "User-1-secret"}
    assert "refuses the password of ana" in module("keycloak_realms", {**arguments(url, SHOP), **lesser}).refusal
    assert "[3] network error" in module("keycloak_realms", arguments("http://127.0.0.1:9", SHOP)).refusal
    nobody = [{"name": "master", "users": [{**lesser, "roles": []}]}]
    assert module("keycloak_realms", arguments(url, *nobody))["changed"]
    assert "may not do this" in module("keycloak_realms", {**arguments(url, SHOP), **lesser}).refusal


def test_what_is_declared_absent_goes_and_nothing_else(url, converge):
    declared = {
        "name": "shop",
        "roles": [{"name": "customer / all", "state": "absent"}],
        "clients": [
            {"client_id": "api", "state": "absent"},
            {
                "client_id": "https://shop.example.com/app",
                "public": True,
                "roles": [{"name": "writer", "state": "absent"}],
                "mappers": [{"name": "audience", "type": "oidc-audience-mapper", "state": "absent"}],
            },
        ],
        "users": [{"username": "ANA", "state": "absent"}],
    }
    assert len(converge("keycloak_realms", arguments(url, declared))) == 5
    assert "stray" in [role["name"] for role in administer(url, "GET", "/shop/roles")]
    assert converge("keycloak_realms", arguments(url, {"name": "shop", "state": "absent"})) == ["delete realm shop"]
    assert ask(url, "GET", "/realms/trial").ok and ask(url, "GET", "/realms/shop").status_code == 404
