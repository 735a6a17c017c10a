# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The instances of a service's role, and what each of them sets: pure functions.

An instance is a role's containers with settings of their own. Its settings are the role's variables without the role's
name before them.
"""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.items import nearest
from ansible_collections.borgstack.platform.plugins.plugin_utils.refusal import wrong_instance

Settings = dict[str, t.Any]

# What an instance says beside the settings of its role.
OWN = ("role", "uses")
# How a role's variables end that say which instance fills a need.
USES = "_instance"


def service_of(role: str) -> str:
    """Return what a role calls itself in its declarations: its name without the collection's."""
    return role.rpartition(".")[2]


def roles_of(named: dict[str, Settings]) -> dict[str, dict[str, Settings]]:
    """Return the settings of instances that the inventory names, by role and name.

    Args:
        named: by instance name; `role` says whose each is, `uses` which instances fill its needs: `{postgresql: main}`
            is the setting `postgresql_instance: main`.

    Raises:
        PlatformError: one does not say its role.
    """
    found: dict[str, dict[str, Settings]] = {}
    for name, settings in named.items():
        if not isinstance(settings, dict) or not isinstance(settings.get("role"), str):
            raise wrong_instance(name, "it does not say its role", "such as role: postgresql")
        uses = settings.get("uses", {})
        if not isinstance(uses, dict):
            raise wrong_instance(name, "what it uses is no dictionary", "such as uses: {postgresql: main}")
        own = {key: value for key, value in settings.items() if key not in OWN}
        found.setdefault(settings["role"], {})[name] = own | {f"{key}{USES}": value for key, value in uses.items()}
    return found


def listed_instances(service: str, items: t.Any) -> dict[str, Settings]:
    """Return the instances of a role that is switched on by its name alone.

    Args:
        service: what the role calls itself.
        items: what its variable `SERVICE_instances` says, a list with a `name` in each item; none where it has no such
            variable, and so one instance of its own name.

    Raises:
        PlatformError: an item has no name, or two have the same.
    """
    if items is None:
        return {service.replace("_", "-"): {}}
    found: dict[str, Settings] = {}
    for item in items:
        name = item.get("name") if isinstance(item, dict) else None
        if not isinstance(name, str):
            raise wrong_instance(service, f"an item of {service}_instances has no name", "such as name: postgresql")
        if name in found:
            raise wrong_instance(name, f"{service}_instances has it twice", "give each another name")
        found[name] = {key: value for key, value in item.items() if key != "name"}
    return found


def overriding(service: str, name: str, settings: Settings, known: t.Collection[str]) -> Settings:
    """Return an instance's settings as variables of its role.

    Args:
        service: what the role calls itself.
        name: of the instance.
        settings: without the role's name before them.
        known: the role's variables.

    Raises:
        PlatformError: the role has no such variable.
    """
    prefix = f"{service}_"
    keys = [variable.removeprefix(prefix) for variable in known]
    for key in settings:
        if f"{prefix}{key}" not in known:
            raise wrong_instance(
                name, f"the role {service} has no {prefix}{key}{nearest(key, keys)}", f"one of {', '.join(keys)}"
            )
    return {f"{prefix}{key}": value for key, value in settings.items()}
