# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a server or the way to it answers instead of what was asked for, in words that an operator can act on."""

from __future__ import annotations

import re

from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    INTEGRATION,
    NETWORK,
    PREREQUISITE,
    SERVICE_STARTUP,
    PlatformError,
)

# Beside what the library knows as a failed login; which that is depends on its version.
LOGIN = ("WRONGPASS", "invalid username-password", "invalid password", "NOAUTH")
# A server in no state to do what it otherwise would: a script runs, the disk is full, memory is, it is a replica.
NOT_NOW = ("BUSY", "MISCONF", "OOM", "READONLY", "You can't write against a read only replica")


def translated(error: Exception, command: str, options: dict, where: str, library) -> PlatformError:
    """Return a failure of the client library in our words.

    Args:
        error: what the library raised.
        command: what was asked for.
        options: the module's connection options.
        where: the server.
        library: the module that holds the library's kinds of failures.
    """
    answer = (str(error).splitlines() or ["connection lost"])[0]
    category, what, remedy = CONFIGURATION, f"{command} was refused: {answer}", "correct the declaration"
    user = options["login_user"]
    if answer.startswith("DENIED"):
        category = PREREQUISITE
        what = "the server is in protected mode: while its user default needs no password, other hosts are refused"
        remedy = "give the user default a password, or disable it, in the server's configuration"
    elif answer.startswith("unknown command"):
        category = PREREQUISITE
        what = f"the server does not know the command {command}"
        remedy = "use Redis 7 or later, or Valkey, and do not rename its commands"
    elif answer.startswith(NOT_NOW):
        category, remedy = SERVICE_STARTUP, "see to the server first, then run again"
    elif isinstance(error, library.NoPermissionError):
        right = re.search("'([^']+)' command", answer)
        category, what = INTEGRATION, f"{user} may not run {command}"
        remedy = f"log in as a user with +@admin, or allow +{right[1] if right else command.lower()} to this one"
    elif isinstance(error, library.AuthenticationError) or answer.startswith(LOGIN):
        category, what, remedy = (INTEGRATION, *_login(options))
    elif isinstance(error, (library.ConnectionError, library.TimeoutError)):
        category, what, remedy = (NETWORK, *_connection(answer, options))
    return PlatformError(category, what, remedy, where=where)


def _login(options: dict) -> tuple[str, str]:
    if not options["login_password"]:
        return f"the server wants a password of {options['login_user']}", "set login_user and login_password"
    return (
        f"the server refuses the password of {options['login_user']}, or has no such user, or has disabled it",
        "correct login_user and login_password",
    )


def _connection(answer: str, options: dict) -> tuple[str, str]:
    if "certificate" in answer.lower():
        return (
            f"the server's certificate is not accepted: {answer}",
            "set ca_cert to its authority's, and login_host to a name that the certificate is for",
        )
    hint = "speaks TLS there" if options["tls"] else "speaks no TLS there, or set tls"
    return f"no connection: {answer}", f"check that the server runs, can be reached from this host, and {hint}"
