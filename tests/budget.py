#!/usr/bin/env python3
"""Runs a battery and fails if it takes more minutes than tests/budgets.yml allows: `budget.py NAME COMMAND…`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import yaml

BUDGETS = Path(__file__).with_name("budgets.yml")
JOURNAL = Path(__file__).resolve().parents[1] / "build/batteries.txt"


def exceeded(battery: str, seconds: float) -> str:
    """Note how long a battery took; return what is wrong with that, or an empty string."""
    minutes = yaml.safe_load(BUDGETS.read_text(encoding="utf-8"))[battery]
    minutes *= float(os.environ.get("BORGSTACK_TEST_SLOWNESS") or 1)
    line = f"{battery}: {seconds / 60:.1f} of {minutes:g} minutes"
    JOURNAL.parent.mkdir(exist_ok=True)
    with JOURNAL.open("a", encoding="utf-8") as journal:
        journal.write(f"{line}\n")
    return f"{line}: over budget, see tests/budgets.yml" if seconds > minutes * 60 else ""


def main() -> None:
    """Run the command; its own exit status counts first."""
    battery, *command = sys.argv[1:]
    began = time.monotonic()
    status = subprocess.run(command, check=False).returncode
    sys.exit(status or exceeded(battery, time.monotonic() - began) or 0)


if __name__ == "__main__":
    main()
