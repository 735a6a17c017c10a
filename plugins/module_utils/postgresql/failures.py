# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a server answers, in words that an operator can act on."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    DATA,
    INTEGRATION,
    NETWORK,
    PREREQUISITE,
    SERVICE_STARTUP,
    PlatformError,
)

WRONG_PASSWORD = "password authentication failed"
NO_POOLER = "log in to the server itself, not to a connection pooler such as PgBouncer"

# While a connection is made there is no SQLSTATE to be had: the answer's words must do. The first that fits counts.
CONNECTING: tuple[tuple[str, int, str], ...] = (
    (WRONG_PASSWORD, INTEGRATION, "correct login_password"),
    ("no password supplied", INTEGRATION, "give login_password"),
    ("unsupported startup parameter", CONFIGURATION, NO_POOLER),
    ("is starting up", SERVICE_STARTUP, "wait until the server is ready, then run again"),
    ("is shutting down", SERVICE_STARTUP, "start the server, then run again"),
    ("pg_hba.conf", INTEGRATION, "allow this host, role and database in the server's pg_hba.conf"),
    ("certificate", INTEGRATION, "correct ca_cert or ssl_mode"),
    ("does not support SSL", INTEGRATION, "switch TLS on in the server, or choose another ssl_mode"),
    ("FATAL", INTEGRATION, "correct login_user or login_db"),
    ("", NETWORK, "check that the server runs and can be reached from this host"),
)

# The server looks at these only after it has accepted the password.
PAST_THE_PASSWORD = (
    "is not permitted to log in",
    "permission denied for database",
    "does not exist",
    "too many connections",
    "not currently accepting connections",
)

LACKS_PRIVILEGE = "42501"
# How a server says that it finds a COMMIT in a text that is run as a whole; its code says "not supported" only.
ENDS_TRANSACTION = "EXECUTE of transaction commands"
NO_TRANSACTION = (CONFIGURATION, "leave it out: what is run here is one transaction by itself")
# By SQLSTATE, or its first two characters: the category, and what to do.
ANSWERS: dict[str, tuple[int, str]] = {
    LACKS_PRIVILEGE: (INTEGRATION, "log in as a role that has this privilege"),
    "55006": (DATA, "end its use; force ends the sessions of a database that is dropped"),
    "2BP01": (DATA, "drop or reassign what depends on it first"),
    "25001": NO_TRANSACTION,
    "2D000": NO_TRANSACTION,
    "0A000": (PREREQUISITE, "use a server that has it"),
    "58P01": (PREREQUISITE, "use a server that has it"),
    "53": (PREREQUISITE, "give the server more of what it lacks"),
    "08": (NETWORK, "run again"),
    "57": (NETWORK, "find out who ended the connection or stopped the server, then run again"),
    "": (NETWORK, "run again"),
}
# Their details name objects and count sessions; others may quote data.
DETAILED = ("55006", "2BP01")


def past_the_password(answer: str) -> bool:
    """Tell whether a refused login had passed the check of its password."""
    return any(words in answer for words in PAST_THE_PASSWORD)


def of_connecting(answer: str, user: str, database: str, where: str) -> PlatformError:
    """Return the error for a connection that could not be made.

    Args:
        answer: what the client library says; it never holds the password.
        user: the role that was to log in.
        database: the database that it was to log in to.
        where: the server, in words.
    """
    answer = " ".join(answer.split())
    words, category, remedy = next(known for known in CONNECTING if known[0] in answer)
    what = f"{user} cannot connect to database {database}: {answer}"
    if words == WRONG_PASSWORD:
        what = f"the server refuses the password of {user}"
    elif category == NETWORK:
        what = f"no connection: {answer}"
    return PlatformError(category, what, remedy, where=where)


def of_statement(error: t.Any, where: str) -> PlatformError:
    """Return the error for a statement that was refused.

    Args:
        error: the driver's error; only its main message is told, which holds names but no secret of ours.
        where: the server, in words.
    """
    code = error.pgcode or ""
    answer = error.diag.message_primary or next(iter(str(error).strip().splitlines()), "the connection was lost")
    if code in DETAILED and error.diag.message_detail:
        answer = f"{answer} ({' '.join(error.diag.message_detail.splitlines())})"
    category, remedy = ANSWERS.get(code) or ANSWERS.get(code[:2]) or (CONFIGURATION, "correct the declaration")
    if error.diag.internal_query and error.diag.internal_position:
        # Of a text that was given as a whole.
        line = error.diag.internal_query[: int(error.diag.internal_position) - 1].count("\n") + 1
        answer = f"{answer} in line {line}"
    if ENDS_TRANSACTION in answer:
        category, remedy = NO_TRANSACTION
    if code == LACKS_PRIVILEGE:
        answer = f"the login role lacks a privilege: {answer}"
    elif category == CONFIGURATION:
        answer = f"{answer} (SQLSTATE {code})"
    return PlatformError(category, answer, remedy, where=where)
