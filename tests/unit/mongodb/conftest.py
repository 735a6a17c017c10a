"""A stand-in for MongoDB in this process; see tests/standins/mongodb/README.md."""

from __future__ import annotations

import contextlib

import pytest
from standins.mongodb.server import Settings, StandIn

ADMIN = {"login_user": "admin", "login_password": "Administrator-1"}


@pytest.fixture
def standin():
    """Start stand-ins: `standin(version=(7, 0, 1))` has an administrator, `standin(admin=False)` has no user."""
    with contextlib.ExitStack() as running:

        def start(admin: bool = True, certificate: str = "", **settings) -> StandIn:
            played = Settings(**settings)
            if admin:
                played.store.create("admin", "admin", {"pwd": ADMIN["login_password"], "roles": ["root"]})
            return running.enter_context(StandIn(played, certificate=certificate))

        yield start


@pytest.fixture
def login():
    """Return the connection options for a stand-in's administrator."""

    def options(server: StandIn, **changes) -> dict:
        usual = {
            "connect_timeout": 2,
            "login_host": "127.0.0.1",
            "login_port": server.port,
            "login_database": "admin",
            "replica_set": None,
            "tls": False,
            "ca_cert": None,
            "validate_certs": True,
        }
        return {**usual, **ADMIN, **changes}

    return options
