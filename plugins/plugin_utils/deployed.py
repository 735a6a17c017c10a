# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What was deployed, as it is noted on the host by instance: enough to take it away when nobody declares it any more.

No note has a secret in it. Pure functions.
"""

from __future__ import annotations

import hashlib
import json
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.notes import DEPLOYED
from ansible_collections.borgstack.platform.plugins.plugin_utils.compose import compose_project, project_files
from ansible_collections.borgstack.platform.plugins.plugin_utils.declaration import Declaration
from ansible_collections.borgstack.platform.plugins.plugin_utils.state import by_service

Note = dict[str, t.Any]

# What names the things that an instance has in another one; all else of a need may be secret, or is of no use any more.
NAMING = ("name", "owner", "database", "keys")


def note_of(name: str, declaration: Declaration, project: str) -> Note:
    """Return what belongs to one instance.

    Args:
        name: the instance's.
        declaration: what it declares.
        project: name of the Compose project.

    Returns:
        `service`; its own `containers`, `volumes` (as Docker names them) and `files` (relative to the project's
        directory); `needs`, with names only.
    """
    own = compose_project({name: declaration}, project)
    files = [file["path"] for file in project_files({name: declaration})]
    return {
        "service": declaration["service"],
        "containers": sorted(own["services"]),
        "volumes": [f"{project}_{volume}" for volume in own["volumes"]],
        "files": [*files, f"{DEPLOYED}/{name}.json"],
        "needs": [named(need) for need in declaration.get("needs", [])],
    }


def named(need: dict) -> dict:
    """Return of a need which things it names where, and nothing that is secret."""
    things = {key: value for key, value in need.items() if isinstance(value, dict) and "name" in value}
    return {
        "kind": need["kind"],
        "instance": need["instance"],
        **{key: {part: value[part] for part in NAMING if part in value} for key, value in things.items()},
    }


def deployed_image(note: Note, container: str, name: str) -> str:
    """Return the id of the image that a container was deployed with; empty where none of this name is noted."""
    image = note.get("images", {}).get(container, {})
    return image.get("id", "") if image.get("name") == name else ""


def notes_to_write(
    declarations: dict[str, Declaration],
    found: dict[str, t.Any],
    project: dict,
    stale: list[str],
    started: list[str],
    now: str,
) -> dict[str, t.Any]:
    """Return the notes that are not on the host yet, as `files` and `secrets` of the module `project_files`.

    Args:
        declarations: of the instances that the run was about, by name.
        found: what the module `containers_info` returned.
        project: the Compose project as returned by `compose_project`.
        stale: the containers that do not run as declared; what has one of them is not deployed.
        started: the containers that this run started. Who else put another image in place did not deploy it.
        now: the time that a note gets.
    """
    running = by_service(found["containers"])
    secrets = {}
    for name, declaration in declarations.items():
        note = note_of(name, declaration, project["name"])
        if set(note["containers"]) & set(stale):
            continue
        noted = found["notes"]["instances"].get(name, {})
        note["images"] = {
            container: {
                "name": (image := project["services"][container]["image"]),
                "id": (container not in started and deployed_image(noted, container, image))
                or running[container].get("measured", {}).get("image", ""),
            }
            for container in note["containers"]
        }
        note["declaration"] = hashlib.sha256(json.dumps(declaration, sort_keys=True).encode()).hexdigest()
        if {**noted, "since": ""} != {**note, "since": ""}:
            secrets[f"{name}.json"] = json.dumps({**note, "since": now}, indent=2, sort_keys=True) + "\n"
    return {"files": [{"path": path} for path in secrets], "secrets": secrets}


def leaving(noted: dict[str, Note], declarations: dict[str, Declaration], wanted: str) -> dict[str, Note]:
    """Return the notes of what is to go: of what nobody declares any more, by instance.

    Args:
        noted: what is noted on the host.
        declarations: of the instances that stay.
        wanted: an instance, or what a role calls itself, for all of its instances once none of them is declared.
    """
    whole_role = all(declaration["service"] != wanted for declaration in declarations.values())
    return {
        name: note
        for name, note in noted.items()
        if name not in declarations
        and (wanted in (name, instance_of(name)) or (whole_role and note["service"] == wanted))
    }


def instance_of(name: str) -> str:
    """Return the instance of a name under which a host notes what another host's instance has here."""
    return name.partition("@")[0]
