"""Certificates that are the same in every run."""

from __future__ import annotations

import ssl

import pytest
from ansible.errors import AnsibleFilterError
from cryptography import x509
from cryptography.x509 import verification

from ansible_collections.borgstack.platform.plugins.filter import derived_certificate as derived
from ansible_collections.borgstack.platform.plugins.filter import issued_certificate as issued
from ansible_collections.borgstack.platform.plugins.plugin_utils import certificates, secret_policy

SECRET = "k" * 48
AUTHORITY_KEY = secret_policy.generate("authority")
# As a playbook has them, with the words of their refusals.
derived_certificate = derived.FilterModule().filters()["derived_certificate"]
issued_certificate = issued.FilterModule().filters()["issued_certificate"]


def test_it_is_the_same_in_every_run_and_another_for_another_secret_or_name():
    one = derived_certificate(SECRET, "gateway")
    certificates.self_signed.cache_clear()
    assert derived_certificate(SECRET, "gateway") == one
    assert derived_certificate("l" * 48, "gateway")["key"] != one["key"]
    assert derived_certificate(SECRET, "other")["key"] != one["key"]


def test_a_server_can_use_it_and_it_vouches_for_itself_alone(tmp_path):
    made = derived_certificate(SECRET, "gateway")
    usable(made, tmp_path)
    certificate = x509.load_pem_x509_certificate(made["certificate"].encode())
    certificate.verify_directly_issued_by(certificate)
    assert SECRET not in made["certificate"] + made["key"]


def test_a_weak_secret_is_refused_without_being_told():
    with pytest.raises(AnsibleFilterError, match=r"^\[1\] configuration error") as refused:
        derived_certificate("short-secret", "gateway")
    assert "short-secret" not in str(refused.value)


def test_what_is_issued_is_the_same_in_every_run_and_another_for_another_server():
    one = issued_certificate(AUTHORITY_KEY, "db", ["10.0.0.2"], "demo")
    certificates.issued.cache_clear()
    assert issued_certificate(AUTHORITY_KEY, "db", ["10.0.0.2"], "demo") == one
    some, others = ({"places": ["10.0.0.2", *more], "authority": "demo"} for more in (["a", "b"], ["b", "a"]))
    assert issued_certificate(AUTHORITY_KEY, "db", **some) == issued_certificate(AUTHORITY_KEY, "db", **others)
    other = issued_certificate(AUTHORITY_KEY, "cache", ["10.0.0.2"], "demo")
    moved = issued_certificate(AUTHORITY_KEY, "db", ["10.0.0.3"], "demo")
    assert other["authority"] == moved["authority"] == one["authority"] and other["key"] != one["key"]
    leaves = [x509.load_pem_x509_certificate(made["certificate"].encode()) for made in (one, other, moved)]
    assert len({leaf.serial_number for leaf in leaves}) == 3 and AUTHORITY_KEY not in "".join(one.values())


@pytest.mark.parametrize("place", ["10.0.0.2", "fd00::2", "db.example.com"])
def test_a_client_that_knows_the_authority_believes_the_server_at_its_places_alone(place, tmp_path):
    made = issued_certificate(AUTHORITY_KEY, "db", [place, "127.0.0.1"], "demo")
    usable(made, tmp_path)
    leaf, root = (x509.load_pem_x509_certificate(made[name].encode()) for name in ("certificate", "authority"))
    for name in (place, "127.0.0.1"):
        assert leaf in believed(root, name).verify(leaf, [])
    with pytest.raises(verification.VerificationError):
        believed(root, "10.0.0.9").verify(leaf, [])


def test_no_key_of_an_authority_is_refused_without_being_told():
    assert secret_policy.violations(AUTHORITY_KEY, "authority") == []
    for wrong in ("Not-a-key-1", AUTHORITY_KEY[:-8], "QUJD", ""):
        assert secret_policy.violations(wrong, "authority")
        with pytest.raises(AnsibleFilterError, match=r"^\[1\] configuration error") as refused:
            issued_certificate(wrong, "db", ["10.0.0.2"], "demo")
        assert not wrong or wrong not in str(refused.value)


def usable(made: dict, folder) -> None:
    """Load a certificate and its key as a server does, which refuses those that do not belong together."""
    (folder / "pair.pem").write_text(made["certificate"] + made["key"], encoding="utf-8")
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(folder / "pair.pem")


def believed(root: x509.Certificate, place: str):
    """Return what judges servers as a client of that authority does."""
    name = certificates._general_name(place)
    return verification.PolicyBuilder().store(verification.Store([root])).build_server_verifier(name)
