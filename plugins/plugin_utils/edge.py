# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the proxy's own settings may be: pure functions."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.borgstack.platform.plugins.plugin_utils.sites import DURATION, check_networks, matches

# Nothing in a setting can end a line or a block of the proxy's configuration.
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_|~-]+@[A-Za-z0-9.-]+")
DIRECTORY = re.compile(r"(?:https?://[A-Za-z0-9._~:/@%+=?&-]+)?")
CERTIFICATES = re.compile(r"acme|internal")
WORDS = {
    "acme_directory": DIRECTORY,
    "body_timeout": DURATION,
    "certificates": CERTIFICATES,
    "email": ADDRESS,
    "timeout": DURATION,
}


def edge_settings(settings: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return the settings as they are.

    Args:
        settings: what the proxy's configuration is rendered from, the sites among it, which are checked elsewhere.

    Raises:
        PlatformError: a setting is none that the proxy would understand; names it.
    """
    for name, pattern in WORDS.items():
        matches(pattern, settings[name], f"caddy_{name}", "the proxy's settings")
    check_networks(settings["trusted_proxies"], "caddy_trusted_proxies", "the proxy's settings")
    return settings
