"""What a server says before it knows a password, told by a server that speaks the protocol and nothing else."""

from __future__ import annotations

import socket
import struct
import threading

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.handshake import FirstAnswer, first_answer


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


def request(number: int) -> bytes:
    return message(b"R", struct.pack("!i", number))


REFUSAL = message(b"E", b"SFATAL\0VFATAL\0C57P03\0Mo sistema de banco de dados\0\0")


def options(port: int, **other) -> dict:
    rest = {"login_unix_socket": None, "login_host": "127.0.0.1", "connect_timeout": 2, "ssl_mode": "disable"}
    return {**rest, "login_port": port, **other}


def told(answer: bytes, tls: bytes = b"", **other) -> tuple[FirstAnswer, bytes]:
    heard = []

    def serve(listener: socket.socket) -> None:
        connection, _address = listener.accept()
        with connection:
            heard.append(connection.recv(1024))
            if tls:
                connection.sendall(tls)
                heard.append(connection.recv(1024))
            connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        found = first_answer(options(listener.getsockname()[1], **other), {"user": "u", "database": "d"})
        thread.join()
    return found, heard[-1]


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (request(10), FirstAnswer(asks_password=True)),
        (request(5), FirstAnswer(asks_password=True)),
        (request(3), FirstAnswer(asks_password=True)),
        (request(7), FirstAnswer()),
        (REFUSAL, FirstAnswer(code="57P03")),
        (request(0) + REFUSAL, FirstAnswer(lets_in=True, code="57P03")),
        (request(0) + message(b"S", b"TimeZone\0UTC\0") + message(b"Z", b"I"), FirstAnswer(lets_in=True)),
        (b"", FirstAnswer()),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", FirstAnswer()),
    ],
)
def test_the_first_answer(answer, found):
    assert told(answer)[0] == found


def test_a_session_is_asked_for_and_no_password_is_given():
    _found, heard = told(request(3))
    assert heard == struct.pack("!ii", len(heard), 196608) + b"user\0u\0database\0d\0\0"


def test_a_server_without_tls_is_asked_in_clear():
    assert told(REFUSAL, tls=b"N", ssl_mode="prefer")[0] == FirstAnswer(code="57P03")


def test_a_local_server(tmp_path):
    assert first_answer(options(5432, login_unix_socket=str(tmp_path)), {"user": "u"}) == FirstAnswer()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / ".s.PGSQL.5432"))
        listener.listen()

        def serve() -> None:
            with listener.accept()[0] as connection:
                connection.recv(1024)
                connection.sendall(REFUSAL)

        thread = threading.Thread(target=serve)
        thread.start()
        assert first_answer(options(5432, login_unix_socket=str(tmp_path)), {"user": "u"}).code == "57P03"
        thread.join()
