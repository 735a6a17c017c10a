"""Needs of one PostgreSQL server, sorted by database."""

from __future__ import annotations

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils.databases import databases_of, migrations_of, roles_of

STEP = {"version": "1", "name": "first", "sql": "select 1"}
OWN = {"role": {"name": "n8n_user"}, "database": {"name": "n8n_db", "owner": "n8n_user", "extensions": [{"name": "a"}]}}


def test_a_database_that_several_need_is_there_once():
    guest = {"database": {"name": "n8n_db", "extensions": [{"name": "a"}, {"name": "b"}]}}
    other = {"database": {"name": "other", "owner": "o"}}
    assert databases_of([guest, OWN, other]) == [
        {"name": "n8n_db", "owner": "n8n_user", "extensions": [{"name": "a"}, {"name": "b"}]},
        other["database"],
    ]
    assert OWN["database"]["extensions"] == [{"name": "a"}]


def test_a_database_of_somebody_else_is_not_made():
    assert databases_of([{"database": {"name": "n8n_db"}, "migrations": [STEP], "run_as": "n8n_user"}]) == []


def test_services_that_contradict_each_other_are_refused():
    with pytest.raises(PlatformError, match="its owner to be 'n8n_user' and 'x'") as refusal:
        databases_of([OWN, {"database": {"name": "n8n_db", "owner": "x"}}])
    assert (refusal.value.category, refusal.value.where) == (1, "database n8n_db")


def test_migrations_run_as_the_role_that_is_named_or_the_needs_own():
    guest = {"database": {"name": "n8n_db"}, "migrations": [STEP], "run_as": "n8n_user", "schema": "wiring"}
    assert migrations_of([OWN, {**OWN, "migrations": []}, {**OWN, "migrations": [STEP]}, guest]) == [
        {"name": "n8n_db", "role": "n8n_user", "migrations": [STEP]},
        {"name": "n8n_db", "role": "n8n_user", "schema": "wiring", "migrations": [STEP]},
    ]


def test_migrations_of_nobody_are_refused():
    with pytest.raises(PlatformError, match="neither role nor run_as"):
        migrations_of([{"database": {"name": "d"}, "migrations": [STEP]}])


def test_a_role_holds_a_share_of_the_connections_unless_it_says_otherwise():
    needs = [{"role": {"name": "app"}}, {"role": {"name": "large", "connection_limit": 150}}, {"database": {}}]
    assert roles_of(needs, 80) == [
        {"name": "app", "connection_limit": 80},
        {"name": "large", "connection_limit": 150},
    ]
