# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Logging in, and why a login was refused, whatever language the server speaks."""

from __future__ import annotations

import locale
import secrets

from ansible_collections.borgstack.platform.plugins.module_utils.errors import INTEGRATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import failures, handshake

try:
    import psycopg2
except ImportError:
    psycopg2 = None

# Nothing on the search path may stand in for a function or operator that we mean; times are read as they are written.
SESSION = {"search_path": "pg_catalog", "DateStyle": "ISO, YMD", "TimeZone": "UTC"}
PARAMETERS = {
    "client_encoding": "utf8",
    "application_name": "borgstack.platform",
    "options": " ".join(f"-c {name}={value.replace(' ', chr(92) + ' ')}" for name, value in SESSION.items()),
}


def connect(options: dict, database: str, **other):
    """Return a connection.

    Args:
        options: the module's connection options.
        database: the database.
        other: what is to differ from the options, such as `user` and `password`.

    Raises:
        psycopg2.OperationalError: there is none to be had.
    """
    # What the client library itself has to say is recognised by its words.
    locale.setlocale(locale.LC_MESSAGES, "C")
    settings = {
        "host": options["login_unix_socket"] or options["login_host"],
        "port": options["login_port"],
        "user": options["login_user"],
        "password": options["login_password"],
        "sslmode": options["ssl_mode"],
        "sslrootcert": options["ca_cert"],
        "connect_timeout": options["connect_timeout"],
        "dbname": database,
        **PARAMETERS,
        **other,
    }
    return psycopg2.connect(**{key: value for key, value in settings.items() if value})


def accepts(options: dict, user: str, password: str, where: str) -> bool:
    """Tell whether a role's password is right by logging in with it.

    Args:
        options: the module's connection options.
        user: the role.
        password: what may be its password.
        where: the server, in words.

    Raises:
        PlatformError: the login did not get as far as its password, or the server did not ask for it.
    """
    database, asked = options["login_db"], False
    try:
        connection = connect(options, database, user=user, password=password)
        asked = connection.info.used_password
        connection.close()
    except psycopg2.OperationalError as error:
        answer = str(error).strip()
        first = _first_answer(options, user, database)
        if first.asks_password:
            return not _is_said_to_any_password(options, answer, user, database)
        if not first.lets_in:
            raise failures.of_connecting(answer, first.code, user, database, where) from None
    if not asked:
        raise PlatformError(
            INTEGRATION,
            f"the server lets {user} in without asking for a password, so the declared one cannot be compared",
            "log in as a role that may read pg_authid, or from where the server's pg_hba.conf asks for a password",
            where=where,
        )
    return True


def refusal(options: dict, answer: str, database: str, where: str) -> PlatformError:
    """Return the error for our own login.

    Args:
        options: the module's connection options.
        answer: what the client library says.
        database: the database.
        where: the server, in words.
    """
    user, code = options["login_user"], ""
    if failures.is_from_server(answer):
        first = _first_answer(options, user, database)
        code = first.code
        if first.asks_password and _is_said_to_any_password(options, answer, user, database):
            code = failures.WRONG_PASSWORD
    return failures.of_connecting(answer, code, user, database, where)


def _is_said_to_any_password(options: dict, answer: str, user: str, database: str) -> bool:
    """Tell whether a server that asks for a password refuses a made-up one with the same words.

    What it says to a wrong password it says to any wrong one; what it looks at after it has accepted the password has
    other words.
    """
    try:
        connect(options, database, user=user, password=secrets.token_urlsafe()).close()
    except psycopg2.OperationalError as error:
        return str(error).strip() == answer
    return False


def _first_answer(options: dict, user: str, database: str) -> handshake.FirstAnswer:
    return handshake.first_answer(options, {"user": user, "database": database, **PARAMETERS})
