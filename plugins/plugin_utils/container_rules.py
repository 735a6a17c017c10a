# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What netfilter is told about containers: pure functions.

Five chains, each spelled as `iptables -S` prints it:

- `DOCKER-USER`, which Docker visits before it forwards anything: who reaches a published port.
- `BORGSTACK-EGRESS`: what containers do not reach although they may leave.
- `BORGSTACK-INPUT`, which UFW visits before rules of its own: what comes to the host itself.
- `BORGSTACK-HOST`: what containers reach of the host.
- `BORGSTACK-LIMIT`: how many connections one address may have to published ports.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t

FORWARDED = "DOCKER-USER"
EGRESS = "BORGSTACK-EGRESS"
INPUT = "BORGSTACK-INPUT"
HOST = "BORGSTACK-HOST"
LIMIT = "BORGSTACK-LIMIT"
CHAINS = (FORWARDED, EGRESS, INPUT, HOST, LIMIT)
VISIT = f"! -i lo -m conntrack --ctstate NEW -j {INPUT}"
VISITED_FROM = {"4": "ufw-before-input", "6": "ufw6-before-input"}
PINGS = {4: "icmp", 6: "ipv6-icmp"}
# Whose connections count as one client's: an IPv6 customer has 2^64 addresses.
CLIENT_PREFIX = {4: 32, 6: 64}
# Clouds answer names at addresses that give away the machine's credentials at other ports.
NAMES = ["-p udp -m udp --dport 53 -j RETURN", "-p tcp -m tcp --dport 53 -j RETURN"]

Items = list[dict[str, t.Any]]


def container_rules(
    allowed: Items,
    family: int,
    interfaces: list[str],
    refused: list[str],
    reachable: Items,
    limit: int,
    unlimited: list[str],
) -> list[str]:
    """Return the rules of all chains for one IP version (4 or 6).

    Args:
        allowed: the ports that may be reached from outside.
        family: the IP version.
        interfaces: Docker's bridges, as iptables spells interfaces.
        refused: the networks that no container reaches.
        reachable: the ports of the host that containers reach and nobody else needs to.
        limit: how many connections one address may have to `allowed` ports; 0 is as many as it likes.
        unlimited: the networks that `limit` does not hold for.
    """
    jumps = [f"-p tcp -m conntrack --ctstate DNAT --ctorigdstport {port} -j {LIMIT}" for port in _tcp(allowed)]
    return [
        *docker_user_rules(allowed, family, interfaces, EGRESS, jumps if limit > 0 else []),
        *_chain(EGRESS, [*NAMES, *(f"{condition}-j DROP" for condition in _within("-d", refused, family))]),
        *_chain(INPUT, [f"-i {interface} -j {HOST}" for interface in interfaces]),
        *_chain(INPUT, [f"-p tcp -m tcp --dport {port} -j {LIMIT}" for port in _tcp(allowed) if limit > 0]),
        *_chain(HOST, _host_conditions(allowed, family, reachable)),
        *_chain(LIMIT, _limit_conditions(family, interfaces, limit, unlimited) if limit > 0 else []),
    ]


def docker_user_rules(
    allowed: Items, family: int, interfaces: list[str], egress: str = "", before: t.Sequence[str] = ()
) -> list[str]:
    """Return the rules of DOCKER-USER; `egress` judges what leaves a bridge, `before` what comes in from elsewhere."""
    conditions = ["-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN"]
    conditions += [f"-i {interface} -j {egress}" for interface in interfaces if egress]
    conditions += [f"-i {interface} -j RETURN" for interface in interfaces]
    conditions += before
    for item in allowed:
        # DNAT has replaced the destination by the container's; conntrack remembers the port that was asked for.
        opened = f"-p {_protocol(item)} -m conntrack --ctstate DNAT --ctorigdstport {item['port']} -j RETURN"
        sources = item.get("sources")
        conditions += [f"{source}{opened}" for source in _within("-s", sources, family)] if sources else [opened]
    conditions.append("-m conntrack --ctstate DNAT -j DROP")
    # Without DNAT it is a neighbour that routes to a container's own address.
    conditions += [f"-o {interface} -j DROP" for interface in interfaces]
    conditions.append("-j RETURN")
    return _chain(FORWARDED, conditions)


def _host_conditions(allowed: Items, family: int, reachable: Items) -> list[str]:
    # Without its ping IPv6 has no neighbours. What returns is judged by UFW like anything from outside: a resolver of
    # the host's, and the published ports, by which services call each other at their public names.
    conditions = [f"-p {PINGS[family]} -j RETURN", *NAMES]
    conditions += [f"{_to_port(item)} -j RETURN" for item in allowed]
    conditions += [f"{_to_port(item)} -j ACCEPT" for item in reachable]
    return [*conditions, "-j DROP"]


def _limit_conditions(family: int, interfaces: list[str], limit: int, unlimited: list[str]) -> list[str]:
    conditions = [f"-i {interface} -j RETURN" for interface in interfaces]
    conditions += [f"{condition}-j RETURN" for condition in _within("-s", unlimited, family)]
    counted = f"-m connlimit --connlimit-above {limit} --connlimit-mask {CLIENT_PREFIX[family]} --connlimit-saddr"
    return [*conditions, f"{counted} -j DROP"]


def _chain(name: str, conditions: t.Iterable[str]) -> list[str]:
    # iptables keeps repeated rules; a port that is declared twice needs one.
    return [f"-A {name} {condition}" for condition in dict.fromkeys(conditions)]


def _protocol(item: dict[str, t.Any]) -> str:
    return str(item.get("proto", "tcp"))


def _tcp(items: Items) -> list[str]:
    return list(dict.fromkeys(str(item["port"]) for item in items if _protocol(item) == "tcp"))


def _to_port(item: dict[str, t.Any]) -> str:
    return f"-p {_protocol(item)} -m {_protocol(item)} --dport {item['port']}"


def _within(option: str, networks: list[str], family: int) -> list[str]:
    parsed = [ipaddress.ip_network(network, strict=False) for network in networks]
    # iptables does not print a network of prefix length 0: it is everybody.
    return [f"{option} {network} " if network.prefixlen else "" for network in parsed if network.version == family]


def docker_user_block(rules: list[str], family: str) -> str:
    """Return the rules as a table for UFW's after.rules; loading it replaces the chains as a whole.

    UFW empties the chain that the first rule is put into, and loads this file after that.
    """
    chains = [f":{chain} - [0:0]" for chain in CHAINS]
    return "\n".join(["*filter", *chains, *rules, f"-I {VISITED_FROM[family]} {VISIT}", "COMMIT"])


def docker_user_drift(probe: str, rules: dict[str, list[str]]) -> dict[str, t.Any]:
    """Return how a host differs from the wanted rules.

    Args:
        probe: what the role's read-only command printed: sections that begin with `== NAME`.
        rules: the wanted rules by IP version, `"4"` and `"6"`.

    Returns:
        `files`: the IP versions whose block in UFW's files differs; `chains`: those whose live chains differ;
        `differing`: the names of these chains by IP version, that of UFW's chain if it does not begin with the visit;
        `unhooked`: those where Docker runs with chains of its own and FORWARD does not visit DOCKER-USER;
        `foreign_backend`: whether Docker runs and its chains are not in the tables that `iptables` shows.
    """
    sections = _sections(probe)
    docker_runs = sections["docker"] == ["active"]
    differing = {family: list(_differing(sections[f"chain{family}"], family, rules[family])) for family in rules}
    return {
        "files": [
            family
            for family in rules
            if sections[f"file{family}"] != docker_user_block(rules[family], family).splitlines()
        ],
        "chains": [family for family, names in differing.items() if names],
        "differing": differing,
        "unhooked": [
            family
            for family in rules
            if docker_runs
            and sections[f"docker{family}"]
            and f"-A FORWARD -j {FORWARDED}" not in sections[f"hook{family}"]
        ],
        "foreign_backend": docker_runs and not sections["docker4"],
    }


def _differing(live: list[str], family: str, rules: list[str]) -> t.Iterator[str]:
    for chain in CHAINS:
        wanted = [f"-N {chain}", *(rule for rule in rules if rule.startswith(f"-A {chain} "))]
        if [line for line in live if line.split()[1] == chain] != wanted:
            yield chain
    visited_from = VISITED_FROM[family]
    begins = [line for line in live if line.startswith(f"-A {visited_from} ")][:1]
    if begins != [f"-A {visited_from} {VISIT}"]:
        yield visited_from


def _sections(probe: str) -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {}
    for part in re.split(r"^== ", probe, flags=re.MULTILINE)[1:]:
        name, *lines = part.splitlines()
        # Comments are the markers that frame the block in a file.
        sections[name] = [line for line in lines if line and not line.startswith("#")]
    return sections
