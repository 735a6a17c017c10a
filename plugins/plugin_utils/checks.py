# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""From the checks that services declare to what the module `http_checks` is given: pure functions."""

from __future__ import annotations

import typing as t

OPTIONS = {
    "name": {"type": "str", "required": True, "description": "what it proves, in words"},
    "container": {"type": "str", "description": "who is asked; the instance's own name unless told"},
    "port": {"type": "int", "required": True, "description": "where it listens"},
    "path": {"type": "str", "description": "what is asked for"},
    "method": {"type": "str", "description": "GET unless told"},
    "headers": {"type": "dict", "values": {"type": "str"}, "description": "of the request; may hold secrets"},
    "body": {"type": "raw", "description": "sent as JSON; may hold secrets"},
    "status": {"type": "list", "elements": "int", "description": "the answers that are well; 200 unless told"},
    "json": {"type": "dict", "description": "what the answer must hold: expected values by dotted path"},
    "contains": {"type": "str", "description": "a text that the answer must hold"},
    "sealed": {
        "type": "bool",
        "description": "whether the port must refuse whoever speaks to it without encryption; then nothing is asked",
    },
    "configured": {
        "type": "bool",
        "description": "whether it fails when the application is not configured as declared; such a check is cheap",
    },
    "category": {"type": "int", "choices": [1, 2, 3, 4, 5, 10], "description": "of its failure; 4 unless told"},
    "remedy": {"type": "str", "description": "what an operator does when it fails"},
}

# What the module takes as it is.
ASKED = ("method", "headers", "body", "status", "json", "contains")


def checks_of(
    declarations: dict[str, dict[str, t.Any]], addresses: dict[str, str], configured: bool = False
) -> list[dict[str, t.Any]]:
    """Return the checks of all declarations, ready to be asked.

    Args:
        declarations: by instance name.
        addresses: of the containers, by name; a container without one is not asked.
        configured: only those that tell whether an application is configured as declared.

    Returns:
        Items of the module's option `checks`.
    """
    return [
        _asked(instance, check, addresses[container])
        for instance, check, container in declared_checks(declarations)
        if (check.get("configured") or not configured) and addresses.get(container)
    ]


def declared_checks(declarations: dict[str, dict[str, t.Any]]) -> list[tuple[str, dict[str, t.Any], str]]:
    """Return all checks, each between its instance and the container that it is about."""
    return [
        (instance, check, check.get("container", instance))
        for instance, declaration in declarations.items()
        for check in declaration.get("checks", [])
    ]


def _asked(instance: str, check: dict[str, t.Any], address: str) -> dict[str, t.Any]:
    place = f"{address}:{check['port']}"
    url = f"http://{place}{check['path']}" if "path" in check else f"h2c://{place}"
    return {
        "name": f"{instance}: {check['name']}",
        "url": url,
        **({"open": False} if check.get("sealed") else {}),
        **{key: check[key] for key in ASKED if key in check},
    }


def to_provision(
    declarations: dict[str, dict[str, t.Any]],
    datastore: str,
    selected: list[str],
    started: list[str],
    pending: list[str],
) -> dict[str, dict[str, t.Any]]:
    """Return the declarations whose needs a datastore has to be asked about.

    A run of all services, or of the datastore, asks for everything. A run of other services trusts what was provisioned
    for them before, unless their needs changed since or the datastore was started, perhaps empty.

    Args:
        declarations: by instance name.
        datastore: the datastore's instance name.
        selected: the instances that the run is about.
        started: the containers that this run started, or would start.
        pending: `INSTANCE/HOOK` of each file whose change is not in effect yet.
    """
    if datastore in selected:
        return declarations
    restarted = declarations[datastore]["provides"]["container"] in started
    return {
        instance: declaration
        for instance, declaration in declarations.items()
        if instance in selected and (restarted or f"{instance}/provision" in pending)
    }


def to_configure(
    declarations: dict[str, dict[str, t.Any]], made: list[str], pending: list[str], failed: list[str]
) -> list[str]:
    """Return the instances whose hook `configure` has to run.

    Args:
        declarations: by instance name.
        made: the containers that this run makes, or would make; one that had only stopped is as it was.
        pending: `INSTANCE/HOOK` of each file whose change is not in effect yet.
        failed: the names of the checks that failed, as `checks_of` made them.
    """
    return [
        instance
        for instance, declaration in declarations.items()
        if "configure" in declaration.get("hooks", [])
        and (
            f"{instance}/configure" in pending
            or any(container in made for container in declaration.get("containers", {}))
            or any(name.startswith(f"{instance}: ") for name in failed)
        )
    ]
