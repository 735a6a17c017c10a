# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Filters over a measured host; the logic is in module_utils/host."""

from __future__ import annotations

from ansible.errors import AnsibleFilterError

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.host import address_pools, findings


def free_address_pools(routes: list, candidates: list, count: int, wanted_size: int) -> list:
    """Return address pools for Docker that overlap no route.

    Raises:
        AnsibleFilterError: too few are free; names the routes in the way.
    """
    try:
        return address_pools.free_address_pools(routes, candidates, int(count), int(wanted_size))
    except PlatformError as error:
        raise AnsibleFilterError(error.message) from None


def findings_table(found: list[dict]) -> list[str]:
    """Return findings as lines of a table for people."""
    rows = [("", "what", "measured", "required", "what to do")]
    rows += [
        (item["severity"], *(item[key] for key in ("subject", "measured", "required", "remedy"))) for item in found
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


class FilterModule:
    """The filters by name."""

    def filters(self) -> dict:
        """Return the filters by name."""
        return {
            "preflight_findings": findings.preflight_findings,
            "findings_table": findings_table,
            "free_address_pools": free_address_pools,
        }
