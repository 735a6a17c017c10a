# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Settings that a role's or a database's sessions start with."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import Ident, Statement, Text

# The server quotes each element of these by itself: as one literal, `a, b` would be a single name.
LISTS = ("search_path", "temp_tablespaces", "local_preload_libraries", "session_preload_libraries")
# The server's list of settings leaves it out, though it can be set: whom a session acts as.
UNLISTED = "role"
# Which values are tried. What the login role may not set is left to the server; so is what it only warns of when it
# does not find it.
CONTEXTS = """
select lower(name) as name,
       case when context = 'user' or context = 'superuser' and current_setting('is_superuser')::bool
            then 'tried' else context end as context
from pg_settings
where lower(name) <> all ('{default_tablespace,default_table_access_method,default_text_search_config}')
      and lower(name) !~ 'session_authorization|preload_libraries|^transaction_'
"""
# Why no session can start with a setting of these contexts.
FIXED = {
    **dict.fromkeys(("internal", "postmaster", "sighup"), "it belongs to the server as a whole, not to sessions"),
    **dict.fromkeys(("backend", "superuser-backend"), "only the client can set it, when it connects"),
}
ELEMENT = re.compile(r'"((?:[^"]|"")*)"|([^,"\s]+)')


def parsed(stored: list[str]) -> dict[str, str]:
    """Return settings as the catalog keeps them, `name=value`, by name in lower case."""
    pairs = (setting.split("=", 1) for setting in stored)
    return {name.lower(): value for name, value in pairs}


def known(rows: t.Callable[[str], list[dict]]) -> set[str]:
    """Return the names, in lower case, of the settings that the server knows.

    Args:
        rows: runs a query.
    """
    return {UNLISTED, *(row["name"] for row in rows("select lower(name) as name from pg_settings"))}


def check(subject: str, declared: dict | None) -> None:
    """Refuse a setting that is declared twice: its name is the same in capitals.

    Raises:
        PlatformError: there is one.
    """
    spelled: dict[str, str] = {}
    for name in declared or {}:
        other = spelled.setdefault(name.lower(), name)
        if other != name:
            raise PlatformError(
                CONFIGURATION, f"the settings {other} and {name} are the same", "keep one of the two", where=subject
            )


def wrong(rows: t.Callable[..., list[dict]], declared: t.Iterable[dict | None]) -> dict[tuple[str, str], str]:
    """Return why the server would not take a value, by name in lower case and value.

    Args:
        rows: runs a query with parameters.
        declared: settings of roles and databases.
    """
    pairs = {
        (name.lower(), elements[0])
        for one in declared
        for name, value in (one or {}).items()
        for elements in [_elements(name, value) or []]
        if len(elements) == 1 and name.lower() not in LISTS
    }
    contexts = {row["name"]: row["context"] for row in rows(CONTEXTS)} if pairs else {}
    found = {}
    for name, value in sorted(pairs):
        context = contexts.get(name)
        if context in FIXED:
            found[name, value] = FIXED[context]
        elif context == "tried":
            try:
                # Undone at once, with the transaction that it is alone in.
                rows("select set_config(%(name)s, %(value)s, true)", {"name": name, "value": value})
            except PlatformError as error:
                found[name, value] = error.what
    return found


def refuse(
    subject: str, declared: dict | None, known_names: set[str] | None, wrong_values: dict[tuple[str, str], str]
) -> None:
    """Refuse a setting that the server does not know, or whose value it would not take.

    One with a dot may belong to an extension yet to come.

    Raises:
        PlatformError: there is one.
    """
    for name, value in sorted((declared or {}).items()):
        if known_names is not None and "." not in name and name.lower() not in known_names:
            raise PlatformError(CONFIGURATION, f"the server has no setting {name}", "correct its name", where=subject)
        for element in _elements(name, value) or []:
            reason = wrong_values.get((name.lower(), element))
            if reason:
                raise PlatformError(
                    CONFIGURATION, f"{name} cannot be set to {element}: {reason}", "correct the setting", where=subject
                )


class Sessions(t.NamedTuple):
    """Whose sessions start with the settings.

    Attributes:
        subject: what the diff is about.
        words: who it is, in words.
        text: the beginning of the statement, up to SET or RESET.
        names: its names.
        database: where the statement runs; empty for the login database.
    """

    subject: str
    words: str
    text: str
    names: tuple[str, ...]
    database: str = ""


def of_role(name: str) -> Sessions:
    """Return the sessions of a role."""
    return Sessions(f"role {name}", f"role {name}", "ALTER ROLE {}", (name,))


def of_database(name: str) -> Sessions:
    """Return the sessions in a database."""
    return Sessions(f"database {name}", f"database {name}", "ALTER DATABASE {}", (name,), name)


def of_role_in_database(role: str, name: str) -> Sessions:
    """Return the sessions of a role in a database."""
    words = f"role {role} in database {name}"
    return Sessions(f"database {name}", words, "ALTER ROLE {} IN DATABASE {}", (role, name), name)


def plan(sessions: Sessions, declared: dict | None, found: dict[str, str]) -> t.Iterator[Step]:
    """Yield a step for each setting that is not as declared.

    Args:
        sessions: whose.
        declared: values by name; none resets a setting, a list has several elements.
        found: as returned by `parsed`.
    """
    for setting, value in sorted((declared or {}).items()):
        before = found.get(setting.lower())
        elements = _elements(setting, value)
        if _same(setting, before, elements):
            continue
        # A setting's name may have two parts, which are quoted one by one.
        place = ".".join("{}" for _part in setting.split("."))
        parts = [*map(Ident, sessions.names), *map(Ident, setting.split("."))]
        if elements is None:
            verb, text = "reset", f"{sessions.text} RESET {place}"
        else:
            verb = "set"
            text = f"{sessions.text} SET {place} TO {', '.join('{}' for _element in elements)}"
            parts += map(Text, elements)
        shown = setting if sessions.subject == sessions.words else f"{setting} of {sessions.words}"
        yield Step(
            sessions.subject,
            f"{verb} {setting} of {sessions.words}",
            Statement(text, tuple(parts), sessions.database),
            {} if before is None else {shown: before},
            {} if elements is None else {shown: ", ".join(elements)},
        )


def _elements(setting: str, value: t.Any) -> list[str] | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return ["on" if value else "off"]
    if isinstance(value, list):
        return [str(element) for element in value] or [""]
    return _split(str(value)) if setting.lower() in LISTS else [str(value)]


def _split(value: str) -> list[str]:
    """Return the elements of a list of names as PostgreSQL reads it: what is not quoted is in lower case."""
    return [
        match[2].lower() if match[1] is None else match[1].replace('""', '"') for match in ELEMENT.finditer(value)
    ] or [""]


def _same(setting: str, found: str | None, elements: list[str] | None) -> bool:
    if found is None or elements is None:
        return found is None and elements is None
    return _split(found) == elements if setting.lower() in LISTS else found == ", ".join(elements)
