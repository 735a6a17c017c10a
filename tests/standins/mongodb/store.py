"""The users that a stand-in keeps: in memory, and in a file where it is given one."""

from __future__ import annotations

import threading
import uuid
from pathlib import Path

import bson
from standins.mongodb import disk, privileges, scram
from standins.mongodb.failures import Failure

MECHANISMS = ("SCRAM-SHA-1", "SCRAM-SHA-256")


class Store:
    """Users by database and name; every method is one undivided act.

    Args:
        path: where they are kept over a restart; nowhere by default.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._users = {(user["db"], user["user"]): user for user in disk.read(path).get("users", [])}
        self._lock = threading.Lock()

    def _keep(self) -> None:
        disk.write(self._path, {"users": list(self._users.values())})

    def is_empty(self) -> bool:
        """Return whether there is no user at all."""
        return not self._users

    def create(self, database: str, name: str, command: dict) -> None:
        """Create a user."""
        made = self._credentials(database, name, command)
        roles = _resolved(command["roles"], database)
        with self._lock:
            if (database, name) in self._users:
                raise Failure(51003, f'User "{name}@{database}" already exists')
            self._users[database, name] = {
                "_id": f"{database}.{name}",
                "userId": bson.Binary.from_uuid(uuid.uuid4()),
                "user": name,
                "db": database,
                "credentials": made,
                "roles": roles,
                **({"customData": command["customData"]} if "customData" in command else {}),
            }
            self._keep()

    def update(self, database: str, name: str, command: dict) -> None:
        """Change what the command names; everything else stays."""
        changes = {}
        if "pwd" in command:
            changes["credentials"] = self._credentials(database, name, command)
        if "roles" in command:
            changes["roles"] = _resolved(command["roles"], database)
        if "customData" in command:
            changes["customData"] = command["customData"]
        with self._lock:
            found = self._users.get((database, name))
            if "mechanisms" in command and "pwd" not in command and found:
                changes["credentials"] = _trimmed(found["credentials"], command["mechanisms"])
            if not changes:
                raise Failure(2, "Must specify at least one field to update in updateUser")
            if not found:
                raise Failure(11, f"User {name}@{database} not found")
            self._users[database, name] = {**found, **changes}
            self._keep()

    def drop(self, database: str, name: str) -> None:
        """Remove a user."""
        with self._lock:
            if self._users.pop((database, name), None) is None:
                raise Failure(11, f"User '{name}@{database}' not found")
            self._keep()

    def find(self, database: str, name: str) -> dict | None:
        """Return a user's document, or none."""
        return self._users.get((database, name))

    def all(self) -> list[dict]:
        """Return the documents of all users."""
        return list(self._users.values())

    def _credentials(self, database: str, name: str, command: dict) -> dict:
        if database == "$external":
            return {"external": True}
        mechanisms = command.get("mechanisms", MECHANISMS)
        for mechanism in mechanisms:
            if mechanism not in MECHANISMS:
                raise Failure(2, f"Unknown auth mechanism '{mechanism}'")
        if "SCRAM-SHA-256" in mechanisms and not command.get("digestPassword", True):
            raise Failure(2, "Use of SCRAM-SHA-256 requires undigested passwords")
        return {mechanism: scram.credentials(mechanism, name, command["pwd"]) for mechanism in mechanisms}


def shown(user: dict, credentials: bool) -> dict:
    """Return a user as usersInfo shows it."""
    mechanisms = ["external"] if "external" in user["credentials"] else list(user["credentials"])
    visible = {key: value for key, value in user.items() if credentials or key != "credentials"}
    return {**visible, "mechanisms": mechanisms}


def _trimmed(credentials: dict, mechanisms: list[str]) -> dict:
    if any(mechanism not in credentials for mechanism in mechanisms):
        raise Failure(2, "mechanisms field must be a subset of previously set mechanisms")
    return {mechanism: credentials[mechanism] for mechanism in credentials if mechanism in mechanisms}


def _resolved(roles: list, database: str) -> list[dict]:
    resolved = []
    for role in named(roles, database):
        if role["role"] not in privileges.built_in(role["db"]):
            raise Failure(31, f"Could not find role: {role['role']}@{role['db']}")
        if role not in resolved:
            resolved.append(role)
    return resolved


def named(roles: list, database: str) -> list[dict]:
    """Return roles with their databases, whether they were given by name alone or with it."""
    return [{"role": role, "db": database} if isinstance(role, str) else dict(role) for role in roles]
