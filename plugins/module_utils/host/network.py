# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Addresses, routes, who listens, and what names resolve to."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import re
import socket
import sys
import typing as t
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.host.probe import Unknown, output, read

DOCKER_DEVICE = re.compile(r"docker\d+|br-[0-9a-f]{12}|docker_gwbridge")
# In /proc/net: a TCP socket that listens, a UDP socket that is bound.
BOUND = {"tcp": "0A", "udp": "07"}
# How many names are resolved at the same time: one that nobody answers for takes many seconds.
RESOLVERS = 16


def inspect() -> dict:
    """Return addresses and routes; those of Docker's own bridges apart.

    Raises:
        Unknown: `ip` is missing or fails; without its answer no network may pass for free.
    """
    shown = _ip("address", "show", "scope", "global")
    addresses = [item["local"] for device in shown for item in device.get("addr_info", []) if item.get("local")]
    families = ["-4", "-6"] if os.path.exists("/proc/net/if_inet6") else ["-4"]
    routes = [
        {"cidr": item["dst"], "device": item.get("dev", "")}
        for family in families
        for item in _ip(family, "route", "show", "table", "all")
        if _is_network(item)
    ]
    docker = [route for route in routes if DOCKER_DEVICE.fullmatch(route["device"])]
    return {
        "addresses": addresses,
        "routes": [route for route in routes if route not in docker],
        "docker_routes": docker,
        "default_devices": sorted(
            {item["dev"] for family in families for item in _ip(family, "route", "show", "default") if item.get("dev")}
        ),
    }


def _ip(*arguments: str) -> list[dict]:
    answer = output("ip", "-json", *arguments)
    if answer is None:
        raise Unknown(f"`ip {' '.join(arguments)}` does not work (package iproute2)")
    # Empty answers are not even an empty list.
    return json.loads(answer or "[]")


def _is_network(route: dict) -> bool:
    """Leave out what says nothing about networks in use: the default, the host's own addresses, multicast."""
    return (
        route["dst"] != "default"
        and route.get("type", "unicast") == "unicast"
        and not route["dst"].startswith(("ff", "fe80"))
    )


def ssh_ports() -> list[int]:
    """Return the ports that sshd listens on and the one that this run came in by; 22 where none is known."""
    sources = (
        listen_ports(output("/usr/sbin/sshd", "-T"), r"listenaddress (\S+)"),
        # Where systemd listens instead, sshd's own settings need not say where.
        listen_ports(output("systemctl", "show", "ssh.socket", "--property=Listen"), r"Listen=(\S+) \(Stream\)")
        if output("systemctl", "is-active", "ssh.socket")
        else [],
        [int(port) for port in _ssh_connection()[3:4]],
    )
    return sorted({port for ports in sources for port in ports}) or [22]


def listen_ports(text: str | None, pattern: str) -> list[int]:
    """Return the ports of the addresses that a pattern finds at the start of lines: `0.0.0.0:22`, `[::]:22` or `22`."""
    found = re.findall(f"^{pattern}$", text or "", re.MULTILINE)
    return [int(port) for port in (address.rpartition(":")[2] for address in found) if port.isdigit()]


def ssh_client() -> str:
    """Return the address that this run came from by SSH; empty where it did not."""
    return "".join(_ssh_connection()[:1])


def _ssh_connection() -> list[str]:
    """Return the client's address and port, and the server's, of the SSH connection that this process belongs to."""
    # sudo takes the variable away from this process, not from those that it was started by.
    pid = str(os.getpid())
    while pid not in ("", "0", "1"):
        for variable in (read(f"/proc/{pid}/environ") or "").split("\0"):
            if variable.startswith("SSH_CONNECTION="):
                return variable.partition("=")[2].split()
        parent = re.search(r"^PPid:\s+(\d+)$", read(f"/proc/{pid}/status") or "", re.MULTILINE)
        pid = parent.group(1) if parent else ""
    return []


def listeners(ports: t.Iterable[str]) -> list[dict]:
    """Return who holds ports such as `80/tcp`.

    Returns:
        `port`, `protocol`, `address`, `pid` and `process` (none and empty where they cannot be told), and `container`:
        whether the holder is Docker.

    Raises:
        PlatformError: a port is written in another way.
    """
    wanted = [_port(text) for text in ports]
    return _holders(
        (port, protocol, address, inode)
        for port, protocol in wanted
        for bound, address, inode in _bound(protocol)
        if bound == port
    )


def exposed() -> list[dict]:
    """Return who holds TCP ports at addresses that other machines could reach, as `listeners` does."""
    return _holders(
        (port, "tcp", address, inode)
        for port, address, inode in _bound("tcp")
        if not ipaddress.ip_address(address).is_loopback
    )


def _holders(bound: t.Iterable[tuple[int, str, str, str]]) -> list[dict]:
    sockets = list(dict.fromkeys(bound))
    owners = _socket_owners() if sockets else {}
    return [_holder(port, protocol, address, owners.get(inode)) for port, protocol, address, inode in sockets]


def _port(text: str) -> tuple[int, str]:
    match = re.fullmatch(r"(\d{1,5})/(tcp|udp)", text)
    if match is None or not 0 < int(match.group(1)) < 65536:
        raise PlatformError(CONFIGURATION, f"{text!r} is no port", "write ports as 80/tcp or 443/udp")
    return int(match.group(1)), match.group(2)


def _holder(port: int, protocol: str, address: str, pid: int | None) -> dict:
    process = (read(f"/proc/{pid}/comm") or "").strip() if pid else ""
    return {
        "port": port,
        "protocol": protocol,
        "address": address,
        "pid": pid,
        "process": process,
        "container": process in ("docker-proxy", "dockerd"),
    }


def _bound(protocol: str) -> t.Iterator[tuple[int, str, str]]:
    """Return port, address and inode of the sockets that are bound."""
    for family in ("", "6"):
        for line in (read(f"/proc/net/{protocol}{family}") or "").splitlines()[1:]:
            words = line.split()
            address, number = words[1].split(":")
            if words[3] == BOUND[protocol]:
                yield int(number, 16), kernel_address(address), words[9]


def kernel_address(text: str) -> str:
    """Return an address of /proc/net, which is words of 32 bits in the processor's order, as people write it."""
    words = [int(text[place : place + 8], 16).to_bytes(4, sys.byteorder) for place in range(0, len(text), 8)]
    return str(ipaddress.ip_address(b"".join(words)))


def _socket_owners() -> dict[str, int]:
    """Return the processes that hold sockets, by the sockets' inode."""
    owners = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        for link in _open_files(pid):
            if link.startswith("socket:["):
                owners[link[8:-1]] = int(pid)
    return owners


def _open_files(pid: str) -> t.Iterator[str]:
    # Processes end and files are closed while this looks; the others still count.
    with contextlib.suppress(OSError):
        for name in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                yield os.readlink(f"/proc/{pid}/fd/{name}")


def resolved(names: t.Sequence[str]) -> dict[str, list[str]]:
    """Return the addresses of host names; none where a name does not resolve."""
    with ThreadPoolExecutor(RESOLVERS) as pool:
        return dict(zip(names, pool.map(_addresses, names)))


def _addresses(name: str) -> list[str]:
    try:
        return sorted({str(answer[4][0]) for answer in socket.getaddrinfo(name, None, proto=socket.IPPROTO_TCP)})
    except (OSError, UnicodeError):
        return []
