# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The plan for users: a pure function of what is declared and what the server is like."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl import commands, rights, rules

ACL_SAVE = ("ACL", "SAVE")
CONFIG_REWRITE = ("CONFIG", "REWRITE")
# What a run needs of its own user, beside the command that has the server keep its users.
ADMINISTERING = ("acl|list", "acl|setuser", "config|get")


class Actual(t.NamedTuple):
    """What a server is like; by default an empty one that is not asked.

    Attributes:
        users: all its users by name.
        myself: the user that is logged in.
        vocabulary: its categories and commands; none where they are not known.
        members: the commands that each of them stands for, where the server forgets rules and keeps what they allow.
        persistence: the command that has it keep its users over a restart.
        limits_databases: whether it knows rights on single databases.
        can_skip_sanitizing: whether it can be told to restore data unchecked.
    """

    users: t.Mapping[str, rules.User]
    myself: str = ""
    vocabulary: frozenset[str] | None = None
    members: t.Mapping[str, t.Collection[str]] | None = None
    persistence: tuple[str, str] = ACL_SAVE
    limits_databases: bool = True
    can_skip_sanitizing: bool = True

    @property
    def keeps_quotes(self) -> bool:
        """Whether a name or pattern with a quote, or an empty name, outlives a restart."""
        return self.persistence == ACL_SAVE


def check(users: list[dict]) -> None:
    """Refuse what cannot be meant.

    Raises:
        PlatformError: a name that no server takes, one declared twice, an empty password, or a rule that cannot be.
    """
    seen = set()
    for user in users:
        where = f"user {user['name']!r}"
        if not rights.is_storable(user["name"]):
            raise _refusal("its name holds a space", "choose another", where)
        if user["name"] in seen:
            raise _refusal("it is declared twice", "declare it once", where)
        seen.add(user["name"])
        if user["state"] == "absent":
            if user["name"] == "default":
                raise _refusal("no server can be without it", "set enabled to false instead", where)
            continue
        if user.get("password") == "":
            raise _refusal("its password is empty", "give it one, or leave the option out to keep what it has", where)
        # What it comes to on a server without it: its rules are looked at.
        rules.from_declaration(user)


def plan(users: list[dict], actual: Actual, keep_passwords: bool = False) -> list[Step]:
    """Return the steps from what is to what is declared.

    Args:
        users: the declared users.
        actual: what the server is like.
        keep_passwords: whether a declared password is one more beside those that a user has.

    Raises:
        PlatformError: something that cannot be meant, that the server would refuse, or that would lock us out.
    """
    check(users)
    steps = []
    # Our own user comes last: a right that it loses may be needed for the others.
    for item in sorted(users, key=lambda user: user["name"] == actual.myself):
        name, found = item["name"], actual.users.get(item["name"])
        gone = item["state"] == "absent"
        if name == actual.myself and (gone or not item["enabled"]):
            raise _refusal("it is the user that this run is logged in as", "log in as another user", f"user {name}")
        if gone:
            if found is not None:
                steps.append(Step(f"user {name}", f"delete user {name}", ("ACL", "DELUSER", name), shown(found), {}))
            continue
        wanted = rules.from_declaration(item, found, keep_passwords)
        _refuse_impossible(item, wanted, actual)
        if name == actual.myself and found is not None:
            _refuse_disarmament(wanted, found, actual)
        if found is None or _meaning(found, actual) != _meaning(wanted, actual):
            steps.append(_step(item, wanted, found))
    return steps


def undeclared(users: list[dict], actual: Actual) -> list[str]:
    """Return in words the users that are not declared: neither our own, nor a disabled default user."""
    declared = {user["name"] for user in users}
    return sorted(
        f"user {_printable(name)}"
        for name, user in actual.users.items()
        if name not in declared and name != actual.myself and (name != "default" or user.enabled)
    )


def to_declarations(users: t.Mapping[str, rules.User], names: t.Collection[str] | None) -> list[dict]:
    """Return users as they would be declared, without their passwords.

    Args:
        users: the server's users by name.
        names: only these; None for all.

    Raises:
        PlatformError: the server told of a user what cannot be declared.
    """
    told = []
    for name in sorted(name for name in users if names is None or name in names):
        where = f"user {_printable(name)}"
        item = rules.to_declaration(name, users[name])
        if users[name].beyond:
            raise _refusal(
                f"it has rules that this collection does not know: {', '.join(users[name].beyond)}",
                "take these rules from it, or leave it out by naming the others",
                where,
            )
        texts = [name, *item["keys"], *item["channels"], *item["selectors"]]
        if texts != [_printable(text) for text in texts]:
            raise _refusal(
                "its name or one of its patterns is no UTF-8, and cannot be declared",
                "replace it, or leave it out by naming the others",
                where,
            )
        # By the name that a template can reach with a dot: a dictionary's own `keys` would come first.
        told.append({"key_patterns" if option == "keys" else option: value for option, value in item.items()})
    return told


def _step(item: dict, wanted: rules.User, found: rules.User | None) -> Step:
    name = item["name"]
    words = f"{'create' if found is None else 'change'} user {name}"
    kept = found if item.get("password") is None else None
    # One command: no moment in which the user has half of its rights.
    command = ("ACL", "SETUSER", name, *rules.to_rules(wanted, kept))
    before = shown(found) if found else {}
    is_new = found is None or found.passwords != wanted.passwords
    return Step(f"user {name}", words, command, before, shown(wanted, is_new))


def _meaning(user: rules.User, actual: Actual) -> rules.User:
    if actual.members is None:
        return user
    own, *others = (
        replace(selector, commands=commands.spelled_out(selector.commands, actual.members))
        for selector in (user.rights, *user.selectors)
    )
    return replace(user, rights=own, selectors=frozenset(others))


def _refuse_disarmament(wanted: rules.User, found: rules.User, actual: Actual) -> None:
    """Refuse to take from our own user what this run still needs, and the next one, too."""
    for command in (*ADMINISTERING, "|".join(actual.persistence).lower(), *commands.INFORMATIVE):
        if _may(found, command) and not _may(wanted, command):
            lost = command.replace("|", " ").upper()
            raise _refusal(
                f"it is the user that this run is logged in as, and would lose the right to {lost}",
                "let it keep +@admin, +acl and +command|list, or log in as another user",
                f"user {actual.myself}",
            )


def _may(user: rules.User, command: str) -> bool:
    return any(commands.allows_administering(selector.commands, command) for selector in (user.rights, *user.selectors))


def _refuse_impossible(item: dict, user: rules.User, actual: Actual) -> None:
    where = f"user {item['name']!r}"
    if user.enabled and item["name"] not in actual.users and not user.passwords:
        raise _refusal("it has no password", "give it one, or set enabled to false", where)
    _refuse_what_is_not_kept(item["name"], user, actual, where)
    if not user.sanitize_payload and not actual.can_skip_sanitizing:
        raise _refusal("the server checks what anybody restores", "leave sanitize_payload out", where)
    selectors = (user.rights, *user.selectors)
    if not actual.limits_databases and any(selector.databases is not None for selector in selectors):
        raise _refusal(
            "the server cannot limit a user to single databases", "leave databases out, or use Valkey 9.1", where
        )
    if actual.vocabulary is None:
        return
    unknown = {rule[1:] for selector in selectors for rule in commands.unknown(selector.commands, actual.vocabulary)}
    if unknown:
        raise _refusal(
            f"the server knows no command or category {', '.join(sorted(unknown))}",
            "correct the declaration; ACL CAT and COMMAND LIST tell what there is",
            where,
        )


def _refuse_what_is_not_kept(name: str, user: rules.User, actual: Actual, where: str) -> None:
    # An empty name is adopted where a server can keep it, but never made.
    if not name and not (actual.keeps_quotes and name in actual.users):
        raise _refusal("its name is empty", "choose another", where)
    texts = [name, *user.rights.keys, *user.rights.channels]
    quoted = sorted(text for text in texts if any(quote in text for quote in "\"'"))
    if quoted and not actual.keeps_quotes:
        raise _refusal(
            f"the server could not read {quoted[0]} back from its configuration file: it holds a quote",
            "choose another, or start the server with an aclfile",
            where,
        )


def shown(user: rules.User, new_password: bool = False) -> dict:
    """Return a user for the diff, its passwords masked; `new_password` where they will be others than before."""
    properties = {
        **rules.to_declaration("", user),
        "password": _password_in_words(user, new_password),
        "commands": list(user.rights.commands),
    }
    if user.beyond:
        properties["beyond"] = list(user.beyond)
    for option in ("keys", "channels", "selectors"):
        properties[option] = [_printable(text) for text in properties[option]]
    del properties["name"], properties["state"]
    return properties


def _password_in_words(user: rules.User, is_new: bool) -> str | None:
    if user.nopass:
        return "(none needed)"
    if len(user.passwords) > 1:
        return f"({len(user.passwords)} secrets)"
    if user.passwords:
        return f"(secret, {'new' if is_new else 'old'})"
    return None


def _printable(text: str) -> str:
    # Others may have used any bytes; Ansible takes and returns nothing but UTF-8.
    return text.encode("utf-8", "backslashreplace").decode()


def _refusal(what: str, remedy: str, where: str) -> PlatformError:
    return PlatformError(CONFIGURATION, what, remedy, where=where)
