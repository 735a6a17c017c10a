# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a service that leaves takes with it, and what it may not take: pure functions."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.plugin_utils.compose import compose_project, project_files
from ansible_collections.borgstack.platform.plugins.plugin_utils.declaration import Declaration
from ansible_collections.borgstack.platform.plugins.plugin_utils.deployed import Note, leaving, note_of

UNITS = ("B", "kB", "MB", "GB", "TB")
WILDCARDS = ("*", "?", "[")


def purge_plan(
    declarations: dict[str, Declaration], noted: dict[str, Note], wanted: str, project: str
) -> dict[str, t.Any]:
    """Return what belongs to instances that leave alone.

    Args:
        declarations: by instance name, of what stays; and of the role that leaves, where nothing is noted of it.
        noted: what is noted on the host, by instance.
        wanted: the instance that leaves, or what a role calls itself.
        project: name of the Compose project.

    Returns:
        `containers`, `volumes` (as Docker names them), `files` (relative to the project's directory), `datastores`
        (by instance name, each with `service`, `provides`, the `needs` that leave and those of `others`), `consumers`
        (who still needs it, in words) and `stays` (what does not go with it, in words).
    """
    gone = leaving(noted, declarations, wanted)
    staying = {name: item for name, item in declarations.items() if gone or item["service"] != wanted}
    gone = gone or {name: note_of(name, item, project) for name, item in declarations.items() if name not in staying}
    there = compose_project(staying, project)
    kept = {file["path"] for file in project_files(staying)}
    paths = [path for note in gone.values() for path in note["files"] if path not in kept]
    volumes = {volume for note in gone.values() for volume in note["volumes"]}
    needs = [need for note in gone.values() for need in note["needs"]]
    datastores: dict[str, dict] = {}
    stays = []
    for name, item in staying.items():
        wanted = [need for need in needs if _is_of(need, name, item)]
        host = item.get("provides", {}).get("elsewhere")
        if wanted and host:
            stays.append(f"what it has in {name}, for this host: {host} removes that")
        elif wanted:
            others = [need for other in staying.values() for need in other.get("needs", []) if _is_of(need, name, item)]
            own, shared = _own_items(wanted, others)
            stays += [f"{thing} in {name}, which others need too" for thing in shared]
            datastores[name] = {
                "service": item["service"],
                "provides": item["provides"],
                "needs": own,
                "others": others,
            }
    gone_too = {need["instance"] for need in needs if not any(_is_of(need, *item) for item in staying.items())}
    stays += [f"what it has in {name}, which does not run here as a datastore" for name in sorted(gone_too)]
    return {
        "containers": sorted(container for note in gone.values() for container in note["containers"]),
        "volumes": sorted(volumes - {f"{project}_{volume}" for volume in there["volumes"]}),
        "files": sorted([*paths, *(f"{path}.pending" for path in paths)]),
        "datastores": datastores,
        "consumers": sorted(_consumers(gone, staying)),
        "stays": stays,
    }


def _is_of(need: dict, instance: str, declaration: Declaration) -> bool:
    return need["instance"] == instance and need["kind"] == declaration.get("provides", {}).get("kind")


def _items(need: dict) -> dict[str, dict]:
    return {key: value for key, value in need.items() if isinstance(value, dict) and "name" in value}


def _own_items(needs: list[dict], others: list[dict]) -> tuple[list[dict], list[str]]:
    """Return the needs without what others name too, and what that is, in words."""
    named = {(key, value["name"]) for need in others for key, value in _items(need).items()}
    # A database without an owner is one that another need, perhaps of another service, makes.
    made = {need["database"]["name"] for need in needs if need.get("database", {}).get("owner")}
    own, shared = [], []
    for need in needs:
        left = dict(need)
        for key, value in _items(need).items():
            name = value["name"]
            visited = key == "database" and not value.get("owner")
            if (key, name) in named or visited:
                del left[key]
            if (key, name) in named or (visited and name not in made):
                shared.append(f"{key} {name}")
        own.append(left)
    return own, shared


def _consumers(leaving: dict[str, Note], staying: dict[str, Declaration]) -> t.Iterator[str]:
    containers = {name for note in leaving.values() for name in note["containers"]}
    databases = {
        (need["instance"], need["database"]["name"])
        for note in leaving.values()
        for need in note["needs"]
        if need.get("database", {}).get("owner")
    }
    for name, item in staying.items():
        for required in set(item.get("requires", [])) & set(leaving):
            yield f"{name} needs {required}"
        for need in item.get("needs", []):
            database = need.get("database", {})
            if need["instance"] in leaving:
                yield f"{name} needs {need['instance']}"
            elif (need["instance"], database.get("name")) in databases and not database.get("owner"):
                yield f"{name} needs its database {database['name']}"
        for container in item.get("containers", {}).values():
            for other in set(container.get("depends_on", [])) & containers:
                yield f"{name} depends on {other}"


def key_patterns(needs: list[dict], everything: bool = False) -> list[str]:
    """Return the patterns of keys that services write.

    Args:
        needs: the services' needs of a Redis instance.
        everything: whether patterns count that begin with a wildcard, and those of keys that are only read.
    """
    found = []
    for need in needs:
        for rule in need.get("user", {}).get("keys", []):
            mark, tilde, pattern = rule.partition("~")
            rights, pattern = (mark, pattern) if tilde and mark in ("", "%R", "%W", "%RW") else ("", rule)
            if everything or (rights != "%R" and not pattern.startswith(WILDCARDS)):
                found.append(pattern)
    return found


def purge_report(found: dict[str, t.Any], place: str = "") -> list[str]:
    """Return in words what was found.

    Args:
        found: by kind, a list of names, or sizes by name: a number of bytes, or numbers by unit.
        place: where it was found.
    """
    lines = []
    for kind, things in found.items():
        for name in things:
            size = _size(kind, things[name]) if isinstance(things, dict) else ""
            lines.append(f"{kind} {name}{f' in {place}' if place else ''}{f', {size}' if size else ''}")
    return lines


def _size(kind: str, size: int | dict) -> str:
    if isinstance(size, dict):
        return ", ".join([f"{size['objects']} objects", _size(kind, size["bytes"])])
    if kind == "keys":
        return f"{size} keys"
    if size < 0:
        return ""
    amount, unit = float(size), 0
    while amount >= 1000 and unit < len(UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{amount:.0f} {UNITS[unit]}" if amount >= 10 or not unit else f"{amount:.1f} {UNITS[unit]}"
