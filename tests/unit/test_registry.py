"""How registries are asked for digests: names, logins and refusals, against a stand-in that answers as they do."""

from __future__ import annotations

import hashlib
import json
import threading
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils import image_lock
from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.registry import Reference, Registries, parse

MANIFEST = b'{"schemaVersion": 2}'
DIGEST = "sha256:" + hashlib.sha256(MANIFEST).hexdigest()
PASSWORD = "Marker-7"
LOGIN = "Basic " + b64encode(f"robot:{PASSWORD}".encode()).decode()


@pytest.mark.parametrize(
    ("image", "reference"),
    [
        ("caddy:2.10-alpine", Reference("registry-1.docker.io", "library/caddy", "2.10-alpine")),
        ("n8nio/n8n:1.112.6", Reference("registry-1.docker.io", "n8nio/n8n", "1.112.6")),
        ("docker.io/caddy:2", Reference("registry-1.docker.io", "library/caddy", "2")),
        ("mirror.lan:5000/caddy:2", Reference("mirror.lan:5000", "caddy", "2")),
        ("mirror.lan:5000/hub/n8nio/n8n:1", Reference("mirror.lan:5000", "hub/n8nio/n8n", "1")),
        ("localhost/app:1", Reference("localhost", "app", "1")),
    ],
)
def test_names_are_completed_as_docker_does(image, reference):
    assert parse(image) == reference


@pytest.mark.parametrize("image", ["caddy", "mirror.lan:5000/caddy", "caddy:", f"caddy:2@{DIGEST}", ""])
def test_what_has_no_tag_cannot_be_locked(image):
    with pytest.raises(PlatformError, match="not a name with a tag"):
        parse(image)


class StandIn(ThreadingHTTPServer):
    """A stand-in for a registry: one image, behind the kind of login that a test asks for."""

    def __init__(self, login: str = "", says_digest: bool = True, status: int = 200):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.login, self.says_digest, self.status = login, says_digest, status
        self.name = f"127.0.0.1:{self.server_address[1]}"
        self.asked: list[tuple[str, str, str]] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_error):
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        given = self.headers.get("Authorization", "")
        self.server.asked.append((self.command, self.path, given))
        if self.path.startswith("/token"):
            allowed = self.server.login != "login first" or given == LOGIN
            scope = parse_qs(urlsplit(self.path).query)["scope"][0]
            self._answer(200 if allowed else 401, json.dumps({"token": scope}).encode())
        elif self.server.login and given not in ("Bearer repository:app:pull", LOGIN):
            realm = f'Bearer realm="http://{self.server.name}/token",service="stand-in",scope="ignored"'
            self._answer(401, b"", {"WWW-Authenticate": "Basic" if self.server.login == "basic" else realm})
        else:
            assert "application/vnd.oci.image.index.v1+json" in self.headers["Accept"]
            self._answer(
                self.server.status, MANIFEST, {"Docker-Content-Digest": DIGEST} if self.server.says_digest else {}
            )

    do_HEAD = do_GET

    def _answer(self, status: int, body: bytes, headers: dict | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_arguments) -> None:
        """Say nothing."""


@pytest.mark.parametrize("says_digest", [True, False])
def test_a_registry_that_anybody_may_ask(says_digest):
    with StandIn(says_digest=says_digest) as registry:
        assert Registries(5).digest(f"{registry.name}/app:1") == DIGEST
        assert [verb for verb, *_ in registry.asked] == (["HEAD"] if says_digest else ["HEAD", "GET"])


def test_a_token_is_fetched_where_one_is_wanted():
    with StandIn(login="token") as registry:
        assert Registries(5).digest(f"{registry.name}/app:1") == DIGEST
        token = next(path for _verb, path, _given in registry.asked if path.startswith("/token"))
        assert parse_qs(urlsplit(token).query) == {"service": ["stand-in"], "scope": ["repository:app:pull"]}


@pytest.mark.parametrize("login", ["basic", "login first"])
def test_credentials_are_given_to_their_own_registry_only(login):
    with StandIn(login=login) as registry:
        credentials = {registry.name: {"username": "robot", "password": PASSWORD}}
        assert Registries(5, credentials=credentials).digest(f"{registry.name}/app:1") == DIGEST
        others = {"other.example:5000": {"username": "robot", "password": PASSWORD}}
        registry.asked.clear()
        with pytest.raises(PlatformError, match="does not let us see it") as refusal:
            Registries(5, credentials=others).digest(f"{registry.name}/app:1")
        assert refusal.value.category == 5
        assert LOGIN not in [given for *_, given in registry.asked]


@pytest.mark.parametrize(("status", "category", "words"), [(404, 1, "has no app:1"), (429, 3, "429"), (503, 3, "503")])
def test_refusals_say_what_to_do(status, category, words):
    with StandIn(status=status) as registry, pytest.raises(PlatformError, match=words) as refusal:
        Registries(5).digest(f"{registry.name}/app:1")
    assert refusal.value.category == category


def test_a_registry_that_does_not_answer():
    with StandIn() as registry:
        name = registry.name
    with pytest.raises(PlatformError, match=f"the registry {name} does not answer") as refusal:
        Registries(2).digest(f"{name}/app:1")
    assert refusal.value.category == 3


def test_another_machine_is_never_asked_without_tls_unless_told():
    assert Registries(1)._scheme("mirror.lan:5000") == "https"
    assert Registries(1, insecure=["mirror.lan:5000"])._scheme("mirror.lan:5000") == "http"
    assert {Registries(1)._scheme(name) for name in ("127.0.0.1:5000", "localhost:5000", "[::1]:5000")} == {"http"}


def test_a_lock_file_is_read_back_as_it_was_written(tmp_path):
    path = str(tmp_path / "all" / "images.lock.yml")
    for digests in ({"b:1": DIGEST, "a/b:1": DIGEST}, {}):
        image_lock.write(path, digests)
        assert image_lock.read(path) == digests
    assert [entry.name for entry in (tmp_path / "all").iterdir()] == ["images.lock.yml"]


def test_the_mirror_is_asked_instead_of_an_images_own_registry():
    asked = []
    image_lock.resolve(
        ["caddy:2", "caddy:2", f"x:1@{DIGEST}"], "mirror.lan:5000", lambda name: asked.append(name) or ""
    )
    assert asked == ["mirror.lan:5000/caddy:2"]
