"""MongoDB's wire protocol, as far as it takes to log in and to run commands: OP_MSG, and OP_QUERY for hello."""

from __future__ import annotations

import socket
import struct
import typing as t

import bson

OP_REPLY, OP_QUERY, OP_MSG = 1, 2004, 2013
HEADER = struct.Struct("<iiii")
MORE_TO_COME = 1 << 1
MAX_MESSAGE = 48000000


class Request(t.NamedTuple):
    """One request: the command with its `$db`, and what an answer to it needs."""

    command: dict
    request_id: int
    operation: int
    wants_answer: bool


class Broken(Exception):
    """The client sent what is not understood; its connection is closed, as mongod does."""


def receive(connection: socket.socket) -> Request | None:
    """Return the next request, or none where the client has gone."""
    head = _exactly(connection, HEADER.size)
    if head is None:
        return None
    length, request_id, _response_to, operation = HEADER.unpack(head)
    if not HEADER.size < length <= MAX_MESSAGE:
        raise Broken(f"a message of {length} bytes")
    body = _exactly(connection, length - HEADER.size)
    if body is None:
        return None
    if operation == OP_MSG:
        return _of_message(body, request_id)
    if operation == OP_QUERY:
        return _of_query(body, request_id)
    raise Broken(f"operation {operation}")


def _of_message(body: bytes, request_id: int) -> Request:
    (flags,) = struct.unpack_from("<I", body)
    if flags & ~MORE_TO_COME & 0xFFFF:
        raise Broken(f"flags {flags:x}")
    command, sequences = {}, {}
    place = 4
    while place < len(body):
        kind, (size,) = body[place], struct.unpack_from("<i", body, place + 1)
        section = body[place + 1 : place + 1 + size]
        if kind == 0:
            command = bson.decode(section)
        elif kind == 1:
            name, _zero, documents = section[4:].partition(b"\0")
            sequences[name.decode()] = bson.decode_all(documents)
        else:
            raise Broken(f"a section of kind {kind}")
        place += 1 + size
    return Request({**command, **sequences}, request_id, OP_MSG, not flags & MORE_TO_COME)


def _of_query(body: bytes, request_id: int) -> Request:
    collection, _zero, rest = body[4:].partition(b"\0")
    command = bson.decode(rest[8:])
    if collection != b"admin.$cmd" or next(iter(command)).lower() not in ("ismaster", "hello"):
        raise Broken("OP_QUERY is for the first hello only, as it is since MongoDB 5.1")
    return Request({**command, "$db": "admin"}, request_id, OP_QUERY, True)


def answer(connection: socket.socket, request: Request, document: dict) -> None:
    """Send the answer to a request."""
    encoded = bson.encode(document)
    if request.operation == OP_QUERY:
        operation, body = OP_REPLY, struct.pack("<iqii", 8, 0, 0, 1) + encoded
    else:
        operation, body = OP_MSG, struct.pack("<IB", 0, 0) + encoded
    connection.sendall(HEADER.pack(HEADER.size + len(body), 0, request.request_id, operation) + body)


def _exactly(connection: socket.socket, count: int) -> bytes | None:
    received = b""
    while len(received) < count:
        part = connection.recv(count - len(received))
        if not part:
            return None
        received += part
    return received
