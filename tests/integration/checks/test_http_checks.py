"""http_checks against servers that answer well, badly, slowly, or not at all."""

from __future__ import annotations

import http.server
import json
import socket
import socketserver
import ssl
import subprocess
import threading
import time
from pathlib import Path

import pytest
from patience import free_port, unhurried

pytestmark = pytest.mark.integration

PASSWORD = "Str0ng-Passw0rd!x"


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by path."""

    protocol_version = "HTTP/1.1"

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        size = int(self.headers.get("Content-Length") or 0)
        seen = {"method": self.command, "headers": dict(self.headers), "body": self.rfile.read(size).decode()}
        self.server.seen.append(seen)
        path = self.path.partition("?")[0]
        if path == "/closing":
            self.answer(200, b'{"a": 1}', Connection="close")
        elif path == "/slow":
            time.sleep(3)
            self.answer(200)
        elif path == "/drip":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
            for _ in range(100):
                time.sleep(0.1)
                self.wfile.write(b"x")
        elif path == "/drip-header":
            for _ in range(100):
                time.sleep(0.1)
                self.wfile.write(b"H")
        elif path == "/huge":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
            for _ in range(10**6):
                self.wfile.write(b"x" * 2**16)
        elif path == "/binary":
            self.answer(200, bytes(range(256)))
        elif path == "/garbage":
            self.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
            self.close_connection = True
        elif path == "/cut":
            self.close_connection = True
        elif path == "/chunked":
            self.wfile.write(
                b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n3\r\n 1}\r\n0\r\n\r\n'
            )
        elif path == "/redirect":
            self.answer(302, Location=self.path.partition("?")[2])
        elif path == "/json":
            self.answer(200, json.dumps({"queue": "failing", "token": PASSWORD, "data": [{"active": True}]}).encode())
        else:
            self.answer(404)

    do_POST = do_HEAD = do_GET

    def log_message(self, *_arguments):
        pass

    def handle(self):
        try:
            super().handle()
        except OSError:
            self.close_connection = True


class Server(http.server.ThreadingHTTPServer):
    """An HTTP server on a free port, with TLS where a certificate is given."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, certificate: str | None = None):
        self.seen: list[dict] = []
        super().__init__(("127.0.0.1", 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.place}"

    def handle_error(self, *_arguments):
        pass


class Greeting(socketserver.ThreadingTCPServer):
    """A server that says some bytes, and nothing more."""

    def __init__(self, words: bytes):
        super().__init__(("127.0.0.1", 0), lambda request, *_: request.sendall(words))
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def __exit__(self, *arguments):
        self.shutdown()
        super().__exit__(*arguments)


def make_certificate(folder, name: str, days: int) -> str:
    """Make a self-signed certificate with its key in one file."""
    path = folder / f"{name}-{days}.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-days", str(days)]
    made = subprocess.run([*command, "-keyout", "-", "-out", "-"], check=True, capture_output=True, text=True)
    path.write_text(made.stdout)
    return str(path)


@pytest.fixture(scope="module")
def plain():
    with Server() as server:
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("tls"), "a.example", 30)


@pytest.fixture(scope="module")
def secure(certificate):
    with Server(certificate) as server:
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def ask(module):
    """Carry out checks; `ask({...}, {...})` gives their results."""

    def run(*checks: dict, **options) -> list[dict]:
        named = [{"name": f"check {number}", **check} for number, check in enumerate(checks)]
        answered = module("http_checks", {"checks": named, **options})
        assert not answered.get("failed"), answered
        assert not answered["changed"] and PASSWORD not in json.dumps(answered)
        assert answered["unmet"] == [result["name"] for result in answered["results"] if not result["ok"]]
        return answered["results"]

    return run


def silent_port() -> socket.socket:
    """A port that accepts connections and never says anything."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.listen()
    return listener


def test_each_answer_is_judged_by_itself_and_in_order(ask, plain):
    results = ask(
        {"url": f"{plain.url}/json", "json": {"data.0.active": True}, "contains": "active"},
        {"url": f"{plain.url}/json", "json": {"queue": "ok", "token": "other"}},
        {"url": f"{plain.url}/none"},
        {"url": f"{plain.url}/none", "status": ["100-499"]},
        {"url": f"{plain.url}/binary", "contains": "ABC"},
        {"url": f"{plain.url}/binary", "json": {"a": 1}},
        {"url": f"{plain.url}/chunked", "json": {"a": 1}},
        {"url": f"{plain.url}/json", "method": "HEAD"},
        {"url": f"{plain.url}/closing", "json": {"a": 1}},
    )
    assert [(result["ok"], result["reason"], result["status"]) for result in results] == [
        (True, "", 200),
        (False, "json", 200),
        (False, "status", 404),
        (True, "", 404),
        (True, "", 200),
        (False, "json", 200),
        (True, "", 200),
        (True, "", 200),
        (True, "", 200),
    ]
    assert results[1]["what"] == "queue is 'failing', not 'ok'; token is another text, not 'other'"
    assert results[2]["what"] == "status 404, not 200"


def test_what_is_sent(ask, plain):
    plain.seen.clear()
    headers = {"X-Number": 2, "Authorization": f"Bearer {PASSWORD}", "Host": "b.example"}
    [result] = ask({"url": f"{plain.url}/json", "method": "post", "headers": headers, "body": {"page": 2, "ok": True}})
    [seen] = plain.seen
    assert seen["method"] == "POST" and json.loads(seen["body"]) == {"page": 2, "ok": True}
    assert seen["headers"]["Content-Type"] == "application/json" and seen["headers"]["X-Number"] == "2"
    assert seen["headers"]["Host"] == "b.example"
    # Masking the 2 of the body would have defaced the status.
    assert (result["ok"], result["status"]) == (True, 200)


def test_silence_and_refusal_are_told_within_the_timeout(ask, plain):
    holder = silent_port()
    port = holder.getsockname()[1]
    checks = [
        {"url": f"{plain.url}/slow"},
        {"url": f"{plain.url}/drip", "contains": "yes"},
        {"url": f"{plain.url}/drip-header"},
        {"url": f"http://127.0.0.1:{port}/"},
        {"url": f"https://127.0.0.1:{port}/"},
        {"url": f"http://127.0.0.1:{free_port()}/"},
        {"url": f"{plain.url}/garbage"},
        {"url": f"{plain.url}/cut"},
        {"url": "http://no.such.name.invalid/"},
    ]
    started = time.monotonic()
    results = ask(*[{**check, "timeout": 1} for check in checks])
    assert time.monotonic() - started < unhurried(3)
    assert [result["reason"] for result in results[:8]] == [*["timeout"] * 5, "refused", "protocol", "closed"]
    assert results[8]["reason"] in ("dns", "timeout") and not any(result["ok"] for result in results)
    assert results[5]["what"].endswith("refuses connections")
    holder.close()


def test_all_run_at_the_same_time_as_far_as_there_are_workers(ask, plain):
    def seconds(count: int, workers: int) -> float:
        started = time.monotonic()
        results = ask(*[{"url": f"{plain.url}/slow", "timeout": 1}] * count, workers=workers)
        assert [result["reason"] for result in results] == ["timeout"] * count
        return time.monotonic() - started

    assert seconds(16, 16) < unhurried(2.5)
    assert 3 < seconds(3, 1) < unhurried(6)


def test_a_huge_answer_is_not_read_to_its_end(ask, plain):
    unread, searched, parsed = ask(
        {"url": f"{plain.url}/huge"},
        {"url": f"{plain.url}/huge", "contains": "needle"},
        {"url": f"{plain.url}/huge", "json": {"a": 1}},
    )
    assert unread["ok"] and (searched["reason"], parsed["reason"]) == ("contains", "json")
    assert "larger" in parsed["what"]


def test_redirects_are_followed_when_asked_and_secrets_stay_behind(ask, plain):
    with Server() as other:
        plain.seen.clear()
        headers = {"Authorization": f"Bearer {PASSWORD}"}
        away = {"url": f"{plain.url}/redirect?{other.url}/json", "headers": headers}
        stays, located, wrong, followed, near, loop, odd = ask(
            {**away, "status": [302]},
            {**away, "status": [302], "location": other.url},
            {**away, "status": [302], "location": "https://a.example/"},
            {**away, "follow_redirects": True, "json": {"queue": "failing"}},
            {"url": f"{plain.url}/redirect?/json", "headers": headers, "follow_redirects": True},
            {"url": f"{plain.url}/redirect?/redirect", "follow_redirects": True},
            {"url": f"{plain.url}/redirect?gopher://x", "follow_redirects": True},
        )
        assert all(result["ok"] for result in (stays, located, followed, near))
        assert (wrong["reason"], odd["reason"]) == ("location", "redirect")
        # The last one gives no further address, so the status itself is judged.
        assert loop["reason"] in ("redirect", "status")
        assert [seen["headers"].get("Authorization") for seen in other.seen] == [None]
        assert {seen["headers"].get("Authorization") for seen in plain.seen if seen["headers"]} >= {
            f"Bearer {PASSWORD}"
        }
        other.shutdown()


def test_a_certificate_is_checked_for_the_urls_host_wherever_the_connection_goes(ask, secure, certificate):
    there = {"connect_to": secure.place, "ca_cert": certificate}
    good, soon, unknown, name, unchecked, plain_text = ask(
        {**there, "url": "https://a.example/json", "certificate_days": 29},
        {**there, "url": "https://a.example/json", "certificate_days": 31},
        {"url": "https://a.example/json", "connect_to": secure.place},
        {**there, "url": "https://b.example/json"},
        {"url": "https://b.example/json", "connect_to": secure.place, "validate_certs": False},
        {"url": "http://a.example/json", "connect_to": secure.place, "timeout": 1},
    )
    assert good["ok"] and good["certificate_days"] == 29
    assert {seen["headers"]["Host"] for seen in secure.seen} == {"a.example", "b.example"}
    assert (soon["reason"], unknown["reason"], name["reason"]) == ("certificate",) * 3
    assert "self-signed" in unknown["what"] and "mismatch" in name["what"]
    assert unchecked["ok"] and unchecked["certificate_days"] == 29
    assert not plain_text["ok"]


def test_days_of_a_certificate_beyond_2050_and_tls_where_there_is_none(ask, plain, tmp_path):
    far = make_certificate(tmp_path, "far.example", 36500)
    with Server(far) as server:
        [late] = ask({"url": "https://far.example/json", "connect_to": server.place, "ca_pem": Path(far).read_text()})
        assert late["ok"] and late["certificate_days"] in (36499, 36500)
        server.shutdown()
    [no_tls] = ask({"url": f"https://{plain.place}/", "timeout": 2})
    assert no_tls["reason"] in ("tls", "closed")


def test_bare_connections(ask, plain):
    closed = free_port()
    results = ask(
        {"url": f"tcp://{plain.place}"},
        {"url": f"tcp://{plain.place}", "open": False},
        {"url": f"tcp://127.0.0.1:{closed}"},
        {"url": f"tcp://127.0.0.1:{closed}", "open": False},
    )
    assert [(result["ok"], result["reason"]) for result in results] == [
        (True, ""),
        (False, "open"),
        (False, "refused"),
        (True, ""),
    ]


def test_a_port_that_speaks_http_2_without_encryption_is_told_from_one_that_does_not(ask, plain, secure):
    with Greeting(bytes([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 5, 0, 0, 64, 0])) as open_grpc, Greeting(b"") as ends:
        results = ask(
            {"url": f"h2c://{open_grpc.place}"},
            {"url": f"h2c://{open_grpc.place}", "open": False},
            {"url": f"h2c://{ends.place}", "open": False},
            {"url": f"h2c://{plain.place}", "open": False},
            {"url": f"h2c://{secure.place}", "open": False},
            {"url": f"h2c://{plain.place}"},
            {"url": f"h2c://127.0.0.1:{free_port()}", "open": False},
        )
    assert [(result["ok"], result["reason"]) for result in results] == [
        (True, ""),
        (False, "open"),
        (True, ""),
        (True, ""),
        (True, ""),
        (False, "protocol"),
        (True, ""),
    ]


def test_silence_does_not_prove_that_a_server_refuses(ask):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"127.0.0.1:{silent.getsockname()[1]}"
        [result] = ask({"url": f"h2c://{place}", "open": False, "timeout": 0.5})
    assert (result["ok"], result["reason"]) == (False, "timeout")


def test_check_mode_asks_too_and_bad_input_alone_fails(module, plain):
    checks = [{"name": "a", "url": f"{plain.url}/json?key={PASSWORD}", "headers": {"X-Key": PASSWORD}}]
    assert module("http_checks", {"checks": checks}, check=True)["results"][0]["ok"]
    checks.append({"name": "b", "url": f"gopher://x/{PASSWORD}"})
    refused = module("http_checks", {"checks": checks})
    assert refused.refusal.startswith("[1] configuration error at check b") and PASSWORD not in json.dumps(refused)
    assert module("http_checks", {"checks": []})["results"] == []
