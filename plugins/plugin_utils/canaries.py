# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Canaries: what a service must be able to do with what was restored of it, as it declares them. They are data, so that
the program on the host, which asks them of copies beside production, knows no service by name.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.borgstack.platform.plugins.plugin_utils.refusal import wrong

OPTIONS: dict[str, dict[str, t.Any]] = {
    "claim": {"type": "str", "required": True, "description": "what it proves, in words"},
    "database": {
        "type": "str",
        "description": "the database that is asked: one that the service needs, or of a datastore one of its own",
    },
    "query": {"type": "str", "description": "what it is asked; read-only, and :'name' stands for a variable"},
    "variables": {"type": "dict", "values": {"type": "str"}, "no_log": True, "description": "may hold secrets"},
    "expect": {
        "type": "str",
        "description": "the answer, or what a command prints; of a query, unless told, what it answered when the set "
        "was made",
    },
    "bucket": {"type": "str", "description": "a bucket that has each object which the query names, one a line"},
    "objects": {
        "type": "str",
        "description": "the other way round: of objects whose key has this pattern, each is named by the query",
    },
    "container": {"type": "str", "description": "whose image and environment the command is run with"},
    "command": {
        "type": "list",
        "elements": "str",
        "description": "in place of a query, a command that succeeds if all is well; what it prints is never shown",
    },
}

Declaration = dict[str, t.Any]


def check_canary(canary: dict[str, t.Any], declaration: Declaration, where: str) -> None:
    """Raise unless a canary makes sense.

    Args:
        canary: keys as in `OPTIONS`.
        declaration: of its service.
        where: the place, for the refusal.

    Raises:
        PlatformError: it does not.
    """
    if ("query" in canary) == ("command" in canary):
        raise wrong(where, "it has neither a query nor a command, or both")
    if "query" in canary and not _part(canary.get("database"), "postgresql", "database", declaration, ""):
        raise wrong(where, f"the service needs no database {canary.get('database')!r}")
    if "bucket" in canary and not _part(canary["bucket"], "s3", "bucket", declaration, ""):
        raise wrong(where, f"the service needs no bucket {canary['bucket']!r}")
    if "objects" in canary and "bucket" not in canary:
        raise wrong(where, "it has objects and no bucket")
    if "command" in canary and canary.get("container") not in declaration.get("containers", {}):
        raise wrong(where, f"there is no container {canary.get('container')!r} in this declaration")
    try:
        re.compile(canary.get("objects", ""))
    except re.error as error:
        raise wrong(where, f"objects is no pattern: {error}") from None


def canaries_of(declarations: dict[str, Declaration]) -> list[dict[str, t.Any]]:
    """Return the canaries of all instances as the program on the host reads them: parts by the name that a set has."""
    found = []
    for instance, declaration in declarations.items():
        for canary in declaration.get("canary", []):
            kept = {key: canary[key] for key in ("claim", "query", "variables", "expect", "objects") if key in canary}
            kept.update({key: canary[key] for key in ("container", "command") if key in canary})
            part = _part(canary.get("database"), "postgresql", "database", declaration, instance)
            bucket = _part(canary.get("bucket"), "s3", "bucket", declaration, instance)
            found.append({"service": instance, **kept, "part": part, "bucket": bucket})
    return found


def _part(name: str | None, kind: str, key: str, declaration: Declaration, instance: str) -> str:
    """Return how a set names what a service needs or, of a datastore, has; nothing where there is no such thing."""
    if not name:
        return ""
    for need in declaration.get("needs", []):
        if need["kind"] == kind and need.get(key, {}).get("name") == name:
            return f"{need['instance']}/{name}"
    own = declaration.get("provides", {}).get("kind") == kind
    return f"{instance}/{name}" if own else ""
