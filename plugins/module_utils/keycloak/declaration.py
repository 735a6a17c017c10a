# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What may be declared, what of it cannot be meant, and what Keycloak calls it."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.keycloak.connection import MASTER
from ansible_collections.borgstack.platform.plugins.module_utils.provisioning import STATE
from ansible_collections.borgstack.platform.plugins.module_utils.texts import text_of

TEXTS = {"type": "list", "elements": "str"}


def listed(options: dict) -> dict:
    """Return the specification of an option that is a list of such items."""
    return {"type": "list", "elements": "dict", "default": [], "options": options}


ROLE: dict = {"name": {"type": "str", "required": True}, "description": {"type": "str"}, "state": STATE}
MAPPER: dict = {
    "name": {"type": "str", "required": True},
    "type": {"type": "str", "required": True},
    "config": {"type": "dict", "default": {}},
    "state": STATE,
}
CLIENT: dict = {
    "client_id": {"type": "str", "required": True},
    "name": {"type": "str"},
    "description": {"type": "str"},
    "enabled": {"type": "bool", "default": True},
    "public": {"type": "bool", "default": False},
    "secret": {"type": "str", "no_log": True},
    "root_url": {"type": "str"},
    "base_url": {"type": "str"},
    "redirect_uris": TEXTS,
    "post_logout_redirect_uris": TEXTS,
    "web_origins": TEXTS,
    "standard_flow": {"type": "bool", "default": True},
    "direct_access_grants": {"type": "bool", "default": False},
    "service_account": {"type": "bool", "default": False},
    "service_account_roles": {"type": "list", "elements": "str", "default": []},
    "pkce": {"type": "bool"},
    "attributes": {"type": "dict", "default": {}},
    "settings": {"type": "dict", "default": {}},
    "roles": listed(ROLE),
    "mappers": listed(MAPPER),
    "state": STATE,
}
USER: dict = {
    "username": {"type": "str", "required": True},
    "email": {"type": "str"},
    "email_verified": {"type": "bool"},
    "first_name": {"type": "str"},
    "last_name": {"type": "str"},
    "enabled": {"type": "bool", "default": True},
    "password": {"type": "str", "no_log": True},
    "update_password": {"type": "str", "choices": ["on_create", "always"], "default": "on_create", "no_log": False},
    "temporary": {"type": "bool", "default": False},
    "roles": {"type": "list", "elements": "str", "default": []},
    "client_roles": {"type": "dict", "default": {}},
    "state": STATE,
}
SMTP: dict = {
    "host": {"type": "str", "required": True},
    "port": {"type": "int", "default": 587},
    "sender": {"type": "str", "required": True},
    "sender_name": {"type": "str"},
    "user": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "tls": {"type": "str", "choices": ["starttls", "tls", "none"], "default": "starttls"},
}
REALM: dict = {
    "name": {"type": "str", "required": True},
    "display_name": {"type": "str"},
    "enabled": {"type": "bool", "default": True},
    "settings": {"type": "dict", "default": {}},
    "smtp": {"type": "dict", "options": SMTP, "required_together": [("user", "password")]},
    "roles": listed(ROLE),
    "clients": listed(CLIENT),
    "users": listed(USER),
    "state": STATE,
}

# What Keycloak calls the options that are taken as they are.
OF_CLIENT = {
    "name": "name",
    "description": "description",
    "enabled": "enabled",
    "public": "publicClient",
    "root_url": "rootUrl",
    "base_url": "baseUrl",
    "redirect_uris": "redirectUris",
    "web_origins": "webOrigins",
    "standard_flow": "standardFlowEnabled",
    "direct_access_grants": "directAccessGrantsEnabled",
    "service_account": "serviceAccountsEnabled",
}
OF_REALM = {"display_name": "displayName", "enabled": "enabled"}
OF_USER = {
    "email": "email",
    "email_verified": "emailVerified",
    "first_name": "firstName",
    "last_name": "lastName",
    "enabled": "enabled",
}
OF_ROLE = {"description": "description"}
PKCE = "pkce.code.challenge.method"
AFTER_LOGOUT = "post.logout.redirect.uris"

# What has an option of its own, or lists of its own, is not taken among further settings.
NO_SETTINGS = {
    "client": {*OF_CLIENT.values(), "id", "clientId", "secret", "attributes", "protocolMappers"},
    "realm": {*OF_REALM.values(), "id", "realm", "smtpServer", "roles", "clients", "users", "components"},
}


def check(realms: list[dict]) -> None:
    """Refuse what cannot be meant, or contradicts itself.

    Args:
        realms: as declared.

    Raises:
        PlatformError: something is declared twice, or makes no sense.
    """
    _refuse_twice(realms, "name", "realm", "")
    for realm in realms:
        where = f"realm {realm['name']}"
        if realm["name"] == MASTER and (realm["state"] == "absent" or not realm["enabled"]):
            raise _wrong("it is where administrators log in", "leave it present and enabled", where)
        _refuse_settings(realm, "realm", where)
        _refuse_twice(realm["roles"], "name", "role", where)
        _refuse_twice(realm["users"], "username", "user", where)
        _refuse_twice(realm["clients"], "client_id", "client", where)
        for client in realm["clients"]:
            _check_client(client, f"client {client['client_id']} of {where}")
        for user in realm["users"]:
            _check_user(user, f"user {user['username']} of {where}")


def _check_client(client: dict, where: str) -> None:
    _refuse_settings(client, "client", where)
    _refuse_twice(client["roles"], "name", "role", where)
    _refuse_twice(client["mappers"], "name", "mapper", where)
    if client["public"] and (client["secret"] or client["service_account"]):
        raise _wrong("it is public, so it can keep no secret", "leave out secret and service_account", where)
    if client["service_account_roles"] and not client["service_account"]:
        raise _wrong("it has roles for a service account that it does not have", "add service_account: true", where)
    for attribute, option in ((PKCE, "pkce"), (AFTER_LOGOUT, "post_logout_redirect_uris")):
        if attribute in client["attributes"]:
            raise _wrong(f"the attribute {attribute} has an option of its own", f"use {option}", where)


def _check_user(user: dict, where: str) -> None:
    for client, names in user["client_roles"].items():
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise _wrong(f"client_roles of {client} is no list of names", "write it as a list", where)
    if user["update_password"] == "always" and (user["temporary"] or not user["enabled"]):
        raise _wrong(
            "whether a password is always this one cannot be told of a temporary one, nor of a user who is locked out",
            "leave out update_password",
            where,
        )


def _refuse_settings(item: dict, kind: str, where: str) -> None:
    taken = sorted(NO_SETTINGS[kind] & set(item["settings"]))
    if taken:
        raise _wrong(f"settings holds {', '.join(taken)}", "use the options for that", where)


def _refuse_twice(items: list[dict], key: str, kind: str, where: str) -> None:
    seen = set()
    for item in items:
        # Keycloak knows users by their names in lower case.
        name = item[key].lower() if kind == "user" else item[key]
        if name in seen:
            raise _wrong(f"{kind} {name} is declared twice", "declare it once", where)
        seen.add(name)


def _wrong(what: str, remedy: str, where: str) -> PlatformError:
    return PlatformError(CONFIGURATION, what, remedy, where=where)


def present(items: t.Iterable[dict]) -> list[dict]:
    """Return the items that are to be there."""
    return [item for item in items if item["state"] == "present"]


def absent(items: t.Iterable[dict]) -> list[dict]:
    """Return the items that are not to be there."""
    return [item for item in items if item["state"] == "absent"]


def texts_of(values: dict) -> dict[str, str]:
    """Return attributes as Keycloak keeps them: as texts."""
    return {key: text_of(value) for key, value in values.items()}


def body_of_realm(realm: dict) -> dict:
    """Return what is declared of a realm itself, in Keycloak's words, without how it sends mail."""
    return {**_named(realm, OF_REALM), **realm["settings"]}


def body_of_client(client: dict) -> dict:
    """Return what is declared of a client itself, in Keycloak's words."""
    attributes = texts_of(client["attributes"])
    if client["post_logout_redirect_uris"] is not None:
        attributes[AFTER_LOGOUT] = "##".join(client["post_logout_redirect_uris"])
    # Nobody else than who asked for it can use a code that was caught on its way to a client without a secret.
    pkce = client["public"] if client["pkce"] is None else client["pkce"]
    if pkce or client["pkce"] is not None:
        attributes[PKCE] = "S256" if pkce else ""
    body = {**_named(client, OF_CLIENT), **client["settings"]}
    if attributes:
        body["attributes"] = attributes
    if client["secret"]:
        body["secret"] = client["secret"]
    return body


def body_of_user(user: dict) -> dict:
    """Return what is declared of a user itself, in Keycloak's words, without the password."""
    return _named(user, OF_USER)


def body_of_role(role: dict) -> dict:
    """Return what is declared of a role, in Keycloak's words."""
    return _named(role, OF_ROLE)


def body_of_mapper(mapper: dict) -> dict:
    """Return what is declared of a client's mapper, in Keycloak's words."""
    return {"protocol": "openid-connect", "protocolMapper": mapper["type"], "config": texts_of(mapper["config"])}


def body_of_smtp(smtp: dict) -> dict[str, str]:
    """Return how a realm sends mail, in Keycloak's words, without the password."""
    return {
        "host": smtp["host"],
        "port": str(smtp["port"]),
        "from": smtp["sender"],
        "fromDisplayName": smtp["sender_name"] or "",
        "auth": text_of(bool(smtp["user"])),
        "user": smtp["user"] or "",
        "starttls": text_of(smtp["tls"] == "starttls"),
        "ssl": text_of(smtp["tls"] == "tls"),
    }


def _named(item: dict, names: dict[str, str]) -> dict:
    return {key: item[option] for option, key in names.items() if item[option] is not None}
