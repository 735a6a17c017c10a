# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The first words that a server has for a client, with the SQLSTATE that the client library keeps to itself.

While a connection is made, the library tells the server's sentence alone, which is in the server's language. Here as
much of the protocol is spoken as it takes to hear the code: no password is ever sent.
"""

from __future__ import annotations

import os
import socket
import ssl
import struct
import typing as t

PROTOCOL = 196608
ASK_FOR_TLS = struct.pack("!ii", 8, 80877103)
# What the server's request for a password may be: in clear, as MD5, by SASL.
PASSWORD_REQUESTS = (3, 5, 10)
# Where the client library looks for a local server, in Debian's and in PostgreSQL's own builds.
SOCKET_FOLDERS = ("/var/run/postgresql", "/tmp")
LONGEST_MESSAGE = 65536


class FirstAnswer(t.NamedTuple):
    """What a server has to say before it knows a password.

    Attributes:
        asks_password: whether it asks for one.
        lets_in: whether it lets the role in without one.
        code: the SQLSTATE of its refusal, if it refuses; empty also where nothing was heard.
    """

    asks_password: bool = False
    lets_in: bool = False
    code: str = ""


def first_answer(options: dict, parameters: dict[str, str]) -> FirstAnswer:
    """Ask a server for a session, and stop where it asks for a password.

    Args:
        options: the module's connection options.
        parameters: what the session would be, such as `user` and `database`.
    """
    try:
        with _connected(options) as connection:
            parts = [text.encode() + b"\0" for pair in parameters.items() for text in pair]
            body = struct.pack("!i", PROTOCOL) + b"".join(parts) + b"\0"
            connection.sendall(struct.pack("!i", len(body) + 4) + body)
            with connection.makefile("rb") as answers:
                return _heard(answers)
    except (OSError, ValueError, struct.error):
        return FirstAnswer()


def _connected(options: dict) -> socket.socket:
    host, port = options["login_unix_socket"] or options["login_host"], options["login_port"]
    if host and not host.startswith("/"):
        connection = socket.create_connection((host, port), options["connect_timeout"])
        return connection if options["ssl_mode"] == "disable" else _ciphered(connection)
    places = [f"{folder}/.s.PGSQL.{port}" for folder in ([host] if host else SOCKET_FOLDERS)]
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(options["connect_timeout"])
    connection.connect(next((place for place in places if os.path.exists(place)), places[0]))
    return connection


def _ciphered(connection: socket.socket) -> socket.socket:
    """Return the connection under TLS where the server has it, for it may have other rules there."""
    connection.sendall(ASK_FOR_TLS)
    if connection.recv(1) != b"S":
        return connection
    # Nothing secret passes, so it does not matter who answers.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(connection)


def _heard(answers: t.BinaryIO) -> FirstAnswer:
    lets_in = False
    while True:
        kind, length = struct.unpack("!ci", answers.read(5))
        body = answers.read(min(length - 4, LONGEST_MESSAGE))
        if kind == b"E":
            fields = {field[:1]: field[1:] for field in body.split(b"\0")}
            return FirstAnswer(lets_in=lets_in, code=fields.get(b"C", b"").decode("ascii", "replace"))
        if kind == b"R":
            request = struct.unpack("!i", body[:4])[0]
            if request:
                return FirstAnswer(asks_password=request in PASSWORD_REQUESTS)
            lets_in = True
        elif kind == b"Z":
            return FirstAnswer(lets_in=True)
