# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Services that an inventory declares itself, which run elsewhere and need something here: pure functions."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.items import refuse_item
from ansible_collections.borgstack.platform.plugins.plugin_utils.schema import DECLARATION

# What needs no role: nothing here runs.
KEYS = ("needs", "requires", "sites", "checks", "credentials", "backup", "immutable_secrets")


def consumers(services: dict[str, dict[str, t.Any]], common: dict[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    """Return the declarations of services that run elsewhere.

    Args:
        services: by name, with some of `KEYS`.
        common: what the declaration of each has besides.

    Raises:
        PlatformError: one has another key; names it, and the nearest.
    """
    options = {key: DECLARATION[key] for key in KEYS}
    for name, service in services.items():
        refuse_item(service, options, f"consumer_services.{name}")
    return {name: {**service, **common} for name, service in services.items()}
