"""The stand-in's store without HTTP, in the place of a server."""

from __future__ import annotations

import copy
import json
import typing as t

from standins.qdrant.server import ROUTES, checked
from standins.qdrant.store import Refused, Store

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.qdrant import apply, declaration, inspect, plan

ITEM: dict = {
    "vectors": None,
    "sparse_vectors": None,
    "payload_indexes": None,
    "aliases": None,
    "recreate": False,
    "wait": False,
    "wait_timeout": 1,
    "state": "present",
}


class Direct:
    """Answers as `connection.Server` does, from a store.

    Args:
        version: the server's version.
    """

    name = "Qdrant in memory"

    def __init__(self, version: tuple[int, int] = (1, 20)):
        self.version = version
        self.store = Store()
        self.clustered = False

    def call(self, method: str, path: list[str], body: dict | None = None, absent: bool = False, **query) -> t.Any:
        """Answer a request as the server would."""
        if path == ["cluster"]:
            return {"status": "enabled" if self.clustered else "disabled"}
        for route in sorted(ROUTES, key=lambda route: route.path.count("{")):
            known = route.path.strip("/").split("/")
            pairs = list(zip(known, path))
            fits = len(known) == len(path) and all(one[0] == "{" or one == two for one, two in pairs)
            if fits and route.method == method and set(query) <= set(route.query) and self.version >= route.since:
                arguments: list = [two for one, two in pairs if one[0] == "{"]
                try:
                    arguments += [checked(route.body, json.dumps(body).encode())] if route.body else []
                    return copy.deepcopy(getattr(self.store, route.answer.__name__)(*arguments))
                except Refused as refused:
                    if refused.status == 404 and absent:
                        return None
                    raise PlatformError(5, refused.message, "") from None
        raise AssertionError(f"{method} {path} is no endpoint")

    def dump(self) -> dict:
        """Return all that is kept."""
        return copy.deepcopy({"collections": self.store.collections, "aliases": self.store.aliases})


def steps_to(server: Direct, items: list[dict]) -> list[Step]:
    """Return the plan for a declaration."""
    wanted = declaration.read([{**ITEM, **item} for item in items], server.version)
    return plan.plan(wanted, inspect.inspect(server, wanted))


def carry_out(server: Direct, steps: list[Step]) -> None:
    """Apply steps."""
    for step in steps:
        apply.apply(server, step)


def written(server: Direct) -> list[dict]:
    """Return what the info module would."""
    actual = inspect.everything(server)
    return [inspect.written(name, one, actual.aliases) for name, one in actual.collections.items()]
