# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How what a declaration says is refused, and what an inventory says of an instance."""

from __future__ import annotations

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError


def wrong(where: str, what: str) -> PlatformError:
    """Return the refusal of what a part of a declaration says."""
    return PlatformError(CONFIGURATION, what, "correct the role's declaration or the setting it is made from", where)


def wrong_instance(name: str, what: str, remedy: str) -> PlatformError:
    """Return the refusal of what the inventory says of an instance, or of a part of one, such as `db.external`."""
    return PlatformError(CONFIGURATION, what, f"correct it in the inventory: {remedy}", where=f"instance {name}")
