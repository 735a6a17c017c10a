# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What one selector allows: keys, channels, databases and commands, in one canonical form.

A user has one selector of its own, and may have more; what any of them allows is allowed.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl import commands

KEY = re.compile(r"(?:%(?P<access>[A-Za-z]+))?~(?P<pattern>.*)", re.DOTALL)
DATABASES = re.compile(r"db=(\d+(?:,\d+)*)", re.IGNORECASE)
ACCESS = {frozenset("R"): "%R~", frozenset("W"): "%W~", frozenset("RW"): "~"}
LAST_DATABASE = 2**31 - 1
# What the server takes for a space, whatever the language; it stores neither these nor the character zero.
SPACE = re.compile(r"[ \t\n\v\f\r]+")


@dataclass(frozen=True)
class Rights:
    """Rights in canonical form: two are equal when the server treats them alike.

    Attributes:
        keys: key patterns, each with what is allowed on it: `~`, `%R~` or `%W~`.
        channels: channel patterns.
        commands: canonical rules about commands.
        databases: numbers of logical databases; None for all of them.
    """

    keys: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    commands: tuple[str, ...] = ("-@all",)
    databases: frozenset[int] | None = None

    def items(self) -> dict[str, list]:
        """Return them as the options of a user; databases only where they are limited."""
        # That nothing else may be run is understood.
        rules = self.commands[1:] if self.commands[0] == "-@all" else self.commands
        limited = {} if self.databases is None else {"databases": sorted(self.databases)}
        channels = [f"&{channel}" for channel in sorted(self.channels)]
        return {"keys": sorted(self.keys), "channels": channels, "commands": list(rules), **limited}

    def words(self) -> list[str]:
        """Return them in the server's spelling, as short as it can be."""
        items = self.items()
        return [*items["keys"], *items["channels"], *self._database_words(), *items["commands"]]

    def to_rules(self) -> list[str]:
        """Return the arguments of ACL SETUSER that make a selector exactly this, but not one for all databases."""
        channels = (f"&{channel}" for channel in sorted(self.channels))
        # A server can be set to allow all channels where nothing is said about them.
        return [
            "resetkeys",
            *sorted(self.keys),
            "resetchannels",
            *channels,
            *self._database_words(),
            *self.commands,
        ]

    def _database_words(self) -> list[str]:
        if self.databases is None:
            return []
        numbers = ",".join(str(number) for number in sorted(self.databases))
        return ["resetdbs", *([f"db={numbers}"] if numbers else [])]


def from_options(item: dict, where: str) -> Rights:
    """Return the rights that the options of a user come to.

    Raises:
        PlatformError: a rule that would be read as something else than what its option is for.
    """
    databases = item.get("databases")
    limited = None if databases is None else _databases(frozenset(databases), where)
    return Rights(
        _keys(_key(pattern, where) for pattern in item.get("keys") or []),
        _channels(_channel(pattern, where) for pattern in item.get("channels") or []),
        commands.canonical(_command(rule, where) for rule in item.get("commands") or []),
        limited,
    )


def from_selector(text: str, where: str) -> Rights:
    """Return the rights that a declared selector comes to, such as `~app:* +get`; parentheses may be left out.

    Raises:
        PlatformError: it holds something else than rules, or what no server could read back from its file.
    """
    inner = text[1:-1] if text.startswith("(") and text.endswith(")") else text
    words = [word for word in SPACE.split(inner) if word]
    for word in words:
        # In the server's file a selector ends with the first word that ends so, and quotes have a meaning.
        if word.endswith(")") or any(quote in word for quote in "\"'"):
            raise _wrong(
                f"the selector {text!r} would not be read back by the server: it holds a quote or a parenthesis",
                "write ? for that character",
                where,
            )
        if word.startswith("%"):
            _key(word, where)
        _pattern(word, "selector", where)
    rights, others = parse(words)
    if others:
        raise _wrong(
            f"{others[0]!r} in the selector {text!r} is no rule about keys, channels, databases or commands",
            "write rules such as ~pattern, &pattern, db=0, +command or -@category",
            where,
        )
    _databases(rights.databases or frozenset(), where)
    return rights


def parse(words: t.Iterable[str]) -> tuple[Rights, list[str]]:
    """Apply rules one after the other, as the server does; return the rights and the words about something else."""
    keys: list[str] = []
    channels: list[str] = []
    databases: set[int] | None = None
    rules: list[str] = []
    others = []
    for word in words:
        spelled = word.lower()
        numbers = DATABASES.fullmatch(word)
        if spelled in ("allkeys", "resetkeys"):
            keys = ["~*"] if spelled == "allkeys" else []
        elif spelled in ("allchannels", "resetchannels"):
            channels = ["*"] if spelled == "allchannels" else []
        elif spelled in ("alldbs", "resetdbs"):
            databases = None if spelled == "alldbs" else set()
        elif numbers:
            databases = (databases or set()) | {int(number) for number in numbers[1].split(",")}
        elif _access_of(word):
            keys.append(word)
        elif word.startswith("&"):
            channels.append(word[1:])
        elif spelled in commands.ALIASES or (word[:1] in ("+", "-") and word[1:]):
            rules.append(word)
        else:
            others.append(word)
    limited = None if databases is None else frozenset(databases)
    return Rights(_keys(keys), _channels(channels), commands.canonical(rules), limited), others


def is_storable(text: str) -> bool:
    """Return whether a server would take a name or pattern, and read it back from its ACL file."""
    return "\0" not in text and not SPACE.search(text)


def _keys(rules: t.Iterable[str]) -> frozenset[str]:
    access: dict[str, set[str]] = {}
    for rule in rules:
        flags, _tilde, pattern = rule.partition("~")
        access.setdefault(pattern, set()).update(flags[1:].upper() or "RW")
    # The server refuses more patterns beside the one for all keys.
    if access.get("*") == {"R", "W"}:
        return frozenset(["~*"])
    return frozenset(ACCESS[frozenset(granted)] + pattern for pattern, granted in access.items())


def _channels(patterns: t.Iterable[str]) -> frozenset[str]:
    known = frozenset(patterns)
    return frozenset("*") if "*" in known else known


def _key(declared: str, where: str) -> str:
    match = KEY.fullmatch(declared)
    if match and not _access_of(declared):
        raise _wrong(
            f"{declared!r} is no key pattern: %{match['access']}~ is no kind of access",
            "write %R~ to read, %W~ to write, or neither for both",
            where,
        )
    _pattern(declared, "key", where)
    return declared if match else f"~{declared}"


def _access_of(word: str) -> str:
    match = KEY.fullmatch(word)
    return ACCESS.get(frozenset((match["access"] or "RW").upper()), "") if match else ""


def _channel(declared: str, where: str) -> str:
    return _pattern(declared, "channel", where)[declared.startswith("&") :]


def _pattern(declared: str, kind: str, where: str) -> str:
    # An empty pattern has a meaning; without its prefix it is more likely a variable without a value.
    if not declared or not is_storable(declared):
        raise _wrong(f"{declared!r} cannot be a {kind} pattern: it is empty or holds a space", "correct it", where)
    return declared


def _databases(numbers: frozenset[int], where: str) -> frozenset[int]:
    if any(not 0 <= number <= LAST_DATABASE for number in numbers):
        raise _wrong(f"databases are numbered from 0 to {LAST_DATABASE}", "correct the numbers", where)
    return numbers


def _command(rule: str, where: str) -> str:
    is_rule = rule[:1] in ("+", "-") and rule[1:] and is_storable(rule)
    if not is_rule and rule.lower() not in commands.ALIASES:
        raise _wrong(f"{rule!r} is no rule about commands", "write +command, -command, +@category or -@category", where)
    return rule


def _wrong(what: str, remedy: str, where: str) -> PlatformError:
    return PlatformError(CONFIGURATION, what, remedy, where=where)
