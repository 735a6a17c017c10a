# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Whether a host is still the one that a platform was deployed to: refusals before anything empty is made. Pure."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import yaml
from ansible.utils.version import SemanticVersion

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, DATA, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.notes import ROOT, VOLUMES

HEADER = "# Volumes that there were, kept by Ansible. A run refuses to make one of them anew and empty.\n"
COLLECTION = Path(__file__).resolve().parents[2]


def moved_ground(found: dict[str, t.Any], project: dict, directory: str) -> list[str]:
    """Return the messages of what keeps a run from making empty volumes.

    Args:
        found: what the module `containers_info` returned; empty where Docker was not asked.
        project: the Compose project as returned by `compose_project`.
        directory: the project's on the host.
    """
    if not found:
        return []
    notes, present = found["notes"], set(found["volumes"])
    declared = _declared(project)
    lost = sorted((set(notes["volumes"]) & declared) - present)
    moved = notes["docker_root"] and notes["docker_root"] != found["docker_root"]
    root = f"Docker keeps its data in {found['docker_root']}" + (f", then in {notes['docker_root']}" if moved else "")
    if lost:
        what = f"there were these volumes, and they are gone: {', '.join(lost)}. {root}. Nothing was changed"
        gone = f"take their lines out of {directory}/{VOLUMES}"
        return [_data_error(what, gone)]
    if declared and not present and notes["deployed"] and not notes["volumes"]:
        what = f"{directory} has the notes of a deployed platform, and none of its volumes is there. {root}"
        return [_data_error(what, f"move {directory} out of the way")]
    return [] if present else _beside_another(found["others"], project)


def _beside_another(others: dict[t.Any, str], project: dict) -> list[str]:
    wanted = {
        int(str(port).split("/", maxsplit=1)[0].split(":")[-2])
        for service in project["services"].values()
        for port in service.get("ports", [])
    }
    held = {name for port, name in others.items() if int(port) in wanted}
    return [
        PlatformError(
            DATA,
            f"the platform {name} runs on this host; {project['name']} would be a second one beside it, with empty "
            "volumes",
            f"set platform_name: {name} again, as volumes are named after it; to give the platform up, end it with "
            f"`docker compose --project-name {name} down` first, which keeps its data",
        ).message
        for name in sorted(held)
    ]


def _declared(project: dict) -> set[str]:
    return {f"{project['name']}_{volume}" for volume in project["volumes"]}


def _data_error(what: str, gone: str) -> str:
    remedy = (
        "see that the disk is mounted and that Docker's data-root and platform_name are the former ones, or restore "
        f"the volumes from a backup; where the data is gone for good, {gone}, then run again"
    )
    return PlatformError(DATA, what, remedy).message


def volume_notes(found: dict[str, t.Any], project: dict) -> str:
    """Return the text to note: the volumes that there are or were, and where; nothing where it is noted already.

    Args:
        found: what the module `containers_info` returned.
        project: the Compose project as returned by `compose_project`.
    """
    notes = found["notes"]
    volumes = set(notes["volumes"]) | (_declared(project) & set(found["volumes"]))
    if volumes == set(notes["volumes"]) and notes["docker_root"] == found["docker_root"]:
        return ""
    return "".join([HEADER, f"{ROOT}{found['docker_root']}\n", *(f"{name}\n" for name in sorted(volumes))])


def collection_version(_nothing: str = "") -> str:
    """Return the version of this collection, installed or in a checkout."""
    manifest = COLLECTION / "MANIFEST.json"
    if manifest.exists():
        return json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]["version"]
    return str(yaml.safe_load((COLLECTION / "galaxy.yml").read_text(encoding="utf-8"))["version"])


def downgrade(noted: str, ours: str) -> str:
    """Return the message that keeps an older collection from undoing what a newer one did; nothing where it does not.

    Args:
        noted: the version that ran last; empty where none is known.
        ours: of this collection.
    """
    try:
        older = bool(noted) and SemanticVersion(ours) < SemanticVersion(noted)
    except ValueError:
        older = False
    if not older:
        return ""
    return PlatformError(
        CONFIGURATION,
        f"version {noted} of this collection ran here last; this is {ours}, which would undo what the newer one did",
        "update the checkout or the collection; to go back on purpose, set platform_allow_downgrade: true for one run",
    ).message
