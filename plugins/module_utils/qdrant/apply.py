# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Carrying out a plan, and waiting until collections are ready."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import DATA, SERVICE_STARTUP, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.qdrant import names
from ansible_collections.borgstack.platform.plugins.module_utils.qdrant.connection import Server

# Requests about what is in a collection are only noted, unless they are told to wait.
INSIDE = ("index", "vectors")
PAUSES = (0.1, 0.2, 0.5, 1, 2)


def apply(server: Server, step: Step) -> None:
    """Carry out one step.

    Raises:
        PlatformError: the server cannot be reached or refuses.
    """
    for method, path, body in step.operation:
        query = {"wait": "true"} if len(path) > 2 and path[2] in INSIDE else {}
        server.call(method, path, body, **query)


def wait(server: Server, collections: list[dict], done: list[str]) -> list[str]:
    """Wait until the collections are ready that are to be waited for.

    Args:
        server: the server.
        collections: the declared collections.
        done: what was changed before, in words; a failure names it.

    Returns:
        What is to be noted, in words.

    Raises:
        PlatformError: one has failed, or is not ready in time.
    """
    begun, notes = time.monotonic(), []
    for item in collections:
        if item["wait"] and item["state"] == "present":
            try:
                notes += _wait(server, item["name"], begun + item["wait_timeout"], item["wait_timeout"])
            except PlatformError as error:
                error.done = done + error.done
                error.where = error.where or f"collection {names.shown(item['name'])}"
                raise
    return notes


def _wait(server: Server, name: str, deadline: float, seconds: int) -> t.Iterator[str]:
    pauses = iter(PAUSES)
    pause = 0.0
    while True:
        told = server.call("GET", ["collections", name])
        status = told["status"]
        if status == "green":
            return
        if status == "grey":
            yield f"collection {names.shown(name)} is grey: optimizations are pending until its next change"
            return
        if status == "red":
            optimizer = told.get("optimizer_status")
            error = optimizer.get("error") if isinstance(optimizer, dict) else optimizer
            raise PlatformError(DATA, f"it is red; its optimizer says: {error}", "look into the server's log")
        if time.monotonic() >= deadline:
            raise PlatformError(
                SERVICE_STARTUP, f"it is still {status} after {seconds} seconds", "run again, or raise wait_timeout"
            )
        pause = next(pauses, pause)
        time.sleep(max(0.0, min(pause, deadline - time.monotonic())))
