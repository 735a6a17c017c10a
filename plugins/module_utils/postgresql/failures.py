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

NO_POOLER = "log in to the server itself, not to a connection pooler such as PgBouncer"

# The client library's own words while a connection is made, which are English always. The first that fits counts.
CLIENT: tuple[tuple[str, int, str], ...] = (
    ("no password supplied", INTEGRATION, "give login_password"),
    ("certificate", INTEGRATION, "correct ca_cert or ssl_mode"),
    ("does not support SSL", INTEGRATION, "switch TLS on in the server, or choose another ssl_mode"),
    ("", NETWORK, "check that the server runs and can be reached from this host"),
)
# The server's words follow its name for how bad it is, which is in its language too, and these.
SERVER_SPEAKS = ":  "
WRONG_PASSWORD = "28P01"
# What a server has to say while a connection is made, by SQLSTATE or its first two characters. A pooler that does not
# take what a session of ours asks for calls it a violation of the protocol.
CONNECTING: dict[str, tuple[int, str]] = {
    WRONG_PASSWORD: (INTEGRATION, "correct login_password: it is not the one that this role has on the server"),
    "08P01": (CONFIGURATION, NO_POOLER),
    "28": (INTEGRATION, "allow this host, role and database in the server's pg_hba.conf"),
    "53": (PREREQUISITE, "end sessions of others, or raise the server's max_connections"),
    "57P03": (SERVICE_STARTUP, "wait until the server is ready, or start it, then run again"),
    "": (INTEGRATION, "correct login_user or login_db, or the right of this role to log in there"),
}

LACKS_PRIVILEGE = "42501"
# What runs a text that was given as a whole, and refuses what would end its transaction or read rows from a client.
# The SQLSTATE says "not supported" only; this is the name of a function of the server's source, the same in all
# languages.
RUNS_TEXT = "exec_stmt_dynexecute"
NOT_SUPPORTED = "0A000"
NO_TRANSACTION = (
    CONFIGURATION,
    "leave out what begins or ends a transaction, and COPY from the client: what is run here is one transaction by "
    "itself; a statement that may not run in one is a migration of its own that begins with the line "
    "`-- migrate:up transaction:false`",
)
# By SQLSTATE, or its first two characters: the category, and what to do.
ANSWERS: dict[str, tuple[int, str]] = {
    LACKS_PRIVILEGE: (INTEGRATION, "log in as a role that has this privilege"),
    "55006": (DATA, "end its use; force ends the sessions of a database that is dropped"),
    "2BP01": (DATA, "drop or reassign what depends on it first"),
    "25001": NO_TRANSACTION,
    "2D000": NO_TRANSACTION,
    NOT_SUPPORTED: (PREREQUISITE, "use a server that has it"),
    "58P01": (PREREQUISITE, "use a server that has it"),
    "53": (PREREQUISITE, "give the server more of what it lacks"),
    "54": (PREREQUISITE, "stay below this limit of the server"),
    "58": (PREREQUISITE, "look into the server's log, and at its disk"),
    "XX": (INTEGRATION, "look into the server's log"),
    "08": (NETWORK, "run again"),
    "57": (NETWORK, "find out who ended the connection or stopped the server, then run again"),
    "": (NETWORK, "run again"),
}
# Their details name objects and count sessions; others may quote data.
DETAILED = ("55006", "2BP01")


def is_from_server(answer: str) -> bool:
    """Tell whether a connection that could not be made had got as far as a server that answers."""
    return SERVER_SPEAKS in answer


def of_connecting(answer: str, code: str, user: str, database: str, where: str) -> PlatformError:
    """Return the error for a connection that could not be made.

    Args:
        answer: what the client library says; it never holds the password.
        code: the SQLSTATE of the server's answer; empty where it is not known.
        user: the role that was to log in.
        database: the database that it was to log in to.
        where: the server, in words.
    """
    told = " ".join(answer.split())
    if code == WRONG_PASSWORD:
        what = f"the server refuses the password of {user}"
        return PlatformError(INTEGRATION, what, CONNECTING[code][1], where=where)
    if code or is_from_server(answer):
        category, remedy = CONNECTING.get(code) or CONNECTING.get(code[:2]) or CONNECTING[""]
        return PlatformError(category, f"{user} cannot connect to database {database}: {told}", remedy, where=where)
    _words, category, remedy = next(known for known in CLIENT if known[0] in told)
    who = "no connection" if category == NETWORK else f"{user} cannot connect to database {database}"
    return PlatformError(category, f"{who}: {told}", remedy, where=where)


def of_statement(error: t.Any, where: str, given: str = "") -> PlatformError:
    """Return the error for a statement that was refused.

    Args:
        error: the driver's error; only its main message is told, which holds names but no secret of ours.
        where: the server, in words.
        given: the text that was refused, where it came from outside as a whole.
    """
    code = error.pgcode or ""
    answer = error.diag.message_primary or next(iter(str(error).strip().splitlines()), "the connection was lost")
    if code in DETAILED and error.diag.message_detail:
        answer = f"{answer} ({' '.join(error.diag.message_detail.splitlines())})"
    category, remedy = ANSWERS.get(code) or ANSWERS.get(code[:2]) or (CONFIGURATION, "correct the declaration")
    # A text that was given as a whole is run by the server itself, or sent as it is.
    text, position = error.diag.internal_query or given, error.diag.internal_position or error.diag.statement_position
    if text and position:
        answer = f"{answer} in line {text.count(chr(10), 0, int(position) - 1) + 1}"
    if code == NOT_SUPPORTED and error.diag.source_function == RUNS_TEXT:
        category, remedy = NO_TRANSACTION
    if code.startswith("XX") and error.diag.message_hint:
        # The server does not blame the statement, and tells whoever administers it what to do.
        remedy = " ".join(error.diag.message_hint.split())
    if code == LACKS_PRIVILEGE:
        answer = f"the login role lacks a privilege: {answer}"
    elif category == CONFIGURATION:
        answer = f"{answer} (SQLSTATE {code})"
    return PlatformError(category, answer, remedy, where=where)
