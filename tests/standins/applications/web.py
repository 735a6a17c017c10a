"""What the stand-ins share: their variables, a small HTTP server, and what tests may ask of it."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
import typing as t
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# What a container has without anybody's doing.
SURROUNDINGS = re.compile(r"PATH|HOME|HOSTNAME|TZ|LANG|PWD|OLDPWD|SHLVL|TERM|_|LC_\w+|PYTHON\w+|LOGNAME|USER|SHELL")


def check_variables(known: t.Collection[str], required: t.Collection[str]) -> None:
    """Stop where the environment holds what the image does not know, or lacks what the platform must set."""
    unknown = sorted(name for name in os.environ if name not in known and not SURROUNDINGS.fullmatch(name))
    if unknown:
        sys.exit(f"the image does not know {', '.join(unknown)}")
    missing = sorted(name for name in required if not os.environ.get(name))
    if missing:
        sys.exit(f"not set: {', '.join(missing)}")


class Request(t.NamedTuple):
    """What a route gets."""

    path: str
    body: t.Any
    headers: t.Mapping[str, str]
    parts: tuple[str, ...]


class Answer(t.NamedTuple):
    """What a route gives; a text is sent as it is, all else as JSON."""

    status: int
    body: t.Any = None
    headers: dict[str, str] = {}  # noqa: RUF012 - never changed


Route = t.Callable[[Request], Answer]


class Site(ThreadingHTTPServer):
    """Routes by method and pattern: `Site(3000, {("GET", "/things/(.*)"): thing}).run()`.

    Args:
        port: where it listens.
        routes: a route gets the groups of its pattern as `parts`.
        admits: looks at every request first, and may answer instead of the route.
    """

    daemon_threads = True

    def __init__(
        self,
        port: int,
        routes: dict[tuple[str, str], Route],
        admits: t.Callable[[Request], Answer | None] = lambda _request: None,
    ):
        super().__init__(("0.0.0.0", port), Handler)
        self.routes = {
            **routes,
            ("GET", "/_standin/requests"): lambda _request: Answer(200, self.seen),
            ("POST", "/_standin/faults"): self._inject,
        }
        self.admits = admits
        self.seen: list[dict] = []
        self._faults: list[dict] = []

    def _inject(self, request: Request) -> Answer:
        self._faults.append({"times": 1, "status": 500, "headers": {}, **request.body})
        return Answer(200, self._faults)

    def fault(self, path: str) -> Answer | None:
        """Return the injected answer to a path, as often as it was asked for."""
        for fault in self._faults:
            if fault["path"] == path and fault["times"] > 0:
                fault["times"] -= 1
                return Answer(fault["status"], "injected", fault["headers"])
        return None

    def run(self) -> None:
        """Serve until told to stop."""
        signal.signal(signal.SIGTERM, lambda *_signal: threading.Thread(target=self.shutdown).start())
        self.serve_forever(poll_interval=0.2)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Site

    def _handle(self) -> None:
        path = self.path.partition("?")[0]
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        is_control = path.startswith("/_standin/")
        if not is_control:
            self.server.seen.append({"method": self.command, "path": path})
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            return self._send(Answer(400, {"message": "no JSON"}))
        answer = None if is_control else self.server.fault(path)
        return self._send(answer or self._routed(Request(path, body, self.headers, ())))

    def _routed(self, request: Request) -> Answer:
        if not request.path.startswith("/_standin/") and (refused := self.server.admits(request)):
            return refused
        for (method, pattern), route in self.server.routes.items():
            found = re.fullmatch(pattern, request.path)
            if method == self.command and found:
                return route(request._replace(parts=found.groups()))
        return Answer(404, {"message": "not found"})

    def _send(self, answer: Answer) -> None:
        is_text = isinstance(answer.body, str)
        content = (answer.body if is_text else json.dumps(answer.body)).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "text/plain" if is_text else "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _handle
