"""An application behind the proxy: says what it was asked, slowly or piece by piece when it is told to."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import websockets.sync.server


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        received = 0
        while received < length:
            piece = self.rfile.read(min(65536, length - received))
            if not piece:
                return
            received += len(piece)
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        time.sleep(float(asked.get("sleep", 0)))
        if "events" in asked:
            self._send_events(int(asked["events"]))
            return
        seen = {"method": self.command, "path": self.path, "headers": dict(self.headers), "received": received}
        body = json.dumps({**seen, "padding": "x" * int(asked.get("padding", 0))}).encode()
        self.send_response(int(asked.get("status", 200)))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in json.loads(asked.get("headers", "{}")).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _send_events(self, count: int) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number in range(count):
            piece = f"data: {number}\n\n".encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()
            time.sleep(0.5)
        self.wfile.write(b"0\r\n\r\n")

    do_GET = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_HEAD = _answer

    def log_message(self, *_arguments) -> None:
        """Say nothing."""


def _echo(connection) -> None:
    for message in connection:
        connection.send(message)


class Upstream:
    """The application, reachable from containers at `upstream`; `port` speaks HTTP, `websocket_port` WebSocket."""

    def __init__(self) -> None:
        self._http = ThreadingHTTPServer(("0.0.0.0", 0), _Handler)
        self._http.daemon_threads = True
        self._websocket = websockets.sync.server.serve(_echo, "0.0.0.0", 0)
        self.port = self._http.server_address[1]
        self.websocket_port = self._websocket.socket.getsockname()[1]
        for server in (self._http, self._websocket):
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """End it."""
        self._http.shutdown()
        self._http.server_close()
        self._websocket.shutdown()
