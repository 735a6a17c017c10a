#!/usr/bin/env python3
"""Prints the scenarios, one a line, those first that may take longest."""

from __future__ import annotations

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


def longest_first() -> list[str]:
    """Return the names of all scenarios in that order."""
    budgets = yaml.safe_load((ROOT / "tests/budgets.yml").read_text(encoding="utf-8"))
    names = sorted(path.parent.name for path in (ROOT / "molecule").glob("*/molecule.yml"))
    return sorted(names, key=lambda name: -budgets[name])


if __name__ == "__main__":
    print("\n".join(longest_first()))
