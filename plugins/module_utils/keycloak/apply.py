# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Carrying out a plan: names become ids."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import DATA, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.keycloak.connection import Server
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step


class Applier:
    """Carries out steps.

    An object's place is its kind, its realm, and the names by which it is found there; ids are asked for, once each.

    Args:
        server: the server.
    """

    def __init__(self, server: Server):
        self._server = server
        self._ids: dict[tuple, str] = {}

    def __call__(self, step: Step) -> None:
        """Carry out one step.

        Raises:
            PlatformError: the server cannot be reached or refuses.
        """
        verb, *arguments = step.operation
        getattr(self, f"_{verb}")(*arguments)

    def _create(self, place: tuple, body: dict) -> None:
        kind, realm, *names = place
        path = {
            "realm": lambda: ["realms"],
            "role": lambda: self._roles_of(realm, names[0]),
            "client": lambda: ["realms", realm, "clients"],
            "mapper": lambda: [*self._path("client", realm, names[0]), "protocol-mappers", "models"],
            "user": lambda: ["realms", realm, "users"],
        }[kind]()
        key = {"realm": "realm", "client": "clientId", "user": "username"}.get(kind, "name")
        self._server.call("POST", path, {key: names[-1] if names else realm, **body})
        if kind == "realm":
            self._server.renew()

    def _change(self, place: tuple, body: dict) -> None:
        path = self._path(*place)
        kind, name = place[0], place[-1]
        if kind in ("role", "mapper"):
            # Taken as a whole.
            body = {**self._found(*place), **body}
        elif kind == "client":
            body = {"clientId": name, **body}
        self._server.call("PUT", path, body)

    def _delete(self, place: tuple) -> None:
        self._server.call("DELETE", self._path(*place))

    def _password(self, place: tuple, password: dict) -> None:
        user = self._path(*place)
        self._server.call("PUT", [*user, "reset-password"], password)
        _kind, realm, username = place
        # To find out that it was another one took failed logins.
        self._server.call("DELETE", ["realms", realm, "attack-detection", "brute-force", "users", user[-1]])
        self._server.now_has(realm, username, password["value"])

    def _grant(self, realm: str, whom: tuple, client: str | None, names: list[str]) -> None:
        kind, name = whom
        if kind == "service_account":
            account = self._server.call("GET", [*self._path("client", realm, name), "service-account-user"])
            user = ["realms", realm, "users", account["id"]]
        else:
            user = self._path("user", realm, name)
        roles = [self._server.call("GET", [*self._roles_of(realm, client), one]) for one in names]
        of = ["clients", self._id("client", realm, client)] if client else ["realm"]
        self._server.call("POST", [*user, "role-mappings", *of], roles)

    def _roles_of(self, realm: str, client: str | None) -> list[str]:
        return [*(self._path("client", realm, client) if client else ["realms", realm]), "roles"]

    def _path(self, kind: str, realm: str, *names: t.Any) -> list[str]:
        if kind == "realm":
            return ["realms", realm]
        if kind == "role":
            return [*self._roles_of(realm, names[0]), names[1]]
        if kind == "mapper":
            models = [*self._path("client", realm, names[0]), "protocol-mappers", "models"]
            return [*models, self._found(kind, realm, *names)["id"]]
        return ["realms", realm, f"{kind}s", self._id(kind, realm, names[0])]

    def _found(self, kind: str, realm: str, *names: t.Any) -> dict:
        """Return a role or a mapper as it is."""
        if kind == "role":
            return self._server.call("GET", self._path(kind, realm, *names))
        models = self._server.call("GET", [*self._path("client", realm, names[0]), "protocol-mappers", "models"])
        return _only([one for one in models if one["name"] == names[1]], f"mapper {names[1]}")

    def _id(self, kind: str, realm: str, name: str) -> str:
        place = (kind, realm, name)
        if place not in self._ids:
            question = {"clientId": name} if kind == "client" else {"username": name, "exact": "true"}
            found = self._server.call("GET", ["realms", realm, f"{kind}s"], **question)
            self._ids[place] = _only(found, f"{kind} {name}")["id"]
        return self._ids[place]


def _only(found: list[dict], what: str) -> dict:
    if not found:
        raise PlatformError(DATA, f"{what} does not exist any more", "run again, when nobody else changes the server")
    return found[0]
