# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What earlier runs noted in a project's folder on the host."""

from __future__ import annotations

import json
import os
import typing as t

VOLUMES = "volumes.txt"
VERSION = "version"
ROOT = "# Docker's root: "
# By instance, what was deployed last.
DEPLOYED = "deployed"
# Where it is noted what is in effect; a note with this ending says that it is not yet.
IN_EFFECT = ("configured", "provisioned")
PENDING = ".pending"


def read(directory: str | None) -> dict[str, t.Any]:
    """Return what was noted.

    Returns:
        `volumes` that there were, `docker_root` then, the `version` that ran last, whether it `deployed` something, and
        what by `instances`.
    """
    lines = _lines(directory, VOLUMES)
    version = _lines(directory, VERSION)
    return {
        "volumes": [line for line in lines if line and not line.startswith("#")],
        "docker_root": next((line[len(ROOT) :] for line in lines if line.startswith(ROOT)), ""),
        "version": version[0] if version else "",
        "deployed": any(_in_effect(os.path.join(directory or "/nowhere", folder)) for folder in IN_EFFECT),
        "instances": _instances(os.path.join(directory or "/nowhere", DEPLOYED)),
    }


def _instances(folder: str) -> dict[str, t.Any]:
    """Return the notes by instance; one that cannot be read is written anew."""
    found = {}
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        instance, ending = os.path.splitext(name)
        if ending == ".json":
            try:
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    found[instance] = json.load(file)
            except (OSError, ValueError):
                continue
    return found


def _lines(directory: str | None, name: str) -> list[str]:
    try:
        with open(os.path.join(directory or "/nowhere", name), encoding="utf-8") as file:
            return [line.strip() for line in file]
    except (OSError, UnicodeDecodeError):
        return []


def _in_effect(folder: str) -> bool:
    names = set(os.listdir(folder)) if os.path.isdir(folder) else set()
    return any(not name.endswith(PENDING) and f"{name}{PENDING}" not in names for name in names)
