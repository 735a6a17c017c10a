# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is saved of a platform, from its services' declarations, and what a verification says of it: pure functions."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, DATA, PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils.canaries import canaries_of
from ansible_collections.borgstack.platform.plugins.plugin_utils.declaration import Declaration
from ansible_collections.borgstack.platform.plugins.plugin_utils.external import needed_externals
from ansible_collections.borgstack.platform.plugins.plugin_utils.verification import Row, failed, good

# The kinds of datastores that the program on the host knows how to save.
KINDS = ("postgresql", "redis", "mongodb", "s3")
# What of a need names the part of a datastore that it is kept in.
PARTS: dict[str, tuple[str, str]] = {"postgresql": ("database", "name"), "s3": ("bucket", "name")}
COMPONENT = "backup"
PROGRAM = "borgstack_backup"
DRILL = "A drill that failed"
REMEDY = "run playbooks/backup.yml, and see `journalctl --unit {unit}` on the host"


def backup_sources(declarations: dict[str, Declaration]) -> dict[str, t.Any]:
    """Return what is saved, and which containers use which part of it.

    Args:
        declarations: by instance name.

    Returns:
        `sources`: the datastores with how their administrators log in; `volumes`; `services`: by instance name,
        `containers` and `parts` as a set names them.

    Raises:
        PlatformError: a datastore is to be saved of which nobody knows how.
    """
    sources: list[dict[str, t.Any]] = []
    volumes: list[str] = []
    services: dict[str, dict[str, list[str]]] = {}
    for name, declaration in declarations.items():
        backup = declaration.get("backup") or {}
        own = list(backup.get("volumes") or [])
        volumes += [volume for volume in own if volume not in volumes]
        if backup.get("contents"):
            sources.append(_source(name, declaration))
        elsewhere = needed_externals(declaration, declarations)
        needs = [need for need in declaration.get("needs", []) if need["instance"] not in elsewhere]
        parts = [part for need in needs for part in _parts(need)]
        services[name] = {
            "containers": sorted(declaration.get("containers", {})),
            "parts": sorted({*parts, *(f"volume/{volume}" for volume in own)}),
        }
    return {"sources": sources, "volumes": volumes, "services": services}


def backup_plan(declarations: dict[str, Declaration], settings: dict[str, t.Any]) -> str:
    """Return the plan that the program on the host reads, as JSON.

    Args:
        declarations: by instance name.
        settings: the program's own, with `platform`, the folders, `destinations`, and the `password` of those without
            one.

    Raises:
        PlatformError: two destinations have one name, or a datastore is to be saved of which nobody knows how.
    """
    names = [item["name"] for item in settings["destinations"]]
    if not names or len(set(names)) < len(names):
        what = "two destinations have the same name" if names else "there is no destination"
        remedy = "name each once in backup_destinations, or set backup_enabled: false"
        raise PlatformError(CONFIGURATION, what, remedy, "backup")
    places = ("platform", "directory", "sets", "work", "state")
    others = {key: value for key, value in settings.items() if key not in (*places, "destinations", "password")}
    plan = {
        **{key: settings[key] for key in places},
        **backup_sources(declarations),
        # What is not saved is not restored, so there is nobody to ask.
        "canaries": canaries_of(
            {name: one for name, one in declarations.items() if not needed_externals(one, declarations)}
        ),
        "destinations": [_destination(item, settings["password"]) for item in settings["destinations"]],
        "settings": {**others, "lock_folder": "/run"},
    }
    return json.dumps(plan, indent=1, sort_keys=True) + "\n"


def _destination(item: dict[str, t.Any], password: str) -> dict[str, t.Any]:
    return {
        "name": item["name"],
        "repository": item["repository"],
        "password": item.get("password") or password,
        "environment": {name: str(value) for name, value in (item.get("environment") or {}).items()},
        "keep": item.get("keep") or {},
        "prune": item.get("prune", True),
    }


def backup_destinations(destinations: list[dict[str, t.Any]]) -> dict[str, bool]:
    """Return by name whether a destination survives the loss of the host; a folder of the host does not."""
    return {item["name"]: bool(item.get("elsewhere", ":" in item["repository"])) for item in destinations}


def backup_program(folder: str) -> list[dict[str, str]]:
    """Return the program's files as the module `project_files` takes them."""
    files = sorted(Path(folder).glob("*.py"))
    return [{"path": f"{PROGRAM}/{file.name}", "content": file.read_text(encoding="utf-8")} for file in files]


def _source(name: str, declaration: Declaration) -> dict[str, t.Any]:
    provides = declaration.get("provides", {})
    if provides.get("kind") not in KINDS:
        kind = provides.get("kind") or "no datastore"
        remedy = f"declare volumes in its backup; what can be saved as a whole is of kind {', '.join(KINDS)}"
        raise PlatformError(CONFIGURATION, f"backup.contents is declared of {kind}", remedy, name)
    known = {key: provides[key] for key in ("kind", "container", "port", "user", "password")}
    return {"instance": name, **known}


def _parts(need: dict[str, t.Any]) -> list[str]:
    """Return the part of a datastore that a need is about; of those that are saved as one, the instance."""
    if need["kind"] not in KINDS:
        return []
    key, attribute = PARTS.get(need["kind"], ("", ""))
    return [f"{need['instance']}/{need[key][attribute]}" if key else need["instance"]]


def rows_of_backup(status: dict[str, t.Any], settings: dict[str, t.Any]) -> list[Row]:
    """Return how old the newest backup is at each destination, and whether one of them survives the host's loss.

    Args:
        status: what the program on the host knows of its runs; nothing where it never ran.
        settings: `now` and `installed` (seconds), `maximum_hours`, `unit`, `destinations` (by name, whether they are
            elsewhere), `unsaved` (the instances that are somebody else's servers), `drill_days` after which a drill is
            too long ago (0 where none is made).
    """
    remedy = REMEDY.format(unit=settings["unit"])
    rows = []
    for name, elsewhere in settings["destinations"].items():
        at = status.get("destinations", {}).get(name, {}).get("last_success")
        hours = (settings["now"] - (at or settings["installed"])) / 3600
        where = "another host" if elsewhere else "this host"
        check = f"a recent set is at {name}, verified"
        if hours > settings["maximum_hours"]:
            last = f"the last one is {hours:.0f} hours old" if at else "there is none yet"
            rows.append(failed(COMPONENT, check, f"{last}{_why(status)}", DATA, remedy))
        elif at:
            rows.append(good(COMPONENT, check, f"{hours:.1f} hours old, on {where}"))
        else:
            rows.append(good(COMPONENT, check, "none yet: the first one is made as its timer says"))
    for name in settings.get("unsaved", []):
        what = "ATTENTION: nothing of it is saved from here; whoever runs that server has to"
        rows.append(good(name, "what is in it is saved by whoever runs it", what))
    if settings.get("drill_days"):
        rows.append(_row_of_drill(status, settings))
    if not any(settings["destinations"].values()):
        what = "ATTENTION: no destination is on another host; whoever loses this one loses its backups too"
        rows.append(good(COMPONENT, "a backup survives the loss of this host", what))
    return rows


def _row_of_drill(status: dict[str, t.Any], settings: dict[str, t.Any]) -> Row:
    """Return whether the newest drill proved its set, and not too long ago."""
    check = "a set was proven by a drill"
    remedy = (
        f"run playbooks/drill.yml, which says what does not hold, and see the manual for what to do with each ({DRILL})"
    )
    last, proven = status.get("last_drill"), status.get("last_proven", {}).get("finished")
    days = (settings["now"] - (proven or settings["installed"])) / 86400
    if last and not last["ok"]:
        error = last["error"]
        what = f"the last one failed, of set {last['set'] or 'none'}: {error['where']}: {error['what']}"
        return failed(COMPONENT, check, what, error["category"], remedy)
    if days > settings["drill_days"]:
        return failed(
            COMPONENT, check, f"the last one was {days:.0f} days ago" if proven else "none was made yet", DATA, remedy
        )
    if not last:
        return good(COMPONENT, check, "none yet: the first one is made as its timer says")
    return good(
        COMPONENT, check, f"{days:.1f} days ago, set {last['set']} from {last['origin']}, {last['seconds']:.0f} s"
    )


def _why(status: dict[str, t.Any]) -> str:
    error = status.get("last_run", {}).get("error", {})
    return f"; the last run failed: {error['where']}: {error['what']}" if error else ""
