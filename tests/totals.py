#!/usr/bin/env python3
"""Prints what all batteries came to, as pytest would after one run: `totals.py FOLDER`, which has JUnit's reports."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree


def totals(reports: list[Path]) -> str:
    """Return the counts and seconds of all reports in the words of pytest's last line.

    Args:
        reports: JUnit's XML, as pytest writes it.
    """
    suites = [suite for report in reports for suite in ElementTree.parse(report).iter("testsuite")]
    count = {
        name: sum(int(suite.get(name, 0)) for suite in suites) for name in ("tests", "failures", "errors", "skipped")
    }
    words = {
        "failed": count["failures"],
        "passed": count["tests"] - count["failures"] - count["errors"] - count["skipped"],
        "skipped": count["skipped"],
        "errors": count["errors"],
    }
    seconds = sum(float(suite.get("time", 0)) for suite in suites)
    return f"{', '.join(f'{number} {word}' for word, number in words.items() if number)} in {seconds:.2f}s"


if __name__ == "__main__":
    print(f"===== {totals(sorted(Path(sys.argv[1]).glob('*.xml')))} =====")
