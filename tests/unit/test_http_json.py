"""JSON over one kept connection, with a server that can close it."""

from __future__ import annotations

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, NETWORK, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.http_json import IDLE, Endpoint


class Echo(BaseHTTPRequestHandler):
    """Answers with the request; remembers it, and the connections it came through."""

    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.server.connections.append(self.connection)

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.server.requests.append((self.command, self.path, body, dict(self.headers)))
        told = b'["told"]' if self.path.endswith("/json") else b"<html>"
        self.send_response(200 if self.path.endswith("/json") else 418)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    do_GET = do_POST = answer

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as made:
        made.connections, made.requests = [], []
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


@pytest.fixture
def endpoint(server):
    made = Endpoint("Thing", f"http://127.0.0.1:{server.server_port}/below/", 2, 2)
    yield made
    made.close()


def drop(server) -> None:
    """Close what is connected, as a server does that is restarted."""
    while server.connections:
        server.connections.pop().shutdown(socket.SHUT_RDWR)


def test_what_is_sent_and_told(endpoint, server):
    answer = endpoint.exchange("POST", "/json", {"a": 1}, {"X-Own": "b"})
    assert (answer.status, answer.document, answer.text) == (200, ["told"], '["told"]')
    method, path, body, headers = server.requests[0]
    assert (method, path, body) == ("POST", "/below/json", '{"a": 1}')
    assert (headers["X-Own"], headers["Content-Type"]) == ("b", "application/json")
    odd = endpoint.exchange("GET", "/other")
    assert (odd.status, odd.document, odd.text) == (418, None, "<html>")
    assert "Content-Type" not in server.requests[1][3]


def test_one_connection_serves_until_it_is_idle(endpoint, server, monkeypatch):
    for _time in range(3):
        endpoint.exchange("POST", "/json", {})
    assert len(server.connections) == 1
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 2 * IDLE)
    endpoint.exchange("POST", "/json", {})
    assert len(server.connections) == 2


def test_only_a_reading_request_is_sent_again_where_the_server_closed(endpoint, server):
    endpoint.exchange("GET", "/json")
    drop(server)
    assert endpoint.exchange("GET", "/json").status == 200
    drop(server)
    with pytest.raises(PlatformError, match="no connection") as failed:
        endpoint.exchange("POST", "/json", {})
    assert (failed.value.category, failed.value.where) == (NETWORK, endpoint.name)
    assert [method for method, *_rest in server.requests] == ["GET", "GET"]
    assert endpoint.exchange("POST", "/json", {}).status == 200


def test_what_does_not_answer():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        with pytest.raises(PlatformError, match="timed out") as failed:
            Endpoint("Thing", f"http://127.0.0.1:{port}", 2, 0.2).exchange("GET", "/")
    assert failed.value.where == f"Thing at http://127.0.0.1:{port}"
    with pytest.raises(PlatformError, match="Connection refused"):
        Endpoint("Thing", f"http://127.0.0.1:{port}", 2, 2).exchange("GET", "/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "ftp://h",
        "http://",
        "http://h:x",
        "http://h:0",
        "http://u:hidden@h",
        "http://h?hidden",
        "http://h#a",
        "http://h\n",
        "http://[x",
    ],
)
def test_what_is_no_address(url):
    with pytest.raises(PlatformError, match="the URL of Thing is not the address") as refused:
        Endpoint("Thing", url, 2, 2)
    assert refused.value.category == CONFIGURATION
    assert "hidden" not in refused.value.message


def test_a_form_is_sent_as_one(server, endpoint):
    endpoint.exchange("POST", "/json", form={"user": "ana", "password": "a&b=c d"})
    ((_method, _path, body, headers),) = server.requests
    assert body == "user=ana&password=a%26b%3Dc+d"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
