# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The rules that close Docker's bypass of UFW and bound what containers reach, and whether a host still has them."""

from __future__ import annotations

from ansible_collections.borgstack.platform.plugins.plugin_utils.container_rules import (
    container_rules,
    docker_user_block,
    docker_user_drift,
    docker_user_rules,
)


class FilterModule:
    """The filters by name."""

    def filters(self) -> dict:
        """Return the filters by name."""
        return {
            "container_rules": container_rules,
            "docker_user_rules": docker_user_rules,
            "docker_user_block": docker_user_block,
            "docker_user_drift": docker_user_drift,
        }
