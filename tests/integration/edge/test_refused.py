"""Requests that a site refuses from outside: one method at exactly these paths."""

from __future__ import annotations

import pytest
from integration.edge.test_sites import HOST

pytestmark = pytest.mark.integration

# As Chatwoot declares them: Rails takes each of these for one and the same path.
PATHS = ["/api/v1/accounts", "/api/v1/accounts/", "/api/v1/accounts.*"]


@pytest.fixture(scope="module")
def ask(proxy, upstream):
    proxy.load([{"host": HOST, "upstream": f"upstream:{upstream.port}", "refused": {"method": "POST", "paths": PATHS}}])
    return lambda method, path: proxy.ask(HOST, path, method).status


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/accounts",
        "/api/v1/accounts/",
        "/api/v1/accounts//",
        "//api/v1/accounts",
        "/api//v1/accounts",
        "/api/v1/accounts.json",
        "/API/v1/accounts",
        "/api/v1/%61ccounts",
        "/api/v1/accounts?x=1",
        "/x/../api/v1/accounts",
    ],
)
def test_it_is_refused_in_whatever_spelling(ask, path):
    assert ask("POST", path) == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/v1/accounts"), ("POST", "/api/v1/accounts/1/contacts"), ("PUT", "/api/v1/accounts/1")],
)
def test_nothing_else_is(ask, method, path):
    assert ask(method, path) == 200
