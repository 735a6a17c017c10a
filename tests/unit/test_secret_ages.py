"""Since when a secret is as it is, noted inside of the vaulted file."""

from __future__ import annotations

import datetime
import json

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.borgstack.platform.plugins.plugin_utils.secret_ages import NOTES, Since, ages, renewed
from ansible_collections.borgstack.platform.plugins.plugin_utils.secret_file import SecretFile
from ansible_collections.borgstack.platform.plugins.plugin_utils.secret_store import SecretStore

DAY, LATER = datetime.date(2026, 5, 1), datetime.date(2026, 11, 29)
VAULT = VaultLib([("default", VaultSecret(b"one"))])


def today() -> datetime.date:
    return datetime.datetime.now(datetime.timezone.utc).date()


def test_what_is_written_is_as_it_is_since_that_day():
    notes = renewed({}, {"a": "1", "b": "2"}, "", DAY)
    notes = renewed({"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": "4"}, notes, LATER)
    assert ages({"a": "1", "b": "3", "c": "4"}, notes) == {"a": Since(DAY), "b": Since(LATER), "c": Since(LATER)}
    assert "2" not in json.loads(renewed({"b": "3"}, {}, notes, LATER))


def test_nobody_knows_the_age_of_what_was_there_before_or_was_changed_by_hand():
    notes = renewed({"old": "x"}, {"old": "x", "a": "1"}, "", DAY)
    assert ages({"old": "x", "a": "by hand"}, notes) == {"old": Since(), "a": Since(changed_after=DAY)}
    # Another secret is written: that says nothing of these.
    notes = renewed({"old": "x", "a": "by hand"}, {"old": "x", "a": "by hand", "b": "2"}, notes, LATER)
    assert ages({"old": "x", "a": "by hand"}, notes) == {"old": Since(), "a": Since(changed_after=DAY)}


@pytest.mark.parametrize(
    "notes", ["x", "[]", '{"a": 1}', '{"a": ["2026-13-01", "x"]}', '{"a": ["2026-01-01"]}', "null"]
)
def test_notes_that_somebody_spoilt_say_nothing(notes):
    assert ages({"a": "1"}, notes) == {"a": Since()}
    assert ages({"a": "2"}, renewed({"a": "1"}, {"a": "2"}, notes, DAY)) == {"a": Since(DAY)}


def test_the_file_keeps_them_out_of_sight(tmp_path):
    path = tmp_path / "vault.yml"
    path.write_bytes(VAULT.encrypt("old: kept\n"))
    file = SecretFile(str(path), VAULT)
    assert file.ages() == {"old": Since()}
    store = SecretStore(file, {}, "make")
    made = store.get("made", "password")
    assert file.read() == {"old": "kept", "made": made}
    assert file.ages() == {"old": Since(), "made": Since(today())}
    inside = yaml.safe_load(VAULT.decrypt(path.read_bytes()))
    # A text as all others: an older version of the collection keeps it.
    assert isinstance(inside[NOTES], str) and made not in inside[NOTES]


def test_a_store_sees_what_others_changed_meanwhile(tmp_path):
    path = tmp_path / "vault.yml"
    store = SecretStore(SecretFile(str(path), VAULT), {}, "make")
    former = store.get("a", "password")
    SecretFile(str(path), VAULT).write({"a": "Another-1-password"})
    assert former != store.get("a", "password") == "Another-1-password"
