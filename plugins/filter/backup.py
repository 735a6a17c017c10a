# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Filters of the role `backup`; the logic is in plugin_utils."""

from __future__ import annotations

from ansible_collections.borgstack.platform.plugins.plugin_utils import backup
from ansible_collections.borgstack.platform.plugins.plugin_utils.filters import explained, settled


def backup_plan(declarations: dict, settings: dict) -> str:
    """Return the plan that the program on the host reads, as JSON."""
    return backup.backup_plan(settled(declarations), settled(settings))


class FilterModule:
    """The filters by name."""

    def filters(self) -> dict:
        """Return the filters by name."""
        return explained(
            {
                "backup_plan": backup_plan,
                "backup_program": backup.backup_program,
                "backup_destinations": backup.backup_destinations,
                "rows_of_backup": backup.rows_of_backup,
            }
        )
