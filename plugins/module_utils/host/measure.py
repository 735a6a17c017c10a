# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""All parts of a host measured at the same time; none of them can make the others fail."""

from __future__ import annotations

import typing as t
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.host import (
    deployed,
    network,
    software,
    storage,
    system,
)

# What may be null though the rest of its part was measured.
FIELDS = (("clock", "synchronized"), ("data", "encrypted"), ("docker", "config"))


def measure(options: dict) -> dict:
    """Return everything about the host but what names resolve to.

    Args:
        options: those of the module `host_info`.

    Raises:
        PlatformError: an option has a value that cannot be meant.
    """
    parts = run(
        {
            "system": system.inspect,
            "clock": system.clock,
            "data": lambda: storage.inspect(options["data_path"]),
            "network": network.inspect,
            "ssh_ports": network.ssh_ports,
            "ssh_client": network.ssh_client,
            "listeners": lambda: network.listeners(options["ports"]),
            "packages": lambda: software.packages(options["packages"]),
            "docker": software.docker,
            "deployed": lambda: deployed.inspect(options["platform_directory"] or "", options["platform_name"]),
            "data_volumes": lambda: software.volumes(options["data_path"]),
            "ufw": software.ufw,
        }
    )
    return {**(parts.pop("system") or {}), **parts}


def run(probes: dict[str, t.Callable[[], t.Any]]) -> dict:
    """Return what each probe finds, null where it cannot; `unknown` lists what is null, in words."""
    unknown = []

    def attempt(name: str) -> t.Any:
        try:
            return probes[name]()
        except PlatformError:
            raise
        except Exception as error:  # whatever a strange host answers, the other parts are worth having
            unknown.append(f"{name}: {str(error) or type(error).__name__}")
            return None

    # Nearly all of the time goes into waiting for commands.
    with ThreadPoolExecutor(len(probes)) as pool:
        parts = dict(zip(probes, pool.map(attempt, probes)))
    unknown += [
        f"{part}: no answer about {field}" for part, field in FIELDS if (parts.get(part) or {field: ""})[field] is None
    ]
    return {**parts, "unknown": sorted(unknown)}
