# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Statements as data: a plan can be made, compared and tested without the client library."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError

MAXIMUM_NAME_BYTES = 63


@dataclass(frozen=True)
class Ident:
    """A name of an object."""

    name: str


@dataclass(frozen=True)
class Text:
    """A literal."""

    value: str | int | None


@dataclass(frozen=True)
class Quoted:
    """SQL that the server itself wrote and quoted, such as the identity of an object."""

    text: str


@dataclass(frozen=True)
class Statement:
    """One SQL statement.

    Attributes:
        text: SQL written by us, with `{}` for each part; several statements are parted by semicolons.
        parts: names and literals from outside, which the driver quotes, and what the server has quoted.
        database: where it runs; empty for the login database.
        alone: whether PostgreSQL refuses it inside a transaction.
        whole: whether it is a transaction of its own.
        given: whether it is a text from outside as a whole, of which a failure is told the line.
        before: what is carried out before it in the same session, each by itself, where it is alone.
        after: what is carried out after it, likewise.
    """

    text: str
    parts: tuple[Ident | Text | Quoted, ...] = ()
    database: str = ""
    alone: bool = False
    whole: bool = False
    given: bool = False
    before: tuple[Statement, ...] = ()
    after: tuple[Statement, ...] = ()


def is_text(value: str) -> bool:
    """Tell whether PostgreSQL can hold a value: it has no zero byte and is valid UTF-8."""
    try:
        return b"\0" not in value.encode()
    except UnicodeEncodeError:
        return False


def check_name(name: str, kind: str) -> str:
    """Return a name if PostgreSQL keeps it to the letter.

    Raises:
        PlatformError: it is empty, too long (PostgreSQL would cut it) or no text that PostgreSQL can hold.
    """
    reason = ""
    if not name:
        reason = "it is empty"
    elif not is_text(name):
        reason = "it holds a zero byte or is not valid UTF-8"
    elif len(name.encode()) > MAXIMUM_NAME_BYTES:
        reason = f"it has {len(name.encode())} bytes"
    if reason:
        raise PlatformError(
            CONFIGURATION,
            f"{name[:70]!r} cannot be the name of a {kind}: {reason}",
            f"choose a name of 1 to {MAXIMUM_NAME_BYTES} bytes",
        )
    return name


def check_names(names: list[str], kind: str) -> None:
    """Refuse names of one kind of object that PostgreSQL would not keep, and one that is declared twice.

    Raises:
        PlatformError: there is one.
    """
    seen: set[str] = set()
    for name in names:
        check_name(name, kind)
        if name in seen:
            raise PlatformError(CONFIGURATION, "it is declared twice", "declare it once", where=f"{kind} {name}")
        seen.add(name)


def check_limit(limit: int | None, where: str) -> None:
    """Refuse a limit of connections that PostgreSQL does not take.

    Raises:
        PlatformError: it is less than -1.
    """
    if limit is not None and limit < -1:
        raise PlatformError(
            CONFIGURATION,
            f"its connection limit is {limit}",
            "declare a number of connections, or -1 for any number",
            where=where,
        )
