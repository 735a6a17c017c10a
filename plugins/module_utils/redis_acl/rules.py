# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""ACL rules: what a user may do, in one canonical form for what is declared and what the server tells."""

from __future__ import annotations

import hashlib
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl import commands

KEY = re.compile(r"(?:%(?P<access>[A-Za-z]+))?~(?P<pattern>.*)", re.DOTALL)
ACCESS = {frozenset("R"): "%R~", frozenset("W"): "%W~", frozenset("RW"): "~"}


@dataclass(frozen=True)
class User:
    """A user in canonical form: two are equal when the server treats them alike.

    Attributes:
        enabled: whether it may log in.
        passwords: SHA-256 hashes in hexadecimal.
        keys: key patterns, each with what is allowed on it: `~`, `%R~` or `%W~`.
        channels: channel patterns.
        commands: canonical rules about commands.
        nopass: whether any password is accepted.
        beyond: what a server can tell and nobody can declare; it makes a user differ.
    """

    enabled: bool = False
    passwords: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    commands: tuple[str, ...] = ("-@all",)
    nopass: bool = False
    beyond: tuple[str, ...] = ()


def from_declaration(item: dict) -> User:
    """Return what a declared user comes to.

    Raises:
        PlatformError: a rule that would be read as something else than what its option is for.
    """
    where = f"user {item['name']}"
    return User(
        enabled=item["enabled"],
        passwords=frozenset([hash_of(item["password"])] if item.get("password") else []),
        keys=_keys(_key(pattern, where) for pattern in item.get("keys") or []),
        channels=_channels(_channel(pattern, where) for pattern in item.get("channels") or []),
        commands=commands.canonical(_command(rule, where) for rule in item.get("commands") or []),
    )


def from_server(line: str) -> tuple[str, User]:
    """Return name and user from a line of ACL LIST, such as `user app on #… ~app:* resetchannels -@all +get`."""
    # No pattern holds a space, so a parenthesis after one begins a selector, which grants more than we declare.
    plain, _space, selectors = line.partition(" (")
    name, rules = plain.split(" ")[1], plain.split(" ")[2:]
    unchecked = ["skip-sanitize-payload"] if "skip-sanitize-payload" in rules else []
    return name, User(
        enabled="on" in rules,
        passwords=frozenset(rule[1:] for rule in rules if rule[:1] == "#"),
        keys=_keys("~*" if rule == "allkeys" else rule for rule in rules if rule == "allkeys" or rule[:1] in "~%"),
        channels=_channels(
            "*" if rule == "allchannels" else rule[1:] for rule in rules if rule == "allchannels" or rule[:1] == "&"
        ),
        commands=commands.canonical(rule for rule in rules if rule[:1] in "+-" or rule in commands.ALIASES),
        nopass="nopass" in rules,
        beyond=(*unchecked, *([f"({selectors}"] if selectors else [])),
    )


def to_rules(user: User) -> list[str]:
    """Return the arguments of ACL SETUSER that make a user exactly this, whatever it was before."""
    return [
        "reset",
        "on" if user.enabled else "off",
        *(f"#{digest}" for digest in sorted(user.passwords)),
        *sorted(user.keys),
        *(f"&{channel}" for channel in sorted(user.channels)),
        *user.commands,
    ]


def hash_of(password: str) -> str:
    """Return a password's SHA-256 hash, as the server stores it."""
    return hashlib.sha256(password.encode()).hexdigest()


def is_storable(text: str) -> bool:
    """Return whether a server's files, which part words by spaces and escape no quotes, can keep a name or pattern."""
    return bool(text) and not any(character.isspace() or character in "\0\"'" for character in text)


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
    access, pattern = (match["access"], match["pattern"]) if match else (None, declared)
    if access and frozenset(access.upper()) not in ACCESS:
        raise PlatformError(
            CONFIGURATION,
            f"{declared!r} is no key pattern: %{access}~ is no kind of access",
            "write %R~ to read, %W~ to write, or neither for both",
            where=where,
        )
    return f"%{access or 'RW'}~{_pattern(pattern, 'key', where)}"


def _channel(declared: str, where: str) -> str:
    return _pattern(declared[1:] if declared[:1] == "&" else declared, "channel", where)


def _pattern(pattern: str, kind: str, where: str) -> str:
    if not is_storable(pattern):
        raise PlatformError(
            CONFIGURATION,
            f"{pattern!r} cannot be a {kind} pattern: it is empty, or holds a space or a quote",
            "correct it",
            where=where,
        )
    return pattern


def _command(rule: str, where: str) -> str:
    is_rule = rule[:1] in ("+", "-") and is_storable(rule[1:])
    if not is_rule and rule.lower() not in commands.ALIASES:
        raise PlatformError(
            CONFIGURATION,
            f"{rule!r} is no rule about commands",
            "write +command, -command, +@category or -@category",
            where=where,
        )
    return rule
