"""What no real server does on demand: one that answers as it is told, and a way to a real one that breaks."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import typing as t


def commands_of(stream: t.BinaryIO) -> t.Iterator[tuple[list[str], bytes]]:
    """Read commands as clients send them: each in words and as it was sent."""
    while True:
        head = stream.readline()
        if not head.startswith(b"*"):
            return
        raw, words = head, []
        for _word in range(int(head[1:])):
            length = stream.readline()
            word = stream.read(int(length[1:]) + 2)
            raw += length + word
            words.append(word[:-2].decode())
        yield words, raw


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextlib.contextmanager
def _listening(serve: t.Callable[[socketserver.StreamRequestHandler], None]) -> t.Iterator[int]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            with contextlib.suppress(OSError):
                serve(self)

    with _Listener(("127.0.0.1", 0), Handler) as listener:
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield listener.server_address[1]
        finally:
            listener.shutdown()
            thread.join()


@contextlib.contextmanager
def answering(answer: t.Callable[[str], str]) -> t.Iterator[dict]:
    """Run a server that sends `answer("ACL LIST")` and the like, in the protocol's spelling; yield how to reach it."""

    def serve(handler: socketserver.StreamRequestHandler) -> None:
        for words, _raw in commands_of(handler.rfile):
            handler.wfile.write(answer(" ".join(words[:2]).upper()).encode())

    with _listening(serve) as port:
        yield {"login_host": "127.0.0.1", "login_port": port}


@contextlib.contextmanager
def breaking(host: str, count: int, is_carried_out: bool) -> t.Iterator[tuple[dict, list[str]]]:
    """Run a way to a server that breaks at a command, for good; yield how to reach it and the commands that it saw.

    Args:
        host: the server.
        count: at which command, counted from 1.
        is_carried_out: whether the server still gets that command, or only those before it.
    """
    seen: list[str] = []

    def serve(handler: socketserver.StreamRequestHandler) -> None:
        with socket.create_connection((host, 6379)) as server, contextlib.closing(server.makefile("rb")) as answers:
            for words, raw in commands_of(handler.rfile):
                seen.append(" ".join(words[:3]))
                if len(seen) < count or (len(seen) == count and is_carried_out):
                    server.sendall(raw)
                    answer = answer_of(answers)
                if len(seen) >= count:
                    return
                handler.wfile.write(answer)

    with _listening(serve) as port:
        yield {"login_host": "127.0.0.1", "login_port": port}, seen


def answer_of(stream: t.BinaryIO) -> bytes:
    """Read one answer of a server."""
    line = stream.readline()
    kind, length = line[:1], line[1:].strip()
    if kind in b"$=" and length != b"-1":
        return line + stream.read(int(length) + 2)
    parts = int(length) * (2 if kind == b"%" else 1) if kind in b"*%~>" else 0
    return line + b"".join(answer_of(stream) for _part in range(parts))
