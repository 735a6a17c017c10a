# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The rules that close Docker's bypass of UFW, and whether a host still has them."""

from __future__ import annotations

import ipaddress
import re

CHAIN = "DOCKER-USER"


def docker_user_rules(allowed: list[dict], family: int, interfaces: list[str]) -> list[str]:
    """Return the DOCKER-USER rules of one IP version (4 or 6), spelled as `iptables -S` prints them."""
    conditions = ["-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN"]
    conditions += [f"-i {interface} -j RETURN" for interface in interfaces]
    for item in allowed:
        # DNAT has replaced the destination by the container's; conntrack remembers the port that was asked for.
        opened = f"-p {item.get('proto', 'tcp')} -m conntrack --ctstate DNAT --ctorigdstport {item['port']} -j RETURN"
        conditions += [f"{source}{opened}" for source in _source_conditions(item.get("sources") or [], family)]
    conditions.append("-m conntrack --ctstate DNAT -j DROP")
    # Without DNAT it is a neighbour that routes to a container's own address.
    conditions += [f"-o {interface} -j DROP" for interface in interfaces]
    conditions.append("-j RETURN")
    # iptables keeps repeated rules; a port that is declared twice needs one.
    return [f"-A {CHAIN} {condition}" for condition in dict.fromkeys(conditions)]


def _source_conditions(sources: list[str], family: int) -> list[str]:
    if not sources:
        return [""]
    networks = [ipaddress.ip_network(source, strict=False) for source in sources]
    # iptables does not print a source of prefix length 0: it is everybody.
    return [f"-s {network} " if network.prefixlen else "" for network in networks if network.version == family]


def docker_user_block(rules: list[str]) -> str:
    """Return the rules as a table for UFW's after.rules; loading it replaces the chain as a whole."""
    return "\n".join(["*filter", f":{CHAIN} - [0:0]", *rules, "COMMIT"])


def docker_user_drift(probe: str, rules: dict[str, list[str]]) -> dict:
    """Return how a host differs from the wanted rules.

    Args:
        probe: what the role's read-only command printed: sections that begin with `== NAME`.
        rules: the wanted rules by IP version, `"4"` and `"6"`.

    Returns:
        `files`: the IP versions whose block in UFW's files differs; `chains`: those whose live chain differs;
        `unhooked`: those where Docker runs with chains of its own and FORWARD does not visit DOCKER-USER;
        `foreign_backend`: whether Docker runs and its chains are not in the tables that `iptables` shows.
    """
    sections = _sections(probe)
    docker_runs = sections["docker"] == ["active"]
    return {
        "files": [
            family for family in rules if sections[f"file{family}"] != docker_user_block(rules[family]).splitlines()
        ],
        "chains": [family for family in rules if sections[f"chain{family}"] != [f"-N {CHAIN}", *rules[family]]],
        "unhooked": [
            family
            for family in rules
            if docker_runs and sections[f"docker{family}"] and f"-A FORWARD -j {CHAIN}" not in sections[f"hook{family}"]
        ],
        "foreign_backend": docker_runs and not sections["docker4"],
    }


def _sections(probe: str) -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {}
    for part in re.split(r"^== ", probe, flags=re.MULTILINE)[1:]:
        name, *lines = part.splitlines()
        # Comments are the markers that frame the block in a file.
        sections[name] = [line for line in lines if line and not line.startswith("#")]
    return sections


class FilterModule:
    """The filters by name."""

    def filters(self) -> dict:
        """Return the filters by name."""
        return {
            "docker_user_rules": docker_user_rules,
            "docker_user_block": docker_user_block,
            "docker_user_drift": docker_user_drift,
        }
