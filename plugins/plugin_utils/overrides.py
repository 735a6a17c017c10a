# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What an inventory wants of single containers beside what their roles declare: pure functions."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.items import nearest
from ansible_collections.borgstack.platform.plugins.module_utils.texts import text_of

# What is put beside what the role declares, by name; what is put after it; and what takes its place.
BY_NAME = ("environment", "secret_environment", "labels")
AFTER = ("volumes",)
INSTEAD = {
    "mem_limit": r"[1-9][0-9]*m",
    "mem_reservation": r"[1-9][0-9]*m",
    "cpus": r"[0-9]+([.][0-9]+)?",
    "pids_limit": r"[1-9][0-9]*",
    "shm_size": r"[1-9][0-9]*m",
    "stop_grace_period": r"([0-9]+(h|m|s))+",
}
KEYS = (*BY_NAME, *AFTER, *INSTEAD)
# Those of the platform and of Compose itself.
RESERVED = ("platform.borgstack.", "com.docker.compose.")
MOUNT = re.compile(r"[^:\x00-\x1f]+:/[^:\x00-\x1f]*(:[a-zA-Z,]+)?")


def overridden(declarations: dict[str, dict], overrides: dict[str, dict[str, t.Any]]) -> dict[str, dict]:
    """Return the declarations with what the inventory wants of their containers.

    Args:
        declarations: by instance name.
        overrides: by container: environment, secret_environment, labels, volumes, mem_limit and so on.

    Raises:
        PlatformError: there is no such container, no such key, or a value is none that it can have.
    """
    containers = [name for one in declarations.values() for name in one.get("containers", {})]
    for name, override in overrides.items():
        if name not in containers:
            raise _refused(f"there is no container {name}{nearest(name, containers)}", "which container is meant", name)
        _check(name, override)
    return {
        instance: {
            **declared,
            "containers": {
                name: _merged(definition, overrides[name]) if name in overrides else definition
                for name, definition in declared["containers"].items()
            },
        }
        if "containers" in declared
        else declared
        for instance, declared in declarations.items()
    }


def _check(name: str, override: t.Any) -> None:
    if not isinstance(override, dict):
        raise _refused("it is no dictionary", f"give it some of {', '.join(KEYS)}", name)
    for key, value in override.items():
        if key not in KEYS:
            raise _refused(f"there is no key {key}{nearest(key, KEYS)}", f"known are {', '.join(KEYS)}", name)
        if key in BY_NAME:
            _check_names(name, key, value)
        elif key in AFTER:
            # An item may hold a path that is nobody's business; it is no secret.
            wrong = [item for item in value if not MOUNT.fullmatch(str(item))] if isinstance(value, list) else [value]
            if wrong:
                raise _refused(f"{key} has {wrong[0]!r}", "give a list of texts such as /srv/media:/media:ro", name)
        elif not re.fullmatch(INSTEAD[key], str(value)):
            raise _refused(f"{key} is {value!r}", "write it as Compose does, such as mem_limit: 512m", name)


def _check_names(name: str, key: str, value: t.Any) -> None:
    if not isinstance(value, dict):
        raise _refused(f"{key} is no dictionary", "give values by name", name)
    for variable, content in value.items():
        if isinstance(content, (dict, list)) or content is None:
            # Never the value itself: it may be a secret.
            raise _refused(f"{variable} of {key} is no text or number", "give one value, in quotes", name)
        if key == "labels" and str(variable).startswith(RESERVED):
            raise _refused(f"the label {variable} is the platform's own", "choose another name", name)


def _merged(definition: dict, override: dict[str, t.Any]) -> dict:
    merged = {**definition, **{key: override[key] for key in INSTEAD if key in override}}
    for key in BY_NAME:
        if key in override:
            merged[key] = {**definition.get(key, {}), **{name: text_of(value) for name, value in override[key].items()}}
    # One name, one place: Compose lets the plain one win.
    for key, other in (("environment", "secret_environment"), ("secret_environment", "environment")):
        if key in override and other in merged:
            merged[other] = {name: value for name, value in merged[other].items() if name not in override[key]}
    for key in AFTER:
        if key in override:
            merged[key] = list(dict.fromkeys([*definition.get(key, []), *map(str, override[key])]))
    return merged


def _refused(what: str, remedy: str, container: str) -> PlatformError:
    return PlatformError(CONFIGURATION, what, f"correct platform_overrides: {remedy}", where=f"container {container}")
