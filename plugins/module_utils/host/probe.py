# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Reading files and commands without ever failing: what cannot be known is nothing."""

from __future__ import annotations

import subprocess

TIMEOUT = 10


class Unknown(Exception):
    """A part of the host that cannot be measured; says why."""


def read(path: str) -> str | None:
    """Return a file's text, or nothing where it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return None


def output(*command: str) -> str | None:
    """Return what a command prints, or nothing where it is missing, fails or takes longer than 10 seconds."""
    try:
        finished = subprocess.run(
            command,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            timeout=TIMEOUT,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return finished.stdout.decode(errors="replace") if finished.returncode == 0 else None


def assignments(text: str | None) -> dict[str, str]:
    """Return the assignments of a file in shell syntax, such as /etc/os-release."""
    lines = [line.strip() for line in (text or "").splitlines()]
    pairs = [line.partition("=") for line in lines if "=" in line and not line.startswith("#")]
    return {name: value.strip("\"'") for name, dummy, value in pairs}
