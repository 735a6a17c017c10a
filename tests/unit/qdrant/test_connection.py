"""The connection: what is asked for, and how answers are told."""

from __future__ import annotations

from email.message import Message

import pytest
from standins.qdrant.server import StandIn

from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CATEGORIES,
    CONFIGURATION,
    DATA,
    INTEGRATION,
    PREREQUISITE,
    SERVICE_STARTUP,
    PlatformError,
)
from ansible_collections.borgstack.platform.plugins.module_utils.http_json import Answer
from ansible_collections.borgstack.platform.plugins.module_utils.qdrant import connection

OPTIONS = {"api_key": "Key-1", "ca_cert": None, "validate_certs": True, "connect_timeout": 2}


@pytest.fixture
def standin():
    with StandIn(api_key="Key-1").running() as server:
        yield server


@pytest.fixture
def server(standin):
    found = connection.Server({**OPTIONS, "url": f"{standin.url}/"})
    yield found
    found.close()


def test_any_name_arrives_as_it_is(server, standin):
    for name in ("a b", "%2F", "50%", "#?&=+", "é用", "{x}", ".hidden", "..x", "\n"):
        if "?" not in name:
            assert server.call("PUT", ["collections", name], {})
            assert name in standin.store.collections
        assert server.call("GET", ["collections", f"no {name}"], absent=True) is None


@pytest.mark.parametrize(
    ("status", "text", "category", "told"),
    [
        (
            400,
            '{"status": {"error": "Wrong input: x"}}',
            CONFIGURATION,
            "refuses the request (HTTP 400: Wrong input: x)",
        ),
        (401, "Invalid API key or JWT", INTEGRATION, "refuses the API key (HTTP 401: Invalid API key or JWT)"),
        (403, "Invalid api-key", INTEGRATION, "refuses the API key (HTTP 403: Invalid api-key)"),
        (403, '{"status": {"error": "Forbidden: x"}}', INTEGRATION, "may not do this (HTTP 403: Forbidden: x)"),
        (404, '{"status": {"error": "Not found: x"}}', DATA, "does not exist any more (HTTP 404: Not found: x)"),
        (409, '{"status": {"error": "exists"}}', DATA, "somebody else may have made it at the same time"),
        (422, '{"status": {"error": "Validation error"}}', CONFIGURATION, "Validation error"),
        (429, '{"status": {"error": "slow"}}', SERVICE_STARTUP, "limits the rate"),
        (500, '{"status": {"error": "Service internal error"}}', SERVICE_STARTUP, "the server failed (HTTP 500"),
        (502, "<html><body>nginx</body></html>", SERVICE_STARTUP, "the server failed (HTTP 502)"),
        (503, '{"status": "already_in_progress"}', SERVICE_STARTUP, "not ready (HTTP 503: already_in_progress)"),
        (507, "", PREREQUISITE, "no space left (HTTP 507)"),
        (302, "", CONFIGURATION, "redirects elsewhere (HTTP 302)"),
        (200, "[]", CONFIGURATION, "refuses the request (HTTP 200: [])"),
    ],
)
def test_answers_in_words(server, monkeypatch, status, text, category, told):
    monkeypatch.setattr(server._endpoint, "exchange", lambda *_request: Answer(status, Message(), text))
    with pytest.raises(PlatformError) as refused:
        server.call("GET", ["collections"])
    assert (CATEGORIES[refused.value.category], told in refused.value.what) == (CATEGORIES[category], True), (
        refused.value
    )


@pytest.mark.parametrize(
    ("version", "reason"), [("1.9.9", "too old"), ("0.11", "too old"), ("x", "is not Qdrant"), ("1", "is not Qdrant")]
)
def test_versions(version, reason):
    with StandIn(version=version).running() as other, pytest.raises(PlatformError, match=reason):
        connection.Server({**OPTIONS, "url": other.url})


def test_the_version_is_known(server):
    assert server.version == (1, 20)


@pytest.mark.parametrize("key", ["two words", "é", "a\nb"])
def test_keys_that_no_header_can_hold(standin, key):
    with pytest.raises(PlatformError, match="holds a space"):
        connection.Server({**OPTIONS, "url": standin.url, "api_key": key})


def test_certificate_authorities(tmp_path):
    odd = tmp_path / "odd.pem"
    odd.write_text("nothing")
    for path, reason in ((odd, "cannot be read"), (tmp_path / "none", "there is no file")):
        with pytest.raises(PlatformError, match=reason):
            connection.Server({**OPTIONS, "url": "https://127.0.0.1:1", "ca_cert": str(path)})
    with pytest.raises(PlatformError, match="no connection"):
        connection.Server({**OPTIONS, "url": "https://127.0.0.1:1"})


def test_tls_to_a_server_without_it(standin):
    with pytest.raises(PlatformError, match="TLS fails"):
        connection.Server({**OPTIONS, "url": standin.url.replace("http", "https"), "validate_certs": False})
