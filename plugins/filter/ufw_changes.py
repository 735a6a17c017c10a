# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What UFW has to be told so that it has the declared rules."""

from __future__ import annotations

import ipaddress
import re

from ansible_collections.borgstack.platform.plugins.plugin_utils.ufw_rules import Range, Unclear, opening_of

DOCUMENTATION = r"""
name: ufw_changes
short_description: Compare declared UFW rules with those that a host has
version_added: "0.1.0"
author: The borgstack.platform contributors (@borgstack)
description:
  - Compares rules in the spelling of C(ufw show added), comments apart, so that one reading of a host is enough.
  - Whether a rule opens what is declared for given sources only is judged by what it lets in, not by its spelling.
positional: existing, applications, devices
options:
  _input:
    description: The declared rules, in the order in which missing ones are to be added.
    type: list
    elements: dict
    required: true
    suboptions:
      port:
        description: A port, or a range such as V(8000:8010).
        type: str
        required: true
      proto:
        description: The protocol.
        type: str
        choices: [tcp, udp]
        default: tcp
      sources:
        description: The networks (CIDR) that the rule is for; everybody when empty.
        type: list
        elements: str
        default: []
      rule:
        description: What happens to the traffic.
        type: str
        choices: [allow, deny, limit, reject]
        default: allow
  existing:
    description: The rules as C(ufw show added) prints them, without the leading C(ufw).
    type: list
    elements: str
    required: true
  applications:
    description: The ports of UFW's application profiles by name, as their files spell them.
    type: dict
    default: {}
  devices:
    description: The devices that the internet is behind; a rule for another device is left alone. Any when empty.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Show what is missing
  ansible.builtin.debug:
    msg: "{{ [{'port': 22}, {'port': 443}] | borgstack.platform.ufw_changes(['allow 22/tcp', 'allow 25/tcp']) }}"
"""

RETURN = r"""
_value:
  description: The difference.
  type: dict
  contains:
    missing:
      description: Options of M(community.general.ufw) for each rule that is not there.
      type: list
      elements: dict
    opposed:
      description: Existing rules that open to others what is declared for given sources only.
      type: list
      elements: str
    unclear:
      description: Existing rules that cannot be read, and so may do the same.
      type: list
      elements: str
    undeclared:
      description: The other existing rules that nobody declared.
      type: list
      elements: str
"""


def ufw_changes(
    declared: list[dict],
    existing: list[str],
    applications: dict[str, str] | None = None,
    devices: list[str] | None = None,
) -> dict:
    """Return the `missing` rules (as module options), and the existing ones: `opposed`, `unclear` or `undeclared`."""
    wanted = {_spelled(options): options for item in declared for options in _module_options(item)}
    present = {_without_comment(rule): rule for rule in existing}
    restricted = [item for item in declared if all("from_ip" in options for options in _module_options(item))]
    opposed, unclear = [], []
    for spelled in present:
        try:
            if spelled not in wanted and _opens_to_others(spelled, restricted, applications or {}, devices or []):
                opposed.append(spelled)
        except Unclear:
            unclear += [spelled] if restricted else []
    return {
        "missing": [options for spelled, options in wanted.items() if spelled not in present],
        "opposed": sorted(opposed),
        "unclear": sorted(unclear),
        "undeclared": [spelled for spelled in present if spelled not in {*wanted, *opposed, *unclear}],
    }


def _module_options(item: dict) -> list[dict]:
    options = {"rule": item.get("rule", "allow"), "port": str(item["port"]), "proto": item.get("proto", "tcp")}
    sources = [ipaddress.ip_network(source, strict=False) for source in item.get("sources") or []]
    if not all(source.prefixlen for source in sources):
        return [options]  # a network of prefix length 0 is everybody
    return [{**options, "from_ip": str(source)} for source in sources] or [options]


def _spelled(options: dict) -> str:
    """Return a rule as `ufw show added` prints it; a single address loses its prefix length there."""
    if "from_ip" not in options:
        return f"{options['rule']} {options['port']}/{options['proto']}"
    network = ipaddress.ip_network(options["from_ip"])
    source = network if network.prefixlen < network.max_prefixlen else network.network_address
    return f"{options['rule']} from {source} to any port {options['port']} proto {options['proto']}"


def _without_comment(rule: str) -> str:
    return re.sub(r" comment '.*'$", "", rule)


def _opens_to_others(rule: str, restricted: list[dict], applications: dict[str, str], devices: list[str]) -> bool:
    """Tell whether a rule lets somebody in at a restricted port who is in none of that port's sources."""
    opening = opening_of(rule, applications)
    if opening is None or (opening.device and devices and opening.device not in devices):
        return False
    covered = [item for item in restricted if opening.covers(_range(str(item["port"])), item.get("proto", "tcp"))]
    return any(not opening.stays_within(item["sources"]) for item in covered)


def _range(port: str) -> Range:
    low, _colon, high = port.partition(":")
    return int(low), int(high or low)


class FilterModule:
    """The filters by name."""

    def filters(self) -> dict:
        """Return the filters by name."""
        return {"ufw_changes": ufw_changes}
