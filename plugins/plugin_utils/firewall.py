# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a verification says of the firewall: a pure function."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION
from ansible_collections.borgstack.platform.plugins.plugin_utils.verification import Row, failed, good

HOST_RULES = "the firewall lets in what is declared"
CONTAINER_RULES = "the firewall holds for containers' ports"
REPAIR = "run site.yml --tags firewall, and see who changed it"


def firewall_rows(
    ufw: dict[str, t.Any], policies: dict[str, str], changes: dict[str, list], drift: dict[str, t.Any]
) -> list[Row]:
    """Return how the firewall differs from what is declared; what nobody declared and harms nothing is left alone.

    Args:
        ufw: as measured by `host_info`.
        policies: the declared ones, by direction.
        changes: as returned by the filter `ufw_changes`.
        drift: as returned by the filter `docker_user_drift`.
    """
    host = list(_host_problems(ufw, policies, changes))
    containers = list(_container_problems(drift))
    return [_row(HOST_RULES, host), _row(CONTAINER_RULES, containers)]


def _row(check: str, problems: list[str]) -> Row:
    if problems:
        return failed("host", check, "; ".join(problems), CONFIGURATION, REPAIR)
    return good("host", check, "as declared")


def _host_problems(ufw: dict[str, t.Any], policies: dict[str, str], changes: dict[str, list]) -> t.Iterator[str]:
    if not ufw["installed"]:
        yield "UFW is not installed"
        return
    if not ufw["active"]:
        yield "UFW is switched off"
    if not ufw["ipv6"]:
        yield "UFW does not filter IPv6"
    for direction, policy in sorted(policies.items()):
        actual = ufw["defaults"].get(direction)
        if actual != policy:
            yield f"{direction} is {actual or 'not known'} by default, declared is {policy}"
    for rule in changes["missing"]:
        yield f"missing: {rule['rule']} {rule['port']}/{rule['proto']} from {rule.get('from_ip', 'everybody')}"
    for rule in changes["opposed"]:
        yield f"open to everybody although its sources are declared: {rule}"


def _container_problems(drift: dict[str, t.Any]) -> t.Iterator[str]:
    for family in drift["chains"]:
        names = drift["differing"][family]
        yield f"not as declared in IPv{family}: {', '.join(names)}"
    for family in drift["unhooked"]:
        yield f"FORWARD of IPv{family} does not visit DOCKER-USER"
    for family in drift["files"]:
        yield f"UFW's file for IPv{family}, which a reboot loads, is not as declared"
    if drift["foreign_backend"]:
        yield "Docker's chains are not in the tables that iptables shows"
