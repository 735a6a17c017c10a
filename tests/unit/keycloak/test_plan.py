"""What has to be done in Keycloak, planned without a server."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.borgstack.platform.plugins.module_utils import items
from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.keycloak.declaration import REALM, check
from ansible_collections.borgstack.platform.plugins.module_utils.keycloak.inspect import (
    Actual,
    Grants,
    Realm,
    User,
    undeclared,
)
from ansible_collections.borgstack.platform.plugins.module_utils.keycloak.plan import plan
from ansible_collections.borgstack.platform.plugins.module_utils.plan import diff_of

SPEC = {"realms": {"type": "list", "elements": "dict", "options": REALM}}
SHOP = {
    "name": "shop",
    "roles": ["clerk"],
    "clients": [
        {"client_id": "web", "public": True, "redirect_uris": ["https://a/*", "https://b/*"]},
        {"client_id": "api", "secret": "Client-secret-1", "roles": ["writer"]},
    ],
    "users": [
        {"username": "Ana", "password": "User-secret-1", "roles": ["clerk"], "client_roles": {"api": ["writer"]}}
    ],
}


def declared(*realms: dict) -> list[dict]:
    """Return realms as the module gets them from Ansible."""
    validated = ArgumentSpecValidator(SPEC).validate(items.completed({"realms": list(realms)}, SPEC))
    assert not validated.error_messages
    return validated.validated_parameters["realms"]


def words(actual: Actual, *realms: dict, **options) -> list[str]:
    return [step.words for step in plan(declared(*realms), actual, **options)]


def shop(**more) -> Actual:
    """Return a server with the shop as it is declared, but for what is given."""
    web = {
        "id": "1",
        "clientId": "web",
        "enabled": True,
        "publicClient": True,
        "redirectUris": ["https://b/*", "https://a/*"],
        "standardFlowEnabled": True,
        "directAccessGrantsEnabled": False,
        "serviceAccountsEnabled": False,
        "attributes": {"pkce.code.challenge.method": "S256", "realm_client": "false"},
    }
    api = {**web, "id": "2", "clientId": "api", "publicClient": False, "secret": "Client-secret-1", "redirectUris": []}
    there = {
        "found": {"realm": "shop", "enabled": True, "displayName": ""},
        "roles": {"clerk": {"name": "clerk"}, "uma_authorization": {"name": "uma_authorization"}},
        "clients": {"web": web, "api": api, "account": {"id": "3", "clientId": "account"}},
        "client_roles": {"web": {}, "api": {"writer": {"name": "writer"}}},
        "users": {"ana": User({"id": "4", "username": "ana", "enabled": True}, Grants({"clerk"}, {"api": {"writer"}}))},
    }
    return Actual({"master": None, "shop": Realm(**{**there, **more})}, "admin")


def test_all_of_it_is_planned_at_once_on_an_empty_server():
    assert words(Actual(), SHOP) == [
        "create realm shop",
        "create role clerk of realm shop",
        "create client web of realm shop",
        "create client api of realm shop",
        "create role writer of client api of realm shop",
        "create user ana of realm shop",
        "grant clerk to user ana of realm shop",
        "grant api.writer to user ana of realm shop",
    ]


def test_what_is_as_declared_is_left_alone():
    assert words(shop(), SHOP) == []


def test_no_secret_is_shown():
    steps = plan(declared(SHOP), Actual()) + plan(declared(SHOP), shop(clients={}))
    realm = {**SHOP, "clients": [{"client_id": "api", "secret": "Client-secret-2"}]}
    steps += plan(declared({**realm, "users": []}), shop())
    shown = json.dumps([diff_of(steps), [step.words for step in steps]]) + repr(steps)
    assert "(secret), new" in shown and not [one for one in ("Client-secret", "User-secret") if one in shown]


@pytest.mark.parametrize(
    ("client", "changed"),
    [
        ({"client_id": "web", "public": True, "redirect_uris": ["https://a/*"]}, {"redirectUris"}),
        ({"client_id": "web", "public": True, "pkce": False}, {"attributes"}),
        ({"client_id": "web", "public": True, "enabled": False}, {"enabled"}),
        ({"client_id": "web", "public": True, "attributes": {"realm_client": False}}, set()),
        ({"client_id": "web", "public": True, "attributes": {"realm_client": True}}, {"attributes"}),
        ({"client_id": "web", "public": True, "settings": {"consentRequired": True}}, {"consentRequired"}),
        ({"client_id": "api", "secret": "Client-secret-2"}, {"secret"}),
        ({"client_id": "api"}, set()),
    ],
)
def test_only_what_is_declared_and_otherwise_is_changed(client, changed):
    steps = plan(declared({"name": "shop", "clients": [client]}), shop())
    assert {key for step in steps for key in step.operation[2]} == changed


def test_a_change_keeps_the_attributes_that_are_not_declared():
    (step,) = plan(declared({"name": "shop", "clients": [{"client_id": "web", "public": True, "pkce": False}]}), shop())
    assert step.operation[2] == {"attributes": {"pkce.code.challenge.method": "", "realm_client": "false"}}
    assert (step.before, step.after) == (
        {"attributes": {"pkce.code.challenge.method": "S256"}},
        {"attributes": {"pkce.code.challenge.method": ""}},
    )


def test_a_password_is_changed_only_where_it_is_known_to_be_another():
    users = shop().realms["shop"].users
    for fits, expected in ((None, []), (True, []), (False, ["change the password of user ana of realm shop"])):
        users["ana"].fits = fits
        assert words(shop(users=users), SHOP) == expected


def test_mail_is_written_again_where_its_password_may_have_changed():
    mail = {"host": "mail.example.com", "sender": "a@example.com", "user": "u", "password": "Mail-secret-1"}
    there = {
        "host": "mail.example.com",
        "port": "587",
        "from": "a@example.com",
        "auth": "true",
        "user": "u",
        "starttls": "true",
        "ssl": "false",
        "password": "**********",
    }
    actual = shop(found={"enabled": True, "smtpServer": there})
    assert words(actual, {"name": "shop", "smtp": mail}) == []
    assert words(actual, {"name": "shop", "smtp": mail}, rewrite_secrets=True) == ["set mail of realm shop"]
    assert words(actual, {"name": "shop", "smtp": {**mail, "tls": "tls"}}) == ["set mail of realm shop"]


def test_deletions_come_last_and_who_is_logged_in_at_the_very_end():
    gone = {
        "name": "shop",
        "roles": [{"name": "clerk", "state": "absent"}],
        "clients": [{"client_id": "api", "state": "absent"}, {"client_id": "never", "state": "absent"}],
        "users": [{"username": "ana", "state": "absent"}],
    }
    master = {
        "name": "master",
        "users": [{"username": "temporary", "state": "absent"}, {"username": "old", "state": "absent"}],
    }
    actual = shop()
    users = {name: User({"id": name, "username": name, "enabled": True}) for name in ("temporary", "old")}
    actual.realms["master"] = Realm({"enabled": True}, users=users)
    actual.user = "temporary"
    assert words(actual, master, gone, {"name": "new"}) == [
        "create realm new",
        "delete client api of realm shop",
        "delete role clerk of realm shop",
        "delete user ana of realm shop",
        "delete user old of realm master",
        "delete user temporary of realm master",
    ]
    assert words(actual, {"name": "shop", "state": "absent"}) == ["delete realm shop"]


@pytest.mark.parametrize(
    "user",
    [
        {"username": "ana", "roles": ["boss"]},
        {"username": "ana", "client_roles": {"api": ["boss"]}},
        {"username": "ana", "client_roles": {"nothing": ["boss"]}},
    ],
)
def test_a_role_that_neither_exists_nor_is_declared_is_refused(user):
    with pytest.raises(PlatformError, match=r"boss .*neither exists nor is declared"):
        words(shop(), {"name": "shop", "users": [user]})


@pytest.mark.parametrize(
    ("realm", "said"),
    [
        ({"name": "master", "state": "absent"}, "administrators log in"),
        ({"name": "master", "enabled": False}, "administrators log in"),
        ({"name": "a", "settings": {"smtpServer": {}}}, "smtpServer"),
        ({"name": "a", "clients": [{"client_id": "b", "settings": {"secret": "x"}}]}, "holds secret"),
        ({"name": "a", "clients": [{"client_id": "b", "public": True, "secret": "x"}]}, "no secret"),
        ({"name": "a", "clients": [{"client_id": "b", "service_account_roles": ["c"]}]}, "service account"),
        ({"name": "a", "clients": [{"client_id": "b", "attributes": {"post.logout.redirect.uris": "x"}}]}, "option"),
        ({"name": "a", "clients": ["b", {"client_id": "b"}]}, "client b is declared twice"),
        ({"name": "a", "users": [{"username": "Ana"}, {"username": "ana"}]}, "user ana is declared twice"),
        ({"name": "a", "users": [{"username": "a", "client_roles": {"b": "c"}}]}, "no list of names"),
        ({"name": "a", "users": [{"username": "a", "update_password": "always", "temporary": True}]}, "temporary"),
    ],
)
def test_what_cannot_be_meant_is_refused(realm, said):
    with pytest.raises(PlatformError, match=said):
        check(declared(realm))


def test_what_nobody_declared_is_named_but_for_what_keycloak_makes_itself():
    actual = shop()
    actual.realms["trial"] = None
    actual.realms["shop"].clients["stray"] = {"id": "9", "clientId": "stray"}
    actual.realms["shop"].client_roles["api"]["extra"] = {"name": "extra"}
    actual.realms["master"] = Realm(
        {"enabled": True},
        roles={"admin": {"name": "admin"}, "default-roles-master": {"name": "default-roles-master"}},
        clients={"shop-realm": {"id": "7", "clientId": "shop-realm"}},
        administrators=["admin", "eve"],
    )
    master = {"name": "master", "users": [{"username": "admin"}]}
    assert undeclared(declared(SHOP, master), actual) == [
        "client stray of realm shop",
        "realm trial",
        "role extra of client api of realm shop",
        "user eve of realm master",
    ]
