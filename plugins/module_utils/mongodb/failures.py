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
)

BAD_VALUE, UNAUTHORIZED, LOGIN_REFUSED, NO_SUCH_COMMAND = 2, 13, 18, 59
# By the server's code: the category, what happened, and what to do.
ANSWERS: dict[int, tuple[int, str, str]] = {
    11: (DATA, "somebody else removed the user in the meantime", "run again"),
    51003: (DATA, "somebody else created the user in the meantime", "run again"),
    31: (DATA, "somebody else removed one of its roles in the meantime", "run again, with roles that exist"),
    NO_SUCH_COMMAND: (
        PREREQUISITE,
        "the server has no such command",
        "use MongoDB 6.0 or later, not a service that only speaks its protocol",
    ),
}
# What each command takes; the second part is said of the user's database.
ACTIONS = {
    "usersInfo": "viewUser on the cluster",
    "rolesInfo": "viewRole on database {}",
    "createUser": "createUser on database {}, and grantRole on the databases of the user's roles",
    "updateUser": "changePassword on database {} for a password; for roles, revokeRole on every database and grantRole "
    "on the databases of the user's roles",
    "dropUser": "dropUser on database {}",
}


def of_command(code: int, answer: str, command: str, database: str, who: str) -> tuple[int, str, str]:
    """Return the category of a refused command, what happened, and what to do.

    Args:
        code: the server's error code.
        answer: the server's words, without secrets.
        command: the command's name.
        database: the database that it was run on.
        who: the user that is logged in, in words.
    """
    if code == UNAUTHORIZED:
        # The server's own words may quote the whole command.
        action = ACTIONS.get(command, "").format(database)
        return (
            INTEGRATION,
            f"{who} may not run {command}" + (f": it takes the action {action}" if action else ""),
            "log in as a user with the role userAdminAnyDatabase in database admin",
        )
    if code == LOGIN_REFUSED:
        return (
            INTEGRATION,
            f"the server refuses the login of {who}: there is no such user there, or the password is another one",
            "correct login_user, login_password or login_database",
        )
    category, what, remedy = ANSWERS.get(code, (CONFIGURATION, answer, "correct the declaration"))
    return category, f"{command} was refused: {what}", remedy


def of_connection(answers: t.Sequence[str], tls: bool) -> tuple[int, str, str]:
    """Return the category of a connection that could not be made, what happened, and what to do.

    Args:
        answers: what was answered by each address that was tried.
        tls: whether TLS was to be used.
    """
    answer = "; ".join(sorted(set(answers))) or "no answer in time"
    if "CERTIFICATE_VERIFY_FAILED" in answer or "certificate verify failed" in answer:
        return INTEGRATION, f"the server's certificate is not accepted: {answer}", "correct ca_cert or login_host"
    if "SSL handshake failed" in answer or "WRONG_VERSION_NUMBER" in answer:
        return INTEGRATION, f"no TLS connection: {answer}", "set tls to what the server uses"
    if "wire version" in answer:
        return PREREQUISITE, answer, "use MongoDB 6.0 or later"
    hint = "a server without TLS does not answer to it" if tls else "one that wants TLS needs tls"
    return NETWORK, f"no connection: {answer}", f"check that the server runs and can be reached from this host; {hint}"
