# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What of a platform is reached by way of the host's own addresses, and by whom: pure functions."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.borgstack.platform.plugins.plugin_utils.refusal import wrong

HIGHEST = 65535
EVERYWHERE = "every address"

# Ports of networks without a way out are not published, so a container on no other one gets one more network, which it
# has for itself. Nothing gets out by it either: its addresses are not translated.
NETWORK = "-published"
NETWORK_OPTIONS: dict[str, t.Any] = {"driver_opts": {"com.docker.network.bridge.enable_ip_masquerade": "false"}}

OPTIONS: dict[str, dict[str, t.Any]] = {
    "container": {"type": "str", "required": True, "description": "who listens"},
    "port": {"type": "int", "required": True, "description": "of the host"},
    "container_port": {"type": "int", "description": "where the container listens; the same port unless told"},
    "proto": {"type": "str", "choices": ["tcp", "udp"], "description": "tcp unless told"},
    "bind": {
        "type": "list",
        "elements": "str",
        "description": "the host's addresses that it is published at; all of them unless told",
    },
    "to": {
        "type": "list",
        "elements": "str",
        "description": "the networks (CIDR) that may come; everybody unless told, and with an empty list nobody but "
        "the host itself",
    },
}

Published = dict[str, t.Any]


def check_published(item: Published, containers: t.Collection[str], where: str) -> None:
    """Raise unless a published port makes sense.

    Args:
        item: keys as in `OPTIONS`.
        containers: those of the same declaration.
        where: the place, for the refusal.

    Raises:
        PlatformError: it does not.
    """
    if item["container"] not in containers:
        raise wrong(where, f"there is no container {item['container']} in this declaration")
    for port in (item["port"], inside(item)):
        if not 0 < int(port) <= HIGHEST:
            raise wrong(where, f"{port} is no port")
    try:
        only_here = _only_on_loopback(item)
        networks = [ipaddress.ip_network(network) for network in item.get("to", [])]
    except ValueError as error:
        raise wrong(where, str(error)) from None
    if networks and only_here:
        raise wrong(where, "it is for other hosts, and published at the host's loopback address alone")


def all_published(declarations: dict[str, dict]) -> list[Published]:
    """Return what all instances publish."""
    return [item for declaration in declarations.values() for item in declaration.get("published", [])]


def compose_ports(declaration: dict, container: str) -> list[str]:
    """Return what a declaration publishes of a container, as Compose spells it."""
    return [
        place(address, _pair(item)) if address else _pair(item)
        for item in declaration.get("published", [])
        if item["container"] == container
        for address in item.get("bind", [""])
    ]


def firewall_rules(declarations: dict[str, dict]) -> list[dict[str, t.Any]]:
    """Return what others may reach, as items of the role firewall's `firewall_allowed`."""
    rules = []
    for item in all_published(declarations):
        if not _only_on_loopback(item) and item.get("to") != []:
            rule = {"port": str(item["port"]), "proto": item.get("proto", "tcp")}
            rules.append({**rule, "sources": item["to"]} if item.get("to") else rule)
    return rules


def clashes(declarations: dict[str, dict]) -> t.Iterator[str]:
    """Yield in words which instances publish the same port at the same address."""
    taken: dict[tuple[str, int], list[tuple[str, str]]] = {}
    for name, declaration in declarations.items():
        for item in declaration.get("published", []):
            port = (item.get("proto", "tcp"), int(item["port"]))
            for address in item.get("bind", [EVERYWHERE]):
                for other, at in taken.get(port, []):
                    if EVERYWHERE in (address, at) or address == at:
                        yield f"{other} and {name} both publish port {item['port']}/{port[0]} of the host"
                taken.setdefault(port, []).append((name, address))


def inside(item: Published) -> int:
    """Return where the container listens."""
    return int(item.get("container_port", item["port"]))


def place(host: str, port: t.Any) -> str:
    """Return a host and a port with a colon between them, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _only_on_loopback(item: Published) -> bool:
    bound = [ipaddress.ip_address(address) for address in item.get("bind", [])]
    return bool(bound) and all(address.is_loopback for address in bound)


def _pair(item: Published) -> str:
    return f"{item['port']}:{inside(item)}/{item.get('proto', 'tcp')}"
