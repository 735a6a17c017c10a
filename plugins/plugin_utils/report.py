# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What an operator is told at the end of a run."""

from __future__ import annotations

import json
from xml.etree import ElementTree

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CATEGORIES, PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils.declaration import Declaration
from ansible_collections.borgstack.platform.plugins.plugin_utils.external import is_external
from ansible_collections.borgstack.platform.plugins.plugin_utils.published import place
from ansible_collections.borgstack.platform.plugins.plugin_utils.verification import FAILED, OK, SKIPPED, Row

HEALTHY, NOT_OURS, ILL = "healthy", "not of the platform", "not ready"
RANKS = (FAILED, SKIPPED, OK)
VERIFICATION_HEADINGS = ("result", "component", "check", "what")
HEADINGS = ("service", "URL", "health", "credentials")
FINDING_HEADINGS = ("", "what", "measured", "required")


def aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """Return rows of cells as lines with straight columns."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


def with_remedies(cells: list[tuple[str, ...]], remedies: list[str], below: str) -> list[str]:
    """Return a table whose lines are followed, where there is a remedy, by a line of its own with what to do.

    Args:
        cells: the headings, then the rows.
        remedies: of each row; empty where there is nothing to do.
        below: the heading that remedies start under.
    """
    heading, *table = aligned(cells)
    indent = " " * heading.index(below)
    lines = [heading]
    for line, remedy in zip(table, remedies):
        lines.append(line)
        if remedy:
            lines.append(f"{indent}What to do: {remedy.rstrip('.')}.")
    return lines


def findings_table(found: list[dict]) -> list[str]:
    """Return what is wrong with a host as the lines of a table, the headings first."""
    cells = [tuple(str(item[key]) for key in ("severity", "subject", "measured", "required")) for item in found]
    return with_remedies([FINDING_HEADINGS, *cells], [item["remedy"] for item in found], "what")


def report_table(
    declarations: dict[str, Declaration], stale: list[str], secrets_file: str, port: int = 443
) -> list[str]:
    """Return the platform as the lines of a table, what is not ready first.

    Args:
        declarations: by instance name.
        stale: the containers that are not running as declared.
        secrets_file: where the secrets are kept.
        port: the port that the sites are reached at.
    """
    suffix = "" if port == 443 else f":{port}"
    rows = []
    for name, declaration in declarations.items():
        urls = " ".join(f"https://{site['host']}{suffix}" for site in declaration.get("sites", []))
        if is_external(declaration):
            provides = declaration["provides"]
            whose = f"on {provides['elsewhere']}" if "elsewhere" in provides else NOT_OURS
            rows.append((name, place(provides["host"], provides["port"]), whose, "-"))
            continue
        ill = [container for container in declaration.get("containers", {}) if container in stale]
        login = declaration.get("credentials")
        credentials = f"{login['user']}, {login['secret']} in {secrets_file}" if login else "-"
        rows.append((name, urls or "internal", f"{ILL}: {', '.join(ill)}" if ill else HEALTHY, credentials))
    return aligned([HEADINGS, *sorted(rows, key=lambda row: not row[2].startswith(ILL))])


def verification_lines(rows: list[Row]) -> list[str]:
    """Return a verification as the lines of a table, failures first, each with what to do on a line of its own."""
    ranked = sorted(rows, key=lambda row: RANKS.index(row["state"]))
    cells = [(row["state"], row["component"], row["check"], _what(row)) for row in ranked]
    remedies = [row["remedy"] if row["state"] == FAILED else "" for row in ranked]
    lines = with_remedies([VERIFICATION_HEADINGS, *cells], remedies, "what")
    return [*lines, verification_summary(rows)]


def _what(row: Row) -> str:
    return f"[{row['category']}] {CATEGORIES[row['category']]}: {row['what']}" if row["category"] else row["what"]


def verification_summary(rows: list[Row]) -> str:
    """Return in one line how many checks are not ok, and of which components."""
    ill = [row for row in rows if row["state"] == FAILED]
    left = sum(row["state"] == SKIPPED for row in rows)
    unchecked = f", {left} not checked" if left else ""
    if not ill:
        return f"All of {len(rows)} checks are ok{unchecked}."
    components = ", ".join(dict.fromkeys(row["component"] for row in ill))
    return f"{len(ill)} of {len(rows)} checks failed{unchecked}: {components}."


def verification_artifact(rows: list[Row]) -> dict:
    """Return a verification as data to hand on: whether all is ok, how many checks are, and the rows that failed."""
    states = [row["state"] for row in rows]
    return {
        "ok": FAILED not in states,
        "counts": {state: states.count(state) for state in RANKS},
        "failed": [row for row in rows if row["state"] == FAILED],
    }


def verification_json(rows: list[Row], name: str) -> str:
    """Return a verification as a JSON document."""
    summary = verification_artifact(rows)
    document = {
        "platform": name,
        "ok": summary["ok"],
        "counts": summary["counts"],
        "checks": [{**row, "category_name": CATEGORIES.get(row["category"])} for row in rows],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def verification_junit(rows: list[Row], name: str) -> str:
    """Return a verification as JUnit's XML, which continuous integration systems read."""
    states = [row["state"] for row in rows]
    counts = {"tests": len(rows), "failures": states.count(FAILED), "skipped": states.count(SKIPPED)}
    suite = ElementTree.Element("testsuite", {"name": name, **{key: str(count) for key, count in counts.items()}})
    for row in rows:
        case = ElementTree.SubElement(suite, "testcase", classname=row["component"], name=row["check"])
        if row["state"] == FAILED:
            error = PlatformError(row["category"], row["what"], row["remedy"], f"{row['component']}, {row['check']}")
            kind = CATEGORIES[row["category"]]
            ElementTree.SubElement(case, "failure", type=kind, message=printable(row["what"])).text = printable(
                error.message
            )
        elif row["state"] == SKIPPED:
            ElementTree.SubElement(case, "skipped", message=printable(row["what"]))
    root = ElementTree.Element("testsuites")
    root.append(suite)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def printable(text: str) -> str:
    """Return the text without characters that XML cannot hold, or that would move a terminal's cursor."""
    return "".join(character if character.isprintable() else " " for character in text)
