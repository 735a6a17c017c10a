# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The text of a migration: what of it counts, what it is known by, and what no server can run."""

from __future__ import annotations

import hashlib
import re

BYTE_ORDER_MARK = "\ufeff"
# What a file of dbmate holds after it would undo what came before.
BACKWARD = re.compile(r"^--\s*migrate:down", re.MULTILINE)
# The line that the way forward begins with, after comments at most; dbmate has options there.
FORWARD = re.compile(r"(?:[ \t]*(?:--(?!\s*migrate:)[^\n]*)?\n)*--[ \t]*migrate:up\b(?P<options>[^\n]*)")
OPTION = re.compile(r"(\w+):(\w+)")
# What may hold a backslash at the beginning of a line: comments, quoted names, and strings of all kinds. What is
# left of those lines is for psql.
SCANNED = re.compile(
    r"""--[^\n]* | /\*.*?\*/ | "[^"]*" | \b[eE]'(?:[^'\\]|\\.|'')*' | '[^']*'
    | (?<![\w$])\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$
    | ^[ \t]*(?P<psql>\\[^\n]*)""",
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
LONGEST_COMMAND = 40


def readable(sql: str) -> str:
    """Return a text as it is run: however it was checked out, its lines end the same, and no mark comes first."""
    return sql.removeprefix(BYTE_ORDER_MARK).replace("\r\n", "\n")


def checksum(sql: str) -> str:
    """Return what a text is known by; blank space around it and at the end of its lines does not count."""
    lines = (line.rstrip() for line in readable(sql).strip().split("\n"))
    return _hash("\n".join(lines))


def is_known_as(sql: str, kept: str) -> bool:
    """Tell whether a text is the one that a ledger holds a checksum of.

    Before version 0.2 the end of a line counted as the file had it.
    """
    text = readable(sql).strip()
    return kept in (checksum(sql), _hash(sql.strip()), _hash(text), _hash(text.replace("\n", "\r\n")))


def runs_in_transaction(sql: str) -> bool:
    """Tell whether a text may be part of a transaction."""
    return options(sql).get("transaction") != "false"


def options(sql: str) -> dict[str, str]:
    """Return what is said about a text on the line `-- migrate:up` that it begins with."""
    found = FORWARD.match(readable(sql))
    return dict(OPTION.findall(found["options"])) if found else {}


def command_of_psql(sql: str) -> tuple[int, str] | None:
    """Return the line and the text of the first command that is for psql, which no server understands."""
    text = readable(sql)
    for found in SCANNED.finditer(text):
        if found["psql"]:
            return text.count("\n", 0, found.start("psql")) + 1, found["psql"][:LONGEST_COMMAND].strip()
    return None


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
