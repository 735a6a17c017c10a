# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""ACL rules: what a user is, in one canonical form for what is declared and what the server tells."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl import rights
from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl.rights import Rights


@dataclass(frozen=True)
class User:
    """A user in canonical form: two are equal when the server treats them alike.

    Attributes:
        enabled: whether it may log in.
        passwords: SHA-256 hashes in hexadecimal.
        nopass: whether any password is accepted.
        sanitize_payload: whether the server checks what the user has it restore.
        rights: its own selector.
        selectors: the others.
        beyond: what a server told and nobody can declare; it makes a user differ.
    """

    enabled: bool = False
    passwords: frozenset[str] = frozenset()
    nopass: bool = False
    sanitize_payload: bool = True
    rights: Rights = field(default_factory=Rights)
    selectors: frozenset[Rights] = frozenset()
    beyond: tuple[str, ...] = ()


def from_declaration(item: dict, found: User | None = None, keep_passwords: bool = False) -> User:
    """Return what a declared user comes to.

    Args:
        item: the declaration; without a password, those that the user has are kept.
        found: the user as it is, None where it does not exist.
        keep_passwords: whether the password is one more beside those that the user has.

    Raises:
        PlatformError: a rule that would be read as something else than what its option is for.
    """
    where = f"user {item['name']}"
    kept = found or User()
    declares_password = item.get("password") is not None
    declared = frozenset([hash_of(item["password"])] if declares_password else [])
    return User(
        enabled=item["enabled"],
        passwords=declared | (kept.passwords if keep_passwords or not declares_password else frozenset()),
        nopass=kept.nopass and not declares_password,
        sanitize_payload=item.get("sanitize_payload") is not False,
        rights=rights.from_options(item, where),
        selectors=frozenset(rights.from_selector(text, where) for text in item.get("selectors") or []),
    )


def from_server(line: str) -> tuple[str, User]:
    """Return name and user from a line of ACL LIST, such as `user app on #… ~app:* resetchannels -@all +get`."""
    _user, name, told = line.split(" ", 2)
    # No rule begins with a parenthesis and none holds a space, so " (" begins a selector.
    plain, *selectors = told.split(" (")
    own, words = rights.parse(plain.split(" "))
    parsed = [rights.parse(selector[:-1].split(" ")) for selector in selectors]
    known = {"on", "off", "nopass", "sanitize-payload", "skip-sanitize-payload"}
    others = [word for _rights, rest in parsed for word in rest]
    return name, User(
        enabled="on" in words,
        passwords=frozenset(word[1:] for word in words if word[:1] == "#"),
        nopass="nopass" in words,
        sanitize_payload="skip-sanitize-payload" not in words,
        rights=own,
        selectors=frozenset(selector for selector, _rest in parsed),
        beyond=(*(word for word in words if word[:1] != "#" and word not in known), *others),
    )


def to_rules(user: User, found: User | None = None) -> list[str]:
    """Return the arguments of ACL SETUSER that make a user exactly this.

    Args:
        user: what it shall be.
        found: what it is, if its passwords stay as they are: they are not sent, so that nothing can happen to them;
            None to make it anew, whatever it was before.
    """
    if found is None:
        begin = ["reset", *(f"#{digest}" for digest in sorted(user.passwords))]
    else:
        begin = ["clearselectors"]
        # Words that not every server knows are sent only to one that has used them.
        begin += [] if found.sanitize_payload else ["sanitize-payload"]
        begin += [] if found.rights.databases is None else ["alldbs"]
    return [
        *begin,
        "on" if user.enabled else "off",
        *([] if user.sanitize_payload else ["skip-sanitize-payload"]),
        *user.rights.to_rules(),
        *(f"({' '.join(rules)})" for rules in sorted(selector.to_rules() for selector in user.selectors)),
    ]


def to_declaration(name: str, user: User) -> dict:
    """Return a user as it would be declared, without its passwords."""
    return {
        "name": name,
        "enabled": user.enabled,
        "sanitize_payload": user.sanitize_payload,
        **user.rights.items(),
        "selectors": sorted(" ".join(selector.words()) for selector in user.selectors),
        "state": "present",
    }


def hash_of(password: str) -> str:
    """Return a password's SHA-256 hash, as the server stores it."""
    return hashlib.sha256(password.encode()).hexdigest()
