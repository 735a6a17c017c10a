# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The development profile: each container's ports, on the host's own loopback address only. Pure functions."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils.published import HIGHEST, all_published

NETWORK = "development"

# Where two containers listen on the same port, the second one's is moved by this much on the host.
OFFSET = 10000

Ports = dict[str, list[tuple[int, int]]]


def check_ports(ports: t.Any, where: str) -> None:
    """Raise unless it is a list of ports, or of `host:container` as a text.

    Raises:
        PlatformError: it is not.
    """
    try:
        valid = isinstance(ports, list) and all(0 < number <= HIGHEST for port in ports for number in _pair(port))
    except ValueError:
        valid = False
    if not valid:
        raise PlatformError(
            CONFIGURATION,
            f"development_ports is {ports!r}, not a list such as [3000] or ['13000:3000']",
            "correct the role's declaration",
            where=where,
        )


def _pair(port: t.Any) -> tuple[int, int]:
    """Return the port on the host (0: none is asked for) and the one in the container."""
    host, _colon, container = str(port).rpartition(":")
    return int(host or container), int(container)


def development_ports(declarations: dict[str, dict]) -> Ports:
    """Return for each container where on the host its ports are: pairs of host and container port.

    Args:
        declarations: by instance name.

    Raises:
        PlatformError: two containers ask for the same port of the host, or no port is left.
    """
    asked = [
        (container, *_pair(port), ":" in str(port))
        for declaration in declarations.values()
        for container, definition in declaration.get("containers", {}).items()
        for port in definition.get("development_ports", [])
    ]
    published = {int(item["port"]) for item in all_published(declarations)}
    holders: dict[int, str] = dict.fromkeys(published, "what is published without this profile too")
    found: Ports = {}
    # Those that name a port of the host get it; the others make way, in the order of their names.
    for container, host, inside, explicit in sorted(asked, key=lambda one: (not one[3], one)):
        while host in holders and not explicit:
            host += OFFSET
        if host in holders or host > HIGHEST:
            raise PlatformError(
                CONFIGURATION,
                f"port {host} of the host is held by {holders.get(host, 'nobody, as there is no such port')}",
                "name another in development_ports, as 'host:container'",
                where=f"container {container}",
            )
        holders[host] = container
        found.setdefault(container, []).append((host, inside))
    return found


def published(ports: list[tuple[int, int]]) -> list[str]:
    """Return the ports as Compose spells them: on the loopback address, where no other machine gets to."""
    return [f"127.0.0.1:{host}:{inside}" for host, inside in ports]


def table(declarations: dict[str, dict]) -> list[str]:
    """Return in words where each container's ports are."""
    return [
        f"127.0.0.1:{host} is {container}:{inside}" + ("" if host == inside else f", moved from {inside}")
        for container, pairs in development_ports(declarations).items()
        for host, inside in pairs
    ]
