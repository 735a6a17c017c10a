# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Filters of the role `verify`; the logic is in plugin_utils."""

from __future__ import annotations

from ansible_collections.borgstack.platform.plugins.plugin_utils import (
    firewall,
    outside,
    report,
    strangers,
    verification,
)
from ansible_collections.borgstack.platform.plugins.plugin_utils.filters import explained


def rows_of_containers(declarations: dict, containers: list[dict], project: dict, settings: dict) -> list[dict]:
    """Return how the declared containers are, and which nobody declares."""
    rows = verification.container_rows(declarations, containers, project, settings)
    return rows + verification.orphan_rows(containers, project)


def outside_checks(declarations: dict, settings: dict) -> list[dict]:
    """Return what is asked from outside: all sites, and the server's ports where its address is known."""
    ports_at = settings.get("ports_at")
    checks = outside.outside_checks(declarations, settings)
    if ports_at:
        ports = outside.closed_ports(settings["all_declarations"], settings["listeners"], settings["open_ports"])
        checks += outside.port_checks(ports, ports_at)
    return checks


def verification_report(rows: list[dict], form: str = "lines", name: str = "platform") -> list[str] | str | dict:
    """Return rows as lines of a table, one line (summary), data (artifact), JSON or JUnit's XML (xml)."""
    if form == "lines":
        return report.verification_lines(rows)
    if form == "summary":
        return report.verification_summary(rows)
    if form == "artifact":
        return report.verification_artifact(rows)
    return (report.verification_junit if form == "xml" else report.verification_json)(rows, name)


class FilterModule:
    """The filters by name."""

    def filters(self) -> dict:
        """Return the filters by name."""
        return explained(
            {
                "rows_of_containers": rows_of_containers,
                "rows_of_checks": verification.inside_rows,
                "outside_checks": outside_checks,
                "rows_of_outside": outside.outside_rows,
                "rows_of_firewall": firewall.firewall_rows,
                "row_of_module": verification.module_row,
                "accounts_of": strangers.accounts_of,
                "row_of_undeclared": strangers.undeclared_row,
                "row_of_powerful_roles": strangers.powerful_roles_row,
                "row_of_passwordless": strangers.passwordless_row,
                "rows_of_wires": verification.wire_rows,
                "row_of_disk": verification.disk_row,
                "rows_of_hosts": verification.rows_of_hosts,
                "verification_report": verification_report,
            }
        )
