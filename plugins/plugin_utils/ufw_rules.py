# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a rule of UFW lets in, whatever way it is written: pure functions."""

from __future__ import annotations

import ipaddress
import shlex
import typing as t
from dataclasses import dataclass

Range = tuple[int, int]
ALL_PORTS: Range = (0, 65535)
OPENING = ("allow", "limit")
VERBS = (*OPENING, "deny", "reject")


class Unclear(ValueError):
    """A rule that cannot be read, and so might let anybody in."""


@dataclass(frozen=True)
class Opening:
    """What an `allow` or `limit` rule lets in: port ranges by protocol, from where and by which device (empty: any)."""

    ports: tuple[tuple[str, Range], ...]
    source: str
    device: str

    def covers(self, port: Range, protocol: str) -> bool:
        """Tell whether it lets something in at one of the ports of a range."""
        return any(
            opened in (protocol, "any") and low <= port[1] and port[0] <= high for opened, (low, high) in self.ports
        )

    def stays_within(self, sources: t.Iterable[str]) -> bool:
        """Tell whether it lets nobody in but who is in one of the networks."""
        return bool(self.source) and within(self.source, sources)


def matching_interfaces(devices: t.Iterable[str], patterns: t.Iterable[str]) -> list[str]:
    """Return the devices that iptables would take for one of the patterns; a `+` at the end is any rest of a name."""
    known = list(patterns)
    return [
        device
        for device in devices
        if any(device.startswith(one[:-1]) if one.endswith("+") else device == one for one in known)
    ]


def within(address: str, networks: t.Iterable[str]) -> bool:
    """Tell whether an address or network lies in one of the networks; of IPv6's spelling of IPv4, the IPv4 counts."""
    network = ipaddress.ip_network(address, strict=False)
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is not None:
        network = ipaddress.ip_network(mapped)
    known = [ipaddress.ip_network(one, strict=False) for one in networks]
    return any(one.version == network.version and network.subnet_of(one) for one in known)  # type: ignore[arg-type]


def opening_of(rule: str, applications: dict[str, str]) -> Opening | None:
    """Return what a rule lets in to the host, or none for one that lets nothing in.

    Args:
        rule: as `ufw show added` prints it, without the leading `ufw`.
        applications: the ports of UFW's application profiles by name, as their files spell them.

    Raises:
        Unclear: it cannot be read.
    """
    words = _words(rule)
    if words[:1] == ["route"]:
        return None
    if words[:1] in (["insert"], ["prepend"]):
        words = words[2:] if words[0] == "insert" else words[1:]
    if not words or words[0] not in VERBS:
        raise Unclear(rule)
    verb, rest = words[0], words[1:]
    if verb not in OPENING or rest[:1] == ["out"]:
        return None
    options, target = _options(rest, rule)
    if len(target) > 1:
        raise Unclear(rule)
    protocol = options.get("proto", "any")
    spelled = target[0] if target else options.get("to port", "")
    application = options.get("to app", "")
    source = options.get("from", "any")
    try:
        ports = _ports(application or spelled, protocol, applications, known=bool(application))
        everybody = source == "any" or not ipaddress.ip_network(source, strict=False).prefixlen
        return Opening(ports, "" if everybody else source, options.get("on", ""))
    except ValueError as error:
        raise Unclear(rule) from error


def _words(rule: str) -> list[str]:
    try:
        return shlex.split(rule)
    except ValueError as error:
        raise Unclear(rule) from error


def _options(words: list[str], rule: str) -> tuple[dict[str, str], list[str]]:
    """Return the clauses of a rule by name, and the words that belong to none: a port or an application."""
    options: dict[str, str] = {}
    target: list[str] = []
    side = "to"
    rest = iter(words)
    for word in rest:
        if word in ("in", "log", "log-all"):
            continue
        value = next(rest, None) if word in ("on", "from", "to", "port", "app", "proto", "comment") else word
        if value is None:
            raise Unclear(rule)
        if word in ("from", "to"):
            side = word
            options[word] = value
        elif word in ("port", "app"):
            options[f"{side} {word}"] = value
        elif word in ("on", "proto", "comment"):
            options[word] = value
        else:
            target.append(word)
    return options, target


def _ports(
    spelled: str, protocol: str, applications: dict[str, str], known: bool = False
) -> tuple[tuple[str, Range], ...]:
    """Return the ports of `22`, `22/tcp`, `22,443/tcp`, `20:30/tcp`, an application's name or nothing, which is all."""
    if spelled in ("", "any"):
        return ((protocol, ALL_PORTS),)
    if spelled in applications:
        profile = applications[spelled]
        return tuple(entry for part in profile.split("|") for entry in _ports(part.strip(), "any", {}))
    if known:
        raise ValueError(f"no application {spelled}")
    numbers, _slash, given = spelled.partition("/")
    found = []
    for one in numbers.split(","):
        low, _colon, high = one.partition(":")
        found.append((given or protocol, (int(low), int(high or low))))
    return tuple(found)
