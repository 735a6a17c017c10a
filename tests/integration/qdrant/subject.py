"""What the tests of the Qdrant modules run against: a real server where there is one, otherwise our stand-in.

A real one is named by BORGSTACK_TEST_QDRANT_URL (and BORGSTACK_TEST_QDRANT_API_KEY), and has to be empty; or it is
started from a local image qdrant/qdrant that is not one of our own test images.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import threading
import time
import typing as t
import urllib.error
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, urlsplit

import pytest
from integration.conftest import Container, docker
from integration.processes import unshared
from standins.qdrant.server import StandIn

KEY = unshared("Unseen-api-key-1")
OURS = "borgstack.test.inputs"


class Subject:
    """A server that tests may do anything to.

    Args:
        url: its address.
        key: its key.
        is_real: whether it is Qdrant itself.
    """

    def __init__(self, url: str, key: str, is_real: bool):
        self.url = url
        self.key = key
        self.is_real = is_real

    @property
    def login(self) -> dict:
        """The modules' connection options."""
        return {"url": self.url, "api_key": self.key}

    def call(self, method: str, *path: str, body: dict | None = None, query: str = "") -> t.Any:
        """Send a request past our modules and return its result."""
        address = f"{self.url}/{'/'.join(quote(part, safe='') for part in path)}{query}"
        headers = {"api-key": self.key, "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(address, data=data, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())["result"]

    def names(self) -> list[str]:
        """Return the names of its collections."""
        return sorted(item["name"] for item in self.call("GET", "collections")["collections"])

    def aliases(self) -> dict[str, str]:
        """Return the collection of each alias."""
        return {item["alias_name"]: item["collection_name"] for item in self.call("GET", "aliases")["aliases"]}

    def dump(self) -> dict:
        """Return all that it keeps."""
        kept = {name: self.call("GET", "collections", name) for name in self.names()}
        parts = ("config", "payload_schema", "points_count")
        return {"aliases": self.aliases(), **{name: {part: one[part] for part in parts} for name, one in kept.items()}}

    def clear(self) -> None:
        """Delete all collections, and with them all aliases."""
        for name in self.names():
            self.call("DELETE", "collections", name)

    def add_points(self, name: str, vectors: list) -> None:
        """Add points to a collection."""
        points = [{"id": number, "vector": vector} for number, vector in enumerate(vectors, 1)]
        self.call("PUT", "collections", name, "points", body={"points": points}, query="?wait=true")


def local_image() -> str:
    """Return the tag of a local image of Qdrant that others made, or an empty string."""
    listed = subprocess.run(
        ["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "qdrant/qdrant"],
        check=False,
        text=True,
        capture_output=True,
    )
    tags = listed.stdout.split() if listed.returncode == 0 else []
    ours = [
        tag for tag in tags if docker("image", "inspect", "-f", f'{{{{index .Config.Labels "{OURS}"}}}}', tag).strip()
    ]
    return next((tag for tag in tags if tag not in ours), "")


@contextmanager
def subject() -> t.Iterator[Subject]:
    """Yield the server that the tests of this machine run against."""
    if os.environ.get("BORGSTACK_TEST_QDRANT_URL"):
        found = Subject(
            os.environ["BORGSTACK_TEST_QDRANT_URL"].rstrip("/"),
            os.environ.get("BORGSTACK_TEST_QDRANT_API_KEY", ""),
            is_real=True,
        )
        # Whoever set the variable may have meant another server.
        assert found.names() == [], "the tests delete all collections, so the server has to be empty"
        yield found
        found.clear()
    elif local_image():
        container = Container(local_image(), options=("--env", f"QDRANT__SERVICE__API_KEY={KEY}"))
        try:
            found = Subject(f"http://{container.address}:6333", KEY, is_real=True)
            until_it_answers(found)
            yield found
        finally:
            container.remove()
    else:
        with StandIn(api_key=KEY).running() as server:
            yield Subject(server.url, KEY, is_real=False)


def until_it_answers(found: Subject) -> None:
    """Wait until a server that was just started answers."""
    deadline = time.monotonic() + 60
    while True:
        try:
            found.names()
            return
        except (urllib.error.URLError, OSError, http.client.HTTPException):
            if time.monotonic() > deadline:
                pytest.fail("Qdrant was started and does not answer")
            time.sleep(0.3)


class Cut(ThreadingHTTPServer):
    """A way to a server that is cut after some requests that change something.

    Args:
        url: the server's address.
        allowed: how many requests that change something get through whole.
        arrives: whether the one after those still arrives, and only its answer is lost.
    """

    daemon_threads = True

    def __init__(self, url: str, allowed: int, arrives: bool):
        super().__init__(("127.0.0.1", 0), Forwarder)
        self.target = urlsplit(url)
        self.allowed = allowed
        self.arrives = arrives
        self.url = f"http://127.0.0.1:{self.server_port}"

    @contextmanager
    def running(self) -> t.Iterator[Cut]:
        """Serve until the block ends."""
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield self
        finally:
            self.shutdown()
            self.server_close()


class Forwarder(BaseHTTPRequestHandler):
    """Forwards one request, or lets the connection break."""

    wbufsize = -1
    server: Cut

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        is_last = self.command != "GET" and self.server.allowed == 0
        self.server.allowed -= self.command != "GET" and self.server.allowed > 0
        if is_last and not self.server.arrives:
            self.close_connection = True
            return
        way = http.client.HTTPConnection(self.server.target.netloc, timeout=30)
        headers = {key: value for key, value in self.headers.items() if key.lower() != "host"}
        way.request(self.command, self.path, body or None, headers)
        answer = way.getresponse()
        content = answer.read()
        way.close()
        if is_last:
            self.close_connection = True
            return
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = _forward

    def log_message(self, *arguments) -> None:
        """Keep silent."""
