"""Where instances are reached, and which instance fills which need."""

from __future__ import annotations

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils.endpoints import (
    connections,
    endpoints_of,
    with_unknown,
)
from ansible_collections.borgstack.platform.plugins.plugin_utils.instances import roles_of

DATASTORE = {"provides": {"kind": "s3", "container": "seaweedfs", "port": 8333}}
SQL = {
    "provides": {"kind": "postgresql", "container": "db", "port": 5432},
    "published": [{"container": "db", "port": 5433, "container_port": 5432, "bind": ["127.0.0.1"]}],
}
NEED = {
    "kind": "postgresql",
    "instance": "db",
    "role": {"name": "chat", "password": "a/b:c@d"},
    "database": {"name": "chat_db"},
}
ENDPOINT = {"host": "seaweedfs", "port": 8333, "address": "seaweedfs:8333"}


def test_only_what_provides_something_is_reached():
    assert endpoints_of({"seaweedfs": DATASTORE, "n8n": {}}) == {"seaweedfs": ENDPOINT}


def test_an_instance_that_does_not_exist_can_be_named_until_all_is_judged():
    known = with_unknown({"seaweedfs": ENDPOINT}, ["seaweedfs", "nowhere"])
    assert known["seaweedfs"] == ENDPOINT and known["nowhere"]["host"] == "nowhere"


def test_uses_are_settings_of_the_role():
    named = {"keycloak": {"role": "keycloak", "uses": {"postgresql": "postgres-infra"}, "memory_limit_mb": 900}}
    assert roles_of(named) == {
        "keycloak": {"keycloak": {"postgresql_instance": "postgres-infra", "memory_limit_mb": 900}}
    }


def test_uses_that_are_no_dictionary_are_refused():
    with pytest.raises(PlatformError, match="what it uses is no dictionary"):
        roles_of({"keycloak": {"role": "keycloak", "uses": ["postgres-infra"]}})


def test_what_is_published_is_reached_from_the_host_at_its_own_port():
    (found,) = endpoints_of({"db": SQL}).values()
    assert (found["address"], found["on_host"]["address"]) == ("db:5432", "127.0.0.1:5433")


def test_a_program_of_the_host_is_told_how_it_logs_in():
    found = connections([NEED, {"kind": "redis", "instance": "cache"}], endpoints_of({"db": SQL}))
    assert found == {
        "POSTGRESQL_HOST": "127.0.0.1",
        "POSTGRESQL_PORT": "5433",
        "POSTGRESQL_DATABASE": "chat_db",
        "POSTGRESQL_USER": "chat",
        "POSTGRESQL_PASSWORD": "a/b:c@d",
        "POSTGRESQL_URL": "postgresql://chat:a%2Fb%3Ac%40d@127.0.0.1:5433/chat_db",
    }


def test_a_second_database_has_names_of_its_own_and_one_that_is_not_published_its_container():
    hidden = {"other": {"provides": {"kind": "postgresql", "container": "other", "port": 5432}}}
    found = connections([NEED, {**NEED, "instance": "other"}], endpoints_of({"db": SQL, **hidden}))
    assert (found["POSTGRESQL_HOST"], found["POSTGRESQL_2_HOST"]) == ("127.0.0.1", "other")
