# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""ACL rules: what a user may do, in one canonical form for what is declared and what the server tells."""

from __future__ import annotations

import hashlib
import typing as t
from dataclasses import dataclass

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError

NOTHING = ("-@all",)


@dataclass(frozen=True)
class User:
    """A user in canonical form: two are equal when the server treats them alike.

    Attributes:
        enabled: whether it may log in.
        passwords: SHA-256 hashes in hexadecimal.
        keys: key patterns, each with what is allowed on it: `~`, `%R~` or `%W~`.
        channels: channel patterns.
        commands: command rules in their order, without those that a later one takes back.
        nopass: whether any password is accepted.
    """

    enabled: bool = False
    passwords: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    commands: tuple[str, ...] = NOTHING
    nopass: bool = False


def from_declaration(item: dict) -> User:
    """Return what a declared user comes to.

    Raises:
        PlatformError: a rule that would be read as something else than what its option is for.
    """
    where = f"user {item['name']}"
    return User(
        enabled=item["enabled"],
        passwords=frozenset([hash_of(item["password"])] if item.get("password") else []),
        keys=frozenset(_key(pattern, where) for pattern in item.get("keys") or []),
        channels=frozenset(_plain(pattern, "channel", where) for pattern in item.get("channels") or []),
        commands=canonical_commands([_command(rule, where) for rule in item.get("commands") or []]),
    )


def from_server(line: str) -> tuple[str, User]:
    """Return name and user from a line of ACL LIST, such as `user app on #… ~app:* resetchannels -@all +get`."""
    words = line.split()
    name, rules = words[1], words[2:]
    # Selectors, in parentheses, grant more than we declare: they make a user differ.
    return name, User(
        enabled="on" in rules,
        passwords=frozenset(rule[1:] for rule in rules if rule.startswith("#")),
        keys=frozenset("~*" if rule == "allkeys" else rule for rule in rules if rule == "allkeys" or rule[0] in "~%"),
        channels=frozenset(
            "*" if rule == "allchannels" else rule[1:] for rule in rules if rule == "allchannels" or rule[0] == "&"
        ),
        commands=canonical_commands([rule for rule in rules if rule[0] in "+-("]),
        nopass="nopass" in rules,
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


def canonical_commands(rules: t.Iterable[str]) -> tuple[str, ...]:
    """Return command rules as the server keeps them: from the last rule about all commands on, one rule a subject."""
    kept: dict[str, str] = {}
    for rule in rules:
        rule = {"allcommands": "+@all", "nocommands": "-@all"}.get(rule.lower(), rule.lower())
        subject = rule.lstrip("+-")
        if subject == "@all":
            kept.clear()
        kept.pop(subject, None)
        # A command's rule goes with all that was said of its subcommands.
        for other in [known for known in kept if known.startswith(f"{subject}|")]:
            kept.pop(other)
        kept[subject] = rule
    if "@all" not in kept:
        kept = {"@all": "-@all", **kept}
    return tuple(kept.values())


def hash_of(password: str) -> str:
    """Return a password's SHA-256 hash, as the server stores it."""
    return hashlib.sha256(password.encode()).hexdigest()


def _key(pattern: str, where: str) -> str:
    for prefix in ("%RW~", "~"):
        if pattern.startswith(prefix):
            return "~" + _plain(pattern[len(prefix) :], "key", where)
    for prefix in ("%R~", "%W~"):
        if pattern.upper().startswith(prefix):
            return prefix + _plain(pattern[len(prefix) :], "key", where)
    return "~" + _plain(pattern, "key", where)


def _plain(pattern: str, kind: str, where: str) -> str:
    if not pattern or any(character.isspace() or character == "\0" for character in pattern):
        raise PlatformError(
            CONFIGURATION,
            f"{pattern!r} cannot be a {kind} pattern: it is empty or holds a space",
            "correct it",
            where=where,
        )
    return pattern


def _command(rule: str, where: str) -> str:
    if rule.lower() not in ("allcommands", "nocommands") and not (
        rule[:1] in ("+", "-") and len(rule) > 1 and " " not in rule
    ):
        raise PlatformError(
            CONFIGURATION,
            f"{rule!r} is no rule about commands",
            "write +command, -command, +@category or -@category",
            where=where,
        )
    return rule
