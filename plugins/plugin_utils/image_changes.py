# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which images of what holds data would become others than those that its data was last used by. Pure functions."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import DATA, PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils.backup import KINDS
from ansible_collections.borgstack.platform.plugins.plugin_utils.declaration import Declaration
from ansible_collections.borgstack.platform.plugins.plugin_utils.deployed import note_of
from ansible_collections.borgstack.platform.plugins.plugin_utils.state import by_service

# What an operator may want of a run: nothing of the kind, newer versions, or whatever the inventory says.
REFUSE, ALLOW, FORCE = POLICIES = ("refuse", "allow", "force")
# In the order of how much has to be wanted for it.
CHANGED, OLDER, CROSSING = "changed", "older", "crossing"
# A tag that begins with a version, as most do; any other one is older than nothing.
VERSION = re.compile(r"v?([0-9]+(?:[.][0-9]+)*)(?:[-._+]|$)")
SETTING = "platform_image_changes"


class Change(t.NamedTuple):
    """An image of an instance that holds data, and the one that would take its place."""

    instance: str
    former: str
    image: str
    kind: str


def holds_data(declaration: Declaration) -> bool:
    """Return whether an instance has data, in volumes of its own or in what datastores keep for it."""
    backup = declaration.get("backup") or {}
    kept = [need for need in declaration.get("needs", []) if need["kind"] in KINDS]
    return bool(backup.get("contents") or backup.get("volumes") or kept)


def version_of(image: str) -> str:
    """Return what of an image's name says its version: the tag, or the digest where there is no tag."""
    name, _at, digest = image.partition("@")
    _repository, colon, tag = name.rpartition(":")
    if colon and "/" not in tag:
        return tag
    return digest or "latest"


def image_changes(
    found: dict[str, t.Any], declarations: dict[str, Declaration], project: dict, selected: list[str]
) -> list[Change]:
    """Return what would run on an instance's data in place of what ran on it last.

    A new digest of the same tag is no other version, nor is the same tag from another registry.

    Args:
        found: what the module `containers_info` returned; empty where Docker was not asked.
        declarations: of all instances, by name.
        project: the Compose project as returned by `compose_project`.
        selected: the instances that the run is about; what their containers wait for, Compose starts with them.
    """
    started = _with_dependencies(
        project["services"], [name for one in selected for name in declarations[one].get("containers", {})]
    )
    running = by_service(found.get("containers", []))
    noted = found.get("notes", {}).get("instances", {})
    changes = []
    for name, declaration in declarations.items():
        own = declaration.get("containers", {})
        if not holds_data(declaration) or not _has_data(name, declaration, found, project["name"]):
            continue
        former = {**_images_of(running), **_images_noted(noted.get(name, {}))}
        for container in own:
            image = project["services"][container]["image"]
            if container in started and container in former:
                kind = kind_of_change(former[container], image, own[container].get("data_format", ""))
                change = Change(name, former[container], image, kind)
                if kind and change not in changes:
                    changes.append(change)
    return changes


def kind_of_change(former: str, image: str, data_format: str = "") -> str:
    """Return how much another an image is: empty where it is none.

    Args:
        former: the image that ran on the data last.
        image: the one that would now.
        data_format: a pattern whose group is the part of a tag that the data's format goes by; empty for none.
    """
    before, after = version_of(former), version_of(image)
    # An image without a tag's name has its id there: nobody knows its version.
    if before == after or former.startswith("sha256:"):
        return ""
    if data_format:
        formats = [re.search(data_format, version) for version in (before, after)]
        if all(formats) and len({one.group(1) for one in formats if one}) > 1:
            return CROSSING
    versions = [VERSION.match(version) for version in (before, after)]
    if all(versions):
        old, new = ([int(part) for part in one.group(1).split(".")] for one in versions if one)
        common = min(len(old), len(new))
        if new[:common] < old[:common]:
            return OLDER
    return CHANGED


def refused_image_changes(changes: list[Change], policy: str) -> list[str]:
    """Return the messages of the changes that a run may not make.

    Args:
        changes: as returned by `image_changes`.
        policy: of `POLICIES`.
    """
    refused = {REFUSE: (CHANGED, OLDER, CROSSING), ALLOW: (OLDER, CROSSING), FORCE: ()}[policy]
    return [_refusal(change).message for change in changes if change.kind in refused]


def _refusal(change: Change) -> PlatformError:
    what = f"it has data that {change.former} worked with last, and would be started with {change.image}"
    back = "set its former version again"
    if change.kind == CROSSING:
        what += ", which is of another major version and cannot read it"
        remedy = (
            f"{back}; the data is brought over by playbooks/backup.yml, an empty volume and playbooks/restore.yml, as "
            "docs/operating.md says (Other versions)"
        )
    elif change.kind == OLDER:
        what += ", which is older: nobody promises that it can read what a newer one wrote"
        remedy = (
            f"{back}; to go back on purpose, save it with playbooks/backup.yml and run once with -e {SETTING}={FORCE}"
        )
    else:
        remedy = f"save it with playbooks/backup.yml, then run once with -e {SETTING}={ALLOW}; or {back}"
    return PlatformError(DATA, f"{what}. Nothing was changed", remedy, change.instance)


def _with_dependencies(services: dict[str, dict], wanted: list[str]) -> set[str]:
    """Return containers with all that Compose starts before them."""
    reached: set[str] = set()
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += services[name].get("depends_on", {})
    return reached


def _has_data(name: str, declaration: Declaration, found: dict[str, t.Any], project: str) -> bool:
    """Return whether there is some; of what only datastores keep, nobody asked."""
    own = note_of(name, declaration, project)["volumes"]
    return not own or bool(set(own) & set(found.get("volumes", [])))


def _images_noted(note: dict[str, t.Any]) -> dict[str, str]:
    return {container: image["name"] for container, image in note.get("images", {}).items()}


def _images_of(running: dict[str, dict]) -> dict[str, str]:
    """Return what runs, for instances that were deployed before there were notes."""
    return {container: item.get("Image", "sha256:") for container, item in running.items()}
