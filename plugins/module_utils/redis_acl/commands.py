# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Rules about commands in one canonical form, found without asking a server.

The server applies rules one after the other. Two of them may change places unless one allows what the other may forbid,
and a rule that says what holds anyway says nothing. Nobody but the server knows which commands a category holds, so a
category counts as overlapping with everything.
"""

from __future__ import annotations

import typing as t

ALIASES = {"allcommands": "+@all", "nocommands": "-@all"}
EVERYTHING = "@all"
# What a run needs of its own user, with the categories that servers agree on, beside those of what administers.
ADMINISTRATIVE = frozenset({EVERYTHING, "@admin", "@dangerous", "@slow"})
INFORMATIVE = {
    "acl|cat": frozenset({EVERYTHING, "@slow"}),
    "command|list": frozenset({EVERYTHING, "@connection", "@slow"}),
}


def canonical(rules: t.Iterable[str]) -> tuple[str, ...]:
    """Return rules of the same meaning: first the one about all commands, no idle ones, in one order of the possible.

    Args:
        rules: rules such as `+@all`, `-@dangerous`, `+config|get`, in the order in which they are applied.
    """
    base, said = f"-{EVERYTHING}", {}
    for rule in rules:
        rule = ALIASES.get(rule.lower(), rule.lower())
        subject = rule[1:]
        if subject == EVERYTHING:
            base, said = rule, {}
            continue
        # The latest rule about a command counts, for its subcommands too.
        said = {known: other for known, other in said.items() if not _covers(subject, known)}
        said[subject] = rule
    telling: list[str] = [base]
    for rule in said.values():
        if not _is_idle(rule, telling):
            telling.append(rule)
    return (base, *_ordered(telling[1:]))


def spelled_out(rules: t.Iterable[str], members: t.Mapping[str, t.Collection[str]]) -> tuple[str, ...]:
    """Return rules as the commands that they come to, behind the rule about all others.

    For servers that forget the rules and keep what they allow: such a server tells other rules of the same effect.

    Args:
        rules: canonical rules.
        members: the server's categories with their @ and its commands, each with the commands that it stands for.
    """
    base, *others = rules
    allowed = set(members[EVERYTHING]) if base[0] == "+" else set()
    for rule in others:
        subject = rule[1:]
        if subject not in members:
            # A command with one first argument, which says nothing where all arguments are allowed.
            allowed |= set() if subject.partition("|")[0] in allowed else {subject}
            continue
        held = set(members[subject])
        allowed = {one for one in allowed if one not in held and one.partition("|")[0] not in held}
        allowed |= held if rule[0] == "+" else set()
    return (base, *sorted(allowed))


def unknown(rules: t.Iterable[str], vocabulary: t.Collection[str]) -> list[str]:
    """Return the canonical rules whose subject the server does not know.

    Args:
        rules: canonical rules.
        vocabulary: the server's categories with their @, its commands, and its subcommands as `command|subcommand`.
    """
    return [rule for rule in rules if rule[1:] != EVERYTHING and not _is_known(rule, vocabulary)]


def allows_administering(rules: t.Iterable[str], command: str) -> bool:
    """Return whether canonical rules allow one of the commands that a run of ours needs, such as `acl|setuser`."""
    categories, is_allowed = INFORMATIVE.get(command, ADMINISTRATIVE), False
    for rule in rules:
        if rule[1:] in categories or _covers(rule[1:], command):
            is_allowed = rule[0] == "+"
    return is_allowed


def _is_known(rule: str, vocabulary: t.Collection[str]) -> bool:
    subject = rule[1:]
    if subject in vocabulary:
        return True
    command, separator, argument = subject.partition("|")
    # A command without subcommands can be allowed with one first argument, as in +select|0.
    takes_argument = command in vocabulary and not any(known.startswith(f"{command}|") for known in vocabulary)
    return bool(rule[0] == "+" and separator and argument and takes_argument)


def _covers(subject: str, other: str) -> bool:
    return subject in (EVERYTHING, other) or other.startswith(f"{subject}|")


def _overlap(rule: str, other: str) -> bool:
    one, two = rule[1:], other[1:]
    return "@" in (one[:1], two[:1]) or _covers(one, two) or _covers(two, one)


def _is_idle(rule: str, earlier: list[str]) -> bool:
    # There always is one: the rule about all commands, which comes first, covers every other.
    deciding = next(
        other
        for other in reversed(earlier)
        if _covers(other[1:], rule[1:]) or (other[0] != rule[0] and _overlap(rule, other))
    )
    return deciding[0] == rule[0]


def _ordered(rules: list[str]) -> t.Iterator[str]:
    remaining = list(rules)
    while remaining:
        free = [
            rule
            for place, rule in enumerate(remaining)
            if not any(_overlap(rule, other) and rule[0] != other[0] for other in remaining[:place])
        ]
        first = min(free)
        remaining.remove(first)
        yield first
