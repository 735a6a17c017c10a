# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What has to be done so that Keycloak has what is declared: pure functions."""

from __future__ import annotations

from ansible_collections.borgstack.platform.plugins.module_utils.errors import INTEGRATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.keycloak.compare import MASK, differences, shown
from ansible_collections.borgstack.platform.plugins.module_utils.keycloak.connection import MASTER
from ansible_collections.borgstack.platform.plugins.module_utils.keycloak.declaration import (
    absent,
    body_of_client,
    body_of_mapper,
    body_of_realm,
    body_of_role,
    body_of_smtp,
    body_of_user,
    present,
)
from ansible_collections.borgstack.platform.plugins.module_utils.keycloak.inspect import Actual, Grants, Realm, User
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step


def plan(declared: list[dict], actual: Actual, rewrite_secrets: bool = False) -> list[Step]:
    """Return the steps, in an order in which each finds what it needs; what is deleted comes last.

    Args:
        declared: the realms.
        actual: what there is.
        rewrite_secrets: whether what cannot be read back is written again.

    Raises:
        PlatformError: something that is needed neither exists nor is declared.
    """
    steps: list[Step] = []
    for realm in present(declared):
        steps += _Planned(realm, actual.realms.get(realm["name"]), rewrite_secrets).steps()
    # Of the realm for administrators at the very end: who is logged in may be among them.
    for realm in sorted(declared, key=lambda one: one["name"] == MASTER):
        steps += _deletions(realm, actual.realms.get(realm["name"]), actual.user)
    return steps


def _step(subject: str, verb: str, operation: tuple, before: dict, after: dict) -> Step:
    return Step(subject, f"{verb} {subject}", operation, before, after)


def _kept(subject: str, place: tuple, wanted: dict, found: dict | None, extra: dict | None = None) -> list[Step]:
    """Return the step that makes an object, or changes what is otherwise.

    Args:
        subject: what it is called.
        place: kind, realm, and the names by which it is found.
        wanted: the declared properties, in Keycloak's words.
        found: the object; none where it does not exist.
        extra: what is sent besides when it is made, and shown nowhere.
    """
    if found is None:
        _before, after = shown(wanted, {})
        return [
            _step(subject, "create", ("create", place, {**wanted, **(extra or {})}), {}, {place[0]: place[-1], **after})
        ]
    different = differences(wanted, found)
    if not different:
        return []
    return [_step(subject, "change", ("change", place, different), *shown(different, found))]


class _Planned:
    """The steps of one realm that is to be there.

    Args:
        realm: as declared.
        actual: as it is; none where it does not exist.
        rewrite_secrets: as for `plan`.
    """

    def __init__(self, realm: dict, actual: Realm | None, rewrite_secrets: bool):
        self._realm = realm
        self._name = realm["name"]
        self._of = f"of realm {self._name}"
        self._exists = actual is not None
        self._actual = actual or Realm({})
        self._rewrite_secrets = rewrite_secrets

    def steps(self) -> list[Step]:
        """Return them all, but for deletions."""
        steps = _kept(
            f"realm {self._name}",
            ("realm", self._name),
            body_of_realm(self._realm),
            self._actual.found if self._exists else None,
        )
        steps += self._smtp() + self._roles(None, self._realm["roles"])
        for client in present(self._realm["clients"]):
            steps += self._client(client)
        for client in present(self._realm["clients"]):
            steps += self._service_account(client)
        for user in present(self._realm["users"]):
            steps += self._user(user)
        return steps

    def _smtp(self) -> list[Step]:
        if not self._realm["smtp"]:
            return []
        wanted, found = body_of_smtp(self._realm["smtp"]), self._actual.found.get("smtpServer") or {}
        password = self._realm["smtp"]["password"]
        # Keycloak leaves out what is empty.
        different = {key: value for key, value in wanted.items() if value != found.get(key, "")}
        unsure = password and (self._rewrite_secrets or not found.get("password"))
        if not different and not unsure:
            return []
        before = {key: found.get(key) for key in different}
        after = dict(different)
        if password:
            before["password"], after["password"] = f"{MASK}, old", f"{MASK}, new or the same"
        body = {"smtpServer": {**wanted, **({"password": password} if password else {})}}
        subject = f"mail {self._of}"
        return [_step(subject, "set", ("change", ("realm", self._name), body), before if found else {}, after)]

    def _roles(self, client: str | None, roles: list[dict]) -> list[Step]:
        found = self._actual.client_roles.get(client, {}) if client else self._actual.roles
        of = f"of client {client} {self._of}" if client else self._of
        steps: list[Step] = []
        for role in present(roles):
            place = ("role", self._name, client, role["name"])
            steps += _kept(f"role {role['name']} {of}", place, body_of_role(role), found.get(role["name"]))
        return steps

    def _client(self, client: dict) -> list[Step]:
        name = client["client_id"]
        subject = f"client {name} {self._of}"
        found = self._actual.clients.get(name)
        steps = _kept(subject, ("client", self._name, name), body_of_client(client), found)
        mappers = {one["name"]: one for one in (found or {}).get("protocolMappers", [])}
        for mapper in present(client["mappers"]):
            place = ("mapper", self._name, name, mapper["name"])
            words = f"mapper {mapper['name']} of {subject}"
            steps += _kept(words, place, body_of_mapper(mapper), mappers.get(mapper["name"]))
        return steps + self._roles(name, client["roles"])

    def _service_account(self, client: dict) -> list[Step]:
        name = client["client_id"]
        grants = self._actual.service_accounts.get(name, Grants())
        subject = f"service account of client {name} {self._of}"
        return self._granted(subject, ("service_account", name), client["service_account_roles"], {}, grants)

    def _user(self, user: dict) -> list[Step]:
        name = user["username"].lower()
        subject, place = f"user {name} {self._of}", ("user", self._name, name)
        there = self._actual.users.get(name)
        password = {"type": "password", "value": user["password"], "temporary": user["temporary"]}
        extra = {"credentials": [password]} if user["password"] else {}
        steps = _kept(subject, place, body_of_user(user), there.found if there else None, extra)
        if there and there.fits is False:
            before, after = {"password": f"{MASK}, old"}, {"password": f"{MASK}, new"}
            words = f"change the password of {subject}"
            steps.append(Step(subject, words, ("password", place, password), before, after))
        grants = (there or User({})).grants
        return steps + self._granted(subject, ("user", name), user["roles"], user["client_roles"], grants)

    def _granted(
        self, subject: str, whom: tuple, roles: list[str], client_roles: dict[str, list[str]], there: Grants
    ) -> list[Step]:
        """Return the steps that give a user the roles that are missing; others are left alone."""
        steps = []
        for client, names in [(None, roles), *sorted(client_roles.items())]:
            held = there.clients.get(client, set()) if client else there.realm
            missing = sorted(set(names) - held)
            self._refuse_unknown(subject, client, missing)
            if missing:
                words = ", ".join(f"{client}.{name}" if client else name for name in missing)
                operation = ("grant", self._name, whom, client, missing)
                key = f"roles of {client}" if client else "roles"
                steps.append(
                    Step(
                        subject,
                        f"grant {words} to {subject}",
                        operation,
                        {key: sorted(held)},
                        {key: sorted({*held, *missing})},
                    )
                )
        return steps

    def _refuse_unknown(self, subject: str, client: str | None, names: list[str]) -> None:
        clients = {one["client_id"]: one for one in self._realm["clients"]}
        declared = clients.get(client, {"roles": []})["roles"] if client else self._realm["roles"]
        known = {role["name"] for role in present(declared)}
        known |= set(self._actual.client_roles.get(client, {}) if client else self._actual.roles)
        known -= {role["name"] for role in absent(declared)}
        # A realm that is made has roles and clients of its own, which are not known before.
        if not self._exists and (not client or client not in clients):
            return
        for name in names:
            if name not in known:
                of = f"of client {client} " if client else ""
                what = f"the role {name} {of}{self._of} neither exists nor is declared"
                raise PlatformError(INTEGRATION, what, "declare the role", where=subject)


def _deletions(realm: dict, there: Realm | None, user: str) -> list[Step]:
    name, of = realm["name"], f"of realm {realm['name']}"
    if there is None:
        return []
    if realm["state"] == "absent":
        return [_step(f"realm {name}", "delete", ("delete", ("realm", name)), {"realm": name}, {})]
    steps = []
    for client in realm["clients"]:
        client_id = client["client_id"]
        found = there.clients.get(client_id)
        words = f"client {client_id} {of}"
        if found and client["state"] == "absent":
            steps.append(_step(words, "delete", ("delete", ("client", name, client_id)), {"client": client_id}, {}))
        elif found:
            mappers = {one["name"] for one in found.get("protocolMappers", [])}
            for mapper in absent(client["mappers"]):
                if mapper["name"] in mappers:
                    place = ("mapper", name, client_id, mapper["name"])
                    steps.append(_deleted("mapper", mapper["name"], f"of {words}", place))
            for role in absent(client["roles"]):
                if role["name"] in there.client_roles.get(client_id, {}):
                    steps.append(_deleted("role", role["name"], f"of {words}", ("role", name, client_id, role["name"])))
    for role in absent(realm["roles"]):
        if role["name"] in there.roles:
            steps.append(_deleted("role", role["name"], of, ("role", name, None, role["name"])))
    leaving = [item["username"].lower() for item in absent(realm["users"])]
    for one in sorted(leaving, key=lambda username: username == user.lower()):
        if one in there.users:
            steps.append(_deleted("user", one, of, ("user", name, one)))
    return steps


def _deleted(kind: str, name: str, of: str, place: tuple) -> Step:
    return _step(f"{kind} {name} {of}", "delete", ("delete", place), {kind: name}, {})
