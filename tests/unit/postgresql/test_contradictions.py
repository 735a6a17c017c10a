"""What one declaration says and denies is refused, whichever options say it, before anything is connected to."""

from __future__ import annotations

import pytest
from unit.postgresql.test_databases import database, found, grant, server, words

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import databases


def absent(*arguments, **declared) -> dict:
    return grant(*arguments, state="absent", **declared)


@pytest.mark.parametrize(
    "declared",
    [
        {"privileges": [grant("database", "CONNECT"), absent("database", "CONNECT")]},
        {"privileges": [grant("all_tables", "SELECT", "INSERT"), absent("all_tables", "ALL")]},
        {"privileges": [grant("database", "TEMP"), absent("database", "TEMPORARY")]},
        {"owner": "o", "privileges": [grant("default", "SELECT"), absent("default", "SELECT", creator="o")]},
        {"revoke_public": True, "privileges": [grant("database", "CONNECT", role="PUBLIC")]},
        {"revoke_public": True, "privileges": [grant("database", "TEMP", role="PUBLIC")]},
        {"revoke_public": True, "privileges": [grant("schema", "USAGE", "CREATE", role="PUBLIC")]},
    ],
)
def test_what_is_to_be_held_and_not_to_be_is_refused(declared):
    with pytest.raises(PlatformError, match="contradict each other") as refusal:
        databases.check([database(**declared)])
    assert (refusal.value.category, refusal.value.where) == (CONFIGURATION, "database d")


def test_the_items_that_contradict_each_other_are_named():
    grants = [grant("schema", "USAGE"), absent("database", "CONNECT"), grant("database", "CONNECT")]
    with pytest.raises(PlatformError, match=r"privileges\[1\] and privileges\[2\] contradict each other: reader is"):
        databases.check([database(privileges=grants)])
    with pytest.raises(PlatformError, match=r"revoke_public and privileges\[0\] contradict each other: PUBLIC is"):
        databases.check([database(revoke_public=True, privileges=[grant("database", "CONNECT", role="PUBLIC")])])


def test_the_owner_that_is_found_counts_as_creator():
    grants = [grant("default", "SELECT"), absent("default", "SELECT", creator="o")]
    databases.check([database(privileges=grants)])
    with pytest.raises(PlatformError, match="contradict each other"):
        words(database(privileges=grants), server(found()))


@pytest.mark.parametrize(
    "declared",
    [
        {"privileges": [grant("database", "CONNECT"), absent("database", "CREATE")]},
        {"privileges": [grant("all_tables", "SELECT"), absent("all_tables", "SELECT", role="other")]},
        {"privileges": [grant("all_tables", "SELECT"), absent("all_tables", "SELECT", schema="other")]},
        {"privileges": [grant("default", "SELECT"), absent("default", "SELECT", objects="sequences")]},
        {"privileges": [grant("all_tables", "MAINTAIN"), grant("all_tables", "MAINTAIN")]},
        {"revoke_public": True, "privileges": [grant("schema", "USAGE", role="PUBLIC")]},
        {"revoke_public": True, "privileges": [absent("database", "CONNECT", role="PUBLIC")]},
        {"privileges": [grant("database", "CONNECT", role="PUBLIC")]},
    ],
)
def test_what_only_looks_alike_is_no_contradiction(declared):
    databases.check([database(**declared)])


def test_what_is_declared_twice_is_granted_once():
    twice = [grant("database", "CONNECT", "CREATE"), grant("database", "CONNECT")]
    granted = ["create database d", "grant CONNECT, CREATE on database d to reader"]
    assert words(database(privileges=twice), server()) == granted
    more = [*twice, grant("database", "CONNECT", grant_option=True)]
    assert words(database(privileges=more), server()) == [
        *granted,
        "grant CONNECT on database d to reader with grant option",
    ]


@pytest.mark.parametrize("key", ["settings", "role_settings"])
def test_a_setting_in_two_spellings_is_refused(key):
    both = {"work_mem": "1MB", "Work_Mem": "2MB"}
    with pytest.raises(PlatformError, match="the settings work_mem and Work_Mem are the same"):
        databases.check([database(**{key: both if key == "settings" else {"r": both}})])


@pytest.mark.parametrize("limit", [-2, -100])
def test_a_limit_below_none_is_refused(limit):
    with pytest.raises(PlatformError, match=f"its connection limit is {limit}"):
        databases.check([database(connection_limit=limit)])
