"""One n8n for all tests of this folder."""

from __future__ import annotations

import pytest
from integration.n8n.servers import Editor, Estate


@pytest.fixture(scope="session")
def estate():
    """n8n, which takes any number of logins."""
    made = Estate()
    yield made
    made.remove()


@pytest.fixture(scope="session")
def editor(estate):
    """Somebody at n8n's editor."""
    return Editor(estate)


@pytest.fixture
def empty(estate, editor):
    """The same n8n without workflows, credentials and tags."""
    editor.clear()
    return estate
