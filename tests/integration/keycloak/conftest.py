"""Keycloak as its role runs it, with PostgreSQL; one server for all tests of a file."""

from __future__ import annotations

from integration.services.conftest import compose_environment, deploy

__all__ = ["compose_environment", "deploy"]
