"""One real Caddy and one application behind it for all tests of the edge."""

from __future__ import annotations

import pytest
from integration.edge.proxy import Proxy
from integration.edge.upstream import Upstream


@pytest.fixture(scope="session")
def upstream():
    """The application."""
    server = Upstream()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def proxy(tmp_path_factory):
    """Caddy."""
    folder = tmp_path_factory.mktemp("caddy")
    folder.chmod(0o755)
    server = Proxy(folder)
    yield server
    server.remove()


@pytest.fixture
def site(proxy, upstream):
    """Publish one site with these keys and return a function that asks it."""

    def publish(settings: dict | None = None, **keys):
        declared = {"host": "app.example.com", "upstream": f"upstream:{upstream.port}", **keys}
        proxy.load([declared], **(settings or {}))
        return lambda path="/", **request: proxy.ask("app.example.com", path, **request)

    return publish
