"""Certificates that are the same in every run."""

from __future__ import annotations

import ssl

import pytest
from ansible.errors import AnsibleFilterError
from cryptography import x509

from ansible_collections.borgstack.platform.plugins.filter.derived_certificate import _derived, derived_certificate

SECRET = "k" * 48


def test_it_is_the_same_in_every_run_and_another_for_another_secret_or_name():
    one = derived_certificate(SECRET, "gateway")
    _derived.cache_clear()
    assert derived_certificate(SECRET, "gateway") == one
    assert derived_certificate("l" * 48, "gateway")["key"] != one["key"]
    assert derived_certificate(SECRET, "other")["key"] != one["key"]


def test_a_server_can_use_it_and_it_vouches_for_itself_alone(tmp_path):
    made = derived_certificate(SECRET, "gateway")
    (tmp_path / "pair.pem").write_text(made["certificate"] + made["key"], encoding="utf-8")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "pair.pem")
    certificate = x509.load_pem_x509_certificate(made["certificate"].encode())
    certificate.verify_directly_issued_by(certificate)
    assert SECRET not in made["certificate"] + made["key"]


def test_a_weak_secret_is_refused_without_being_told():
    with pytest.raises(AnsibleFilterError, match=r"^\[1\] configuration error") as refused:
        derived_certificate("short-secret", "gateway")
    assert "short-secret" not in str(refused.value)
