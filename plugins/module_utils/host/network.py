# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Addresses, routes, who listens, and what names resolve to."""

from __future__ import annotations

import json
import os
import re
import socket
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.host.probe import output, read

DOCKER_DEVICE = re.compile(r"docker\d+|br-[0-9a-f]{12}|docker_gwbridge")
# In /proc/net: a TCP socket that listens, a UDP socket that is bound.
BOUND = {"tcp": "0A", "udp": "07"}


def inspect() -> dict:
    """Return addresses and routes; those of Docker's own bridges apart."""
    shown = json.loads(output("ip", "-json", "address", "show", "scope", "global") or "[]")
    addresses = [item["local"] for device in shown for item in device.get("addr_info", []) if item.get("local")]
    routes = [
        {"cidr": item["dst"], "device": item.get("dev", "")}
        for family in ("-4", "-6")
        for item in json.loads(output("ip", family, "-json", "route", "show", "table", "all") or "[]")
        if _is_network(item)
    ]
    docker = [route for route in routes if DOCKER_DEVICE.fullmatch(route["device"])]
    return {
        "addresses": addresses,
        "routes": [route for route in routes if route not in docker],
        "docker_routes": docker,
    }


def _is_network(route: dict) -> bool:
    """Leave out what says nothing about networks in use: the default, the host's own addresses, multicast."""
    return (
        route["dst"] != "default"
        and route.get("type", "unicast") == "unicast"
        and not route["dst"].startswith(("ff", "fe80"))
    )


def ssh_ports() -> list[int]:
    """Return the ports that sshd listens on and the one that this run came in by; 22 where neither is known."""
    configured = re.findall(r"^port (\d+)$", output("sshd", "-T") or output("/usr/sbin/sshd", "-T") or "", re.MULTILINE)
    current = os.environ.get("SSH_CONNECTION", "").split()[3:4]
    return sorted({int(port) for port in configured + current}) or [22]


def listeners(ports: t.Iterable[str]) -> list[dict]:
    """Return who holds ports such as `80/tcp`: port, protocol, address, pid, process, and whether it is Docker's."""
    found = []
    owners: dict[str, int] | None = None
    for wanted in ports:
        port, protocol = wanted.split("/")
        for inode in _bound(int(port), protocol):
            owners = _socket_owners() if owners is None else owners
            pid = owners.get(inode)
            process = (read(f"/proc/{pid}/comm") or "").strip() if pid else ""
            entry = {"port": int(port), "protocol": protocol, "pid": pid, "process": process}
            found.append({**entry, "container": process in ("docker-proxy", "dockerd")})
    return found


def _bound(port: int, protocol: str) -> t.Iterator[str]:
    for family in ("", "6"):
        for line in (read(f"/proc/net/{protocol}{family}") or "").splitlines()[1:]:
            words = line.split()
            if int(words[1].rpartition(":")[2], 16) == port and words[3] == BOUND[protocol]:
                yield words[9]


def _socket_owners() -> dict[str, int]:
    """Return the processes that hold sockets, by the sockets' inode."""
    owners = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            links = [os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")]
        except OSError:
            continue
        owners.update({link[8:-1]: int(pid) for link in links if link.startswith("socket:[")})
    return owners


def resolved(names: t.Iterable[str]) -> dict[str, list[str]]:
    """Return the addresses of host names; none where a name does not resolve."""
    return {name: _addresses(name) for name in names}


def _addresses(name: str) -> list[str]:
    try:
        return sorted({str(answer[4][0]) for answer in socket.getaddrinfo(name, None, proto=socket.IPPROTO_TCP)})
    except OSError:
        return []
