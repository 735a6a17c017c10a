"""A proxy before an S3 server: refuses what it is told to, and breaks the connection when it is told to."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import threading

REFUSED = b"<Error><Code>NotImplemented</Code><Message>not in this test</Message></Error>"
READS = ("GET", "HEAD")


class Proxy:
    """Passes requests on as they are; signatures stay valid, because they are made for the proxy's name.

    Attributes:
        url: its address.
        refuses: what it answers with 501, as (method, part of the path).
        left: how many more requests that change something are passed on; none for all.
        silent: whether the last of those is passed on, but not answered.
        changes: the requests that changed something.
    """

    def __init__(self, address: str, port: int):
        self.refuses: list[tuple[str, str]] = []
        self.left: int | None = None
        self.silent = False
        self.changes: list[str] = []
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if any(self.command == method and part in self.path for method, part in proxy.refuses):
                    return self.answer(501, {}, REFUSED)
                if proxy.left is not None and proxy.left <= 0:
                    self.close_connection = True
                    return None
                connection = http.client.HTTPConnection(address, port)
                with contextlib.closing(connection):
                    connection.request(self.command, self.path, body, dict(self.headers))
                    response = connection.getresponse()
                    content = response.read()
                if self.command not in READS:
                    proxy.changes.append(f"{self.command} {self.path}")
                    if proxy.left is not None:
                        proxy.left -= 1
                        if proxy.left == 0 and proxy.silent:
                            self.close_connection = True
                            return None
                return self.answer(response.status, dict(response.headers), content)

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = pass_on

            def answer(self, status, headers, content):
                self.send_response_only(status)
                for name, value in headers.items():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            def log_message(self, *_arguments):
                """Keep the test's output clean."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
