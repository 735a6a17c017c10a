# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Keys that are to be deleted: found by pattern, in all logical databases."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl.connection import Server

# As many as one round trip asks for, or deletes.
BATCH = 1000
WILDCARDS = "*?["


def check(patterns: list[str]) -> None:
    """Refuse patterns that could mean anybody's keys.

    Raises:
        PlatformError: one of them has nothing in front of its first wildcard.
    """
    for pattern in patterns:
        if not pattern or pattern[0] in WILDCARDS:
            raise PlatformError(
                CONFIGURATION,
                f"the pattern {pattern!r} could mean anybody's keys",
                "give patterns that begin with a prefix of their own, such as app:*",
            )


def plan(found: dict[tuple[int, str], int]) -> list[Step]:
    """Return a step for each database and pattern.

    Args:
        found: how many keys there are, by database and pattern.
    """
    return [
        Step(
            f"keys {pattern} in database {database}",
            f"delete {count} keys like {pattern} in database {database}",
            (database, pattern),
            {"keys": count},
            {},
        )
        for (database, pattern), count in found.items()
        if count
    ]


def inspect(options: dict, patterns: list[str], spared: list[str]) -> dict[tuple[int, str], int]:
    """Return how many keys there are, by database and pattern.

    Raises:
        PlatformError: the server cannot be reached or refuses.
    """
    return {
        (database, pattern): sum(len(batch) for batch in matching(server, pattern, spared))
        for database in _databases(options)
        for server in [Server(options, database)]
        for pattern in sorted(set(patterns))
    }


def delete(options: dict, database: int, pattern: str, spared: list[str]) -> None:
    """Delete the keys of one database that are like a pattern.

    Raises:
        PlatformError: the server cannot be reached or refuses.
    """
    server = Server(options, database)
    for batch in matching(server, pattern, spared):
        server.call("UNLINK", *batch)


def matching(server: Server, pattern: str, spared: list[str]) -> t.Iterator[list[str]]:
    """Yield the keys like a pattern that are like none of the spared ones, in batches."""
    others = [as_expression(other) for other in spared]
    cursor = "0"
    while True:
        cursor, keys = server.call("SCAN", cursor, "MATCH", pattern, "COUNT", str(BATCH))
        # One key may be told several times, but not within one answer.
        mine = [key for key in keys if not any(other.fullmatch(key) for other in others)]
        if mine:
            yield mine
        if int(cursor) == 0:
            return
        cursor = str(cursor)


def _databases(options: dict) -> list[int]:
    told = Server(options).call("INFO", "keyspace")
    # Libraries differ in whether they parse the answer.
    names = told if isinstance(told, dict) else re.findall(r"^(db\d+):", told, re.MULTILINE)
    return sorted(int(name[2:]) for name in names)


def as_expression(pattern: str) -> re.Pattern:
    """Return a Redis pattern as a regular expression for whole keys."""
    parts = []
    # An escaped character, a set of characters (closed or not), a wildcard, or any other character.
    for part in re.findall(r"\\.|\[(?:\\.|[^\]\\])*\]?|.", pattern, re.DOTALL):
        if part == "*":
            parts.append(".*")
        elif part == "?":
            parts.append(".")
        elif part[0] == "[":
            parts.append(_set(part[1:-1] if part.endswith("]") else part[1:]))
        else:
            parts.append(re.escape(part[-1]))
    return re.compile("".join(parts), re.DOTALL)


def _set(inner: str) -> str:
    negated = inner.startswith("^")
    members = []
    for first, last, single in re.findall(r"([^\\])-(.)|(\\?.)", inner[negated:], re.DOTALL):
        ends = sorted([first, last]) if first else [single[-1]]
        members.append("-".join(map(re.escape, ends)))
    if not members:
        # Nothing is in an empty set, and everything outside of it.
        return "." if negated else "(?!)"
    return f"[{'^' * negated}{''.join(members)}]"
