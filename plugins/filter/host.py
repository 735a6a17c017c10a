# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Filters over a measured host; the logic is in module_utils/host."""

from __future__ import annotations

from ansible_collections.borgstack.platform.plugins.module_utils.host import address_pools, findings
from ansible_collections.borgstack.platform.plugins.plugin_utils import report, ufw_rules
from ansible_collections.borgstack.platform.plugins.plugin_utils.filters import explained


def free_address_pools(routes: list, candidates: list, count: int, wanted_size: int) -> list:
    """Return address pools for Docker that overlap no route.

    Raises:
        PlatformError: too few are free; names the routes in the way.
    """
    return address_pools.free_address_pools(routes, candidates, int(count), int(wanted_size))


class FilterModule:
    """The filters by name."""

    def filters(self) -> dict:
        """Return the filters by name."""
        return explained(
            {
                "preflight_findings": findings.preflight_findings,
                "findings_table": report.findings_table,
                "in_networks": ufw_rules.within,
                "matching_interfaces": ufw_rules.matching_interfaces,
                "free_address_pools": free_address_pools,
            }
        )
