"""Where instances are reached, and which instance fills which need."""

from __future__ import annotations

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils.endpoints import endpoints_of, with_unknown
from ansible_collections.borgstack.platform.plugins.plugin_utils.instances import roles_of

DATASTORE = {"provides": {"kind": "s3", "container": "seaweedfs", "port": 8333}}
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
