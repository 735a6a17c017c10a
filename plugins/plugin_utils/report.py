# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What an operator is told at the end of a run."""

from __future__ import annotations

from ansible_collections.borgstack.platform.plugins.plugin_utils.declaration import Declaration

HEADINGS = ("service", "URL", "health", "credentials")


def report_table(
    declarations: dict[str, Declaration], stale: list[str], secrets_file: str, port: int = 443
) -> list[str]:
    """Return the platform as the lines of a table: service, URL, health, and where its credentials lie.

    Args:
        declarations: by instance name.
        stale: the containers that are not running as declared.
        secrets_file: where the secrets are kept.
        port: the port that the sites are reached at.
    """
    suffix = "" if port == 443 else f":{port}"
    rows = [HEADINGS]
    for name, declaration in declarations.items():
        urls = " ".join(f"https://{site['host']}{suffix}" for site in declaration.get("sites", []))
        ill = [container for container in declaration.get("containers", {}) if container in stale]
        login = declaration.get("credentials")
        credentials = f"{login['user']}, {login['secret']} in {secrets_file}" if login else "-"
        rows.append((name, urls or "internal", f"not ready: {', '.join(ill)}" if ill else "healthy", credentials))
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
