"""One n8n for all tests of this folder."""

from __future__ import annotations

import pytest
from integration.n8n.messages import Messages
from integration.n8n.servers import Editor, Estate


@pytest.fixture(scope="session")
def estate():
    """n8n, which takes any number of logins."""
    made = Estate()
    yield made
    # Whatever the tests made n8n do: its own user of Redis was refused nothing.
    refused = made.ask_redis("ACL", "LOG").splitlines()
    made.remove()
    assert "n8n" not in refused, refused


@pytest.fixture(scope="session")
def editor(estate):
    """Somebody at n8n's editor."""
    return Editor(estate)


@pytest.fixture
def empty(estate, editor):
    """The same n8n without workflows, credentials and tags."""
    editor.clear()
    return estate


@pytest.fixture(scope="module")
def _path(estate, editor, module):
    editor.clear()
    made = Messages(estate, module)
    yield made
    made.close()


@pytest.fixture
def messages(_path):
    """The path of messages, on which nothing has happened yet."""
    _path.clear()
    return _path
