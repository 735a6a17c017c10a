"""Secrets: made by policy, kept, and refused where they are weak, reused or unreadable."""

from __future__ import annotations

import os

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils.secret_file import SecretFile
from ansible_collections.borgstack.platform.plugins.plugin_utils.secret_policy import generate, violations
from ansible_collections.borgstack.platform.plugins.plugin_utils.secret_store import SecretStore, policy_of


def vault(password: bytes = b"one") -> VaultLib:
    return VaultLib([("default", VaultSecret(password))])


def store(tmp_path, password: bytes = b"one", supplied: dict | None = None, missing: str = "make") -> SecretStore:
    return SecretStore(SecretFile(str(tmp_path / "vault.yml"), vault(password)), supplied or {}, missing)


@given(st.sampled_from(["password", "key"]))
def test_what_is_generated_satisfies_the_policy(kind):
    value = generate(kind)
    assert violations(value, kind) == []
    assert value[0].isalnum()


@pytest.mark.parametrize(
    ("value", "missing"),
    [
        ("Short-1", ["at least 12 characters"]),
        ("alllowercase-1", ["an upper-case letter"]),
        ("ALLUPPERCASE-1", ["a lower-case letter"]),
        ("NoDigitsInHere-", ["a digit"]),
        ("NoSpecial12345", ["a special character"]),
        ("Control-1\x07chars", ["printable characters only"]),
        ("Sufficient-1-Password", []),
    ],
)
def test_the_policy(value, missing):
    assert violations(value, "password") == missing


@pytest.mark.parametrize(
    ("value", "fits"), [("Aa-1" * 16, True), ("Aa-1" * 16 + "x", False), ("Aa-1" + "🔑" * 31, False)]
)
def test_a_password_that_its_service_would_not_take_is_refused_before(tmp_path, value, fits):
    secrets = store(tmp_path, supplied={"owner": value})
    if fits:
        assert secrets.get("owner", "password", longest=64) == value
        return
    with pytest.raises(PlatformError, match="at most 64 characters") as raised:
        secrets.get("owner", "password", longest=64)
    assert raised.value.category == 1 and value not in raised.value.message


def test_a_secret_is_made_once_and_kept(tmp_path):
    first = store(tmp_path).get("a", "password")
    assert store(tmp_path).get("a", "password") == first
    assert os.stat(tmp_path / "vault.yml").st_mode & 0o777 == 0o600
    assert first not in (tmp_path / "vault.yml").read_text(encoding="utf-8")


def test_what_others_made_is_not_judged_by_our_rules(tmp_path):
    supplied = {"smtp_password": "lower case only"}
    assert store(tmp_path, supplied=supplied).get("smtp_password", "given") == "lower case only"


@pytest.mark.parametrize(
    ("missing", "exists", "verb"),
    [("make", False, "create"), ("assume", False, "create"), ("refuse", False, "create"), ("make", True, "edit")],
)
def test_what_others_make_is_never_made(tmp_path, missing, exists, verb):
    if exists:
        store(tmp_path).get("a", "password")
    with pytest.raises(PlatformError, match="was not given") as refused:
        store(tmp_path, missing=missing).get("smtp_password", "given")
    assert f"ansible-vault {verb} " in refused.value.remedy
    assert (tmp_path / "vault.yml").exists() == exists


def test_nothing_is_no_secret(tmp_path):
    with pytest.raises(PlatformError, match="at least one character"):
        store(tmp_path, supplied={"smtp_password": ""}).get("smtp_password", "given")


def test_two_secrets_differ(tmp_path):
    assert store(tmp_path).get("a", "password") != store(tmp_path).get("b", "password")


def test_without_writing_nothing_is_written_and_the_answer_stays(tmp_path):
    dry = store(tmp_path, missing="assume")
    assert dry.get("a", "key") == dry.get("a", "key")
    assert list(tmp_path.iterdir()) == []


def test_a_supplied_secret_wins_and_is_not_written(tmp_path):
    assert store(tmp_path, supplied={"a": "Supplied-1-Password"}).get("a", "password") == "Supplied-1-Password"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("opened", "reason"),
    [
        (lambda path: store(path, password=b"two").get("a", "password"), "does not open"),
        (lambda path: SecretFile(str(path / "vault.yml"), VaultLib([])).read(), "no vault password"),
        (lambda path: store(path, supplied={"b": "weak"}).get("b", "password"), "at least 12 characters"),
    ],
    ids=["wrong password", "no password", "weak"],
)
def test_refusals_have_a_category_and_hold_no_secret(tmp_path, opened, reason):
    secret = store(tmp_path).get("a", "password")
    with pytest.raises(PlatformError, match=reason) as refusal:
        opened(tmp_path)
    assert refusal.value.category == 1
    assert secret not in refusal.value.message and "weak" not in refusal.value.message


def test_a_value_under_two_names_is_refused(tmp_path):
    value = store(tmp_path).get("a", "password")
    with pytest.raises(PlatformError, match="also used for a"):
        store(tmp_path, supplied={"b": value}).get("b", "password")


def test_a_file_in_clear_is_refused(tmp_path):
    (tmp_path / "vault.yml").write_text("a: secret\n", encoding="utf-8")
    with pytest.raises(PlatformError, match="not encrypted"):
        store(tmp_path).get("a", "password")


def test_a_missing_secret_is_refused_where_none_must_be_made(tmp_path):
    with pytest.raises(PlatformError, match="must not be made here") as refusal:
        store(tmp_path, missing="refuse").get("a", "key")
    assert refusal.value.where == "secret a" and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("setting", "read_only", "checking", "lost", "policy"),
    [
        ("auto", False, False, False, "make"),
        ("auto", False, False, True, "refuse"),
        ("auto", False, True, True, "refuse"),
        ("auto", False, True, False, "assume"),
        ("auto", True, False, False, "refuse"),
        ("auto", True, True, False, "assume"),
        ("make", False, False, True, "make"),
        ("make", True, False, False, "refuse"),
        ("refuse", False, True, False, "refuse"),
        ("assume", True, False, True, "assume"),
    ],
)
def test_what_becomes_of_a_missing_secret(setting, read_only, checking, lost, policy):
    assert policy_of(setting, read_only=read_only, checking=checking, lost_afterwards=lost) == policy


DEPLOYED = {"directory": "/opt/borgstack", "immutable": ["key", "other_key"], "volumes": ["borgstack_data"]}


@pytest.mark.parametrize("missing", ["make", "refuse", "assume"])
@pytest.mark.parametrize("trace", ["directory", "volumes"])
def test_nothing_is_made_in_place_of_a_lost_file(tmp_path, missing, trace):
    with pytest.raises(PlatformError, match="does not exist, but the host has") as refusal:
        store(tmp_path, missing=missing).get("a", "password", lambda: {trace: DEPLOYED[trace]})
    assert refusal.value.category == 10 and "A lost file of secrets" in refusal.value.remedy
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_made_in_place_of_lost_keys_and_all_of_them_are_named(tmp_path):
    store(tmp_path).get("a", "password")
    before = (tmp_path / "vault.yml").read_bytes()
    with pytest.raises(PlatformError, match="lacks key, other_key, which data") as refusal:
        store(tmp_path).get("key", "key", lambda: DEPLOYED)
    assert refusal.value.category == 10 and (tmp_path / "vault.yml").read_bytes() == before


def test_a_new_service_gets_its_secrets_on_a_host_that_has_others(tmp_path):
    made = store(tmp_path, supplied={"other_key": "k" * 32})
    made.get("key", "key")
    assert made.get("b", "password", lambda: DEPLOYED)


def test_a_host_that_has_nothing_is_no_hindrance(tmp_path):
    assert store(tmp_path).get("a", "key", lambda: {"directory": "", "immutable": [], "volumes": []})


def test_where_all_secrets_are_kept_elsewhere_no_file_is_missed(tmp_path):
    kept = store(tmp_path, supplied={"a": "Supplied-1-Password"}, missing="refuse")
    with pytest.raises(PlatformError, match="must not be made here") as refusal:
        kept.get("b", "password", lambda: DEPLOYED)
    assert refusal.value.where == "secret b" and "platform_supplied_secrets" in refusal.value.remedy
