# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a Keycloak server has of what is declared, and what else it has beside that."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.borgstack.platform.plugins.module_utils.keycloak.connection import MASTER, Server
from ansible_collections.borgstack.platform.plugins.module_utils.keycloak.declaration import present

ALL = "-1"


@dataclass
class Grants:
    """The roles that a user was given: the realm's, and those of clients by the client."""

    realm: set[str] = field(default_factory=set)
    clients: dict[str, set[str]] = field(default_factory=dict)


@dataclass
class User:
    """A user: in Keycloak's words, with roles, and whether the declared password is the user's; none is not asked."""

    found: dict
    grants: Grants = field(default_factory=Grants)
    fits: bool | None = None


@dataclass
class Realm:
    """A realm that exists, in Keycloak's words.

    Attributes:
        found: the realm itself.
        roles: all of its roles by name.
        clients: all of its clients by what they call themselves.
        client_roles: roles by name of the clients that are asked about.
        users: the declared users by name in lower case.
        service_accounts: what the declared clients' service accounts were given, by client.
        administrators: in the realm for administrators alone, the names of all users.
    """

    found: dict
    roles: dict[str, dict] = field(default_factory=dict)
    clients: dict[str, dict] = field(default_factory=dict)
    client_roles: dict[str, dict[str, dict]] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    service_accounts: dict[str, Grants] = field(default_factory=dict)
    administrators: list[str] = field(default_factory=list)


@dataclass
class Actual:
    """A server: all of its realms by name; none for those that are not declared. By default an empty server.

    Attributes:
        realms: the realms.
        user: who is logged in.
    """

    realms: dict[str, Realm | None] = field(default_factory=dict)
    user: str = ""


def inspect(server: Server, declared: list[dict]) -> Actual:
    """Read all that is declared.

    Raises:
        PlatformError: the server cannot be asked.
    """
    wanted = {realm["name"]: realm for realm in declared}
    names = [one["realm"] for one in server.call("GET", ["realms"], briefRepresentation="true")]
    realms = {name: _realm(server, name, wanted[name]) if name in wanted else None for name in names}
    return Actual(realms, server.user)


def _realm(server: Server, name: str, wanted: dict) -> Realm:
    here = ["realms", name]
    realm = Realm(server.call("GET", here))
    if wanted["state"] == "absent":
        return realm
    realm.roles = _by(server.call("GET", [*here, "roles"], max=ALL), "name")
    realm.clients = _by(server.call("GET", [*here, "clients"], max=ALL), "clientId")
    for client in sorted(_asked_clients(wanted) & set(realm.clients)):
        place = [*here, "clients", realm.clients[client]["id"], "roles"]
        realm.client_roles[client] = _by(server.call("GET", place, max=ALL), "name")
    for item in present(wanted["clients"]):
        found = realm.clients.get(item["client_id"], {})
        if item["service_account_roles"] and found.get("serviceAccountsEnabled"):
            account = server.call("GET", [*here, "clients", found["id"], "service-account-user"])
            realm.service_accounts[item["client_id"]] = _grants(server, name, account["id"])
    for item in wanted["users"]:
        user = _user(server, name, item)
        if user:
            realm.users[item["username"].lower()] = user
    if name == MASTER:
        users = server.call("GET", [*here, "users"], max=ALL, briefRepresentation="true")
        realm.administrators = [one["username"] for one in users]
    return realm


def _asked_clients(wanted: dict) -> set[str]:
    clients = {item["client_id"] for item in present(wanted["clients"])}
    return clients.union(*(user["client_roles"] for user in present(wanted["users"])))


def _by(found: t.Iterable[dict], key: str) -> dict[str, dict]:
    return {one[key]: one for one in found}


def _user(server: Server, realm: str, item: dict) -> User | None:
    listed = server.call("GET", ["realms", realm, "users"], username=item["username"], exact="true")
    if not listed:
        return None
    user = User(listed[0])
    if item["state"] == "present":
        if item["roles"] or item["client_roles"]:
            user.grants = _grants(server, realm, user.found["id"])
        if item["password"] and item["update_password"] == "always":
            user.fits = _fits(server, realm, user.found, item["password"])
    return user


def _fits(server: Server, realm: str, found: dict, password: str) -> bool | None:
    """Tell whether a password is a user's; none where that cannot be told."""
    if not found["enabled"]:
        # Let in with no password at all: gets the declared one.
        return False
    # After too many failures, whoever's they were, the right password is refused for a while, too.
    status = server.call("GET", ["realms", realm, "attack-detection", "brute-force", "users", found["id"]])
    return None if status.get("disabled") else server.lets_in(realm, found["username"], password)


def _grants(server: Server, realm: str, id: str) -> Grants:
    told = server.call("GET", ["realms", realm, "users", id, "role-mappings"])
    return Grants(
        {one["name"] for one in told.get("realmMappings", [])},
        {
            client: {one["name"] for one in mapped["mappings"]}
            for client, mapped in told.get("clientMappings", {}).items()
        },
    )


# What each realm has from the beginning.
CLIENTS_OF_ITS_OWN = ("account", "account-console", "admin-cli", "broker", "realm-management", "security-admin-console")
ROLES_OF_ITS_OWN = ("offline_access", "uma_authorization")
ROLES_OF_MASTER = ("admin", "create-realm")


def undeclared(declared: list[dict], actual: Actual) -> list[str]:
    """Return in words what exists and is not declared: realms, and in declared ones clients, roles, administrators."""
    names = {realm["name"] for realm in declared} | {MASTER}
    found = [f"realm {name}" for name in actual.realms if name not in names]
    for realm in present(declared):
        there = actual.realms.get(realm["name"])
        if there:
            found += [f"{what} of realm {realm['name']}" for what in _strangers(realm, there, actual)]
    return sorted(found)


def _strangers(realm: dict, there: Realm, actual: Actual) -> t.Iterator[str]:
    clients = {client["client_id"]: client for client in realm["clients"]}
    is_master = realm["name"] == MASTER
    # The realm for administrators holds a client for each realm.
    own_clients = {*CLIENTS_OF_ITS_OWN, *(f"{name}-realm" for name in actual.realms if is_master)}
    own_roles = {*ROLES_OF_ITS_OWN, *(ROLES_OF_MASTER if is_master else ()), f"default-roles-{realm['name'].lower()}"}
    for name in set(there.clients) - set(clients) - own_clients:
        yield f"client {name}"
    for name in set(there.roles) - {role["name"] for role in realm["roles"]} - own_roles:
        yield f"role {name}"
    for client in set(clients) & set(there.client_roles) - own_clients:
        for name in set(there.client_roles[client]) - {role["name"] for role in clients[client]["roles"]}:
            # A client with a service account that judges who may do what has this one from Keycloak.
            if name != "uma_protection":
                yield f"role {name} of client {client}"
    users = {user["username"].lower() for user in realm["users"]}
    for name in set(there.administrators) - users:
        if not name.startswith("service-account-"):
            yield f"user {name}"
