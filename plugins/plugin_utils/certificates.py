# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Certificates and keys that are the same in every run, since each follows from a secret: pure functions."""

from __future__ import annotations

import base64
import datetime
import functools
import hashlib
import ipaddress
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    PREREQUISITE,
    PlatformError,
)

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
except ImportError:
    x509 = None  # type: ignore[assignment]

SHORTEST = 32
AUTHORITY_BITS = 3072
FROM = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
# X.509's own word for a certificate without an end.
UNTIL = datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=datetime.timezone.utc)
# How many numbers are a private key of the curve P-256: all but 0 below its order.
P256_KEYS = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551 - 1


def new_authority_key() -> str:
    """Return a new private key of an authority: RSA, in PKCS #8, its bytes in base64 on one line.

    RSA, because its signatures hold no random number: what the authority issues is the same in every run.

    Raises:
        PlatformError: the library is missing.
    """
    _need_library()
    key = rsa.generate_private_key(public_exponent=65537, key_size=AUTHORITY_BITS)
    encoding, form = serialization.Encoding.DER, serialization.PrivateFormat.PKCS8
    return base64.b64encode(key.private_bytes(encoding, form, serialization.NoEncryption())).decode()


def is_authority_key(value: str) -> bool:
    """Tell whether a text is such a key.

    Raises:
        PlatformError: the library is missing.
    """
    try:
        _authority(value)
    except PlatformError as error:
        if error.category == PREREQUISITE:
            raise
        return False
    return True


# A playbook evaluates one expression several times.
@functools.lru_cache(maxsize=32)
def self_signed(secret: str, name: str) -> tuple[str, str]:
    """Return a certificate that is its own authority, and its key, in PEM.

    Args:
        secret: what both are derived from, of at least 32 characters.
        name: the common name.

    Raises:
        PlatformError: the secret is too short, there is no name, or the library is missing.
    """
    if len(secret) < SHORTEST or not name:
        what = f"the secret is shorter than {SHORTEST} characters, or there is no name"
        raise PlatformError(CONFIGURATION, what, "give both")
    _need_library()
    # Nothing here is made by chance: this kind of key takes any 32 bytes, and its signatures hold no random number.
    key = ed25519.Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"{name} {secret}".encode()).digest())
    certificate = _unsigned(name, name, key.public_key(), 1).add_extension(_authority_of(0), critical=True)
    return _pem(certificate.sign(key, None)), _private(key)


@functools.lru_cache(maxsize=32)
def authority_certificate(key: str, name: str) -> str:
    """Return the certificate of an authority, in PEM.

    Args:
        key: as `new_authority_key` made it.
        name: its common name.

    Raises:
        PlatformError: the key is none, or the library is missing.
    """
    private = _authority(key)
    certificate = _unsigned(name, name, private.public_key(), 1)
    for extension, critical in ((_authority_of(0), True), (_signs_certificates(), True), (_known_as(private), False)):
        certificate = certificate.add_extension(extension, critical)
    return _pem(certificate.sign(private, hashes.SHA256()))


@functools.lru_cache(maxsize=32)
def issued(authority_key: str, authority_name: str, name: str, places: tuple[str, ...]) -> tuple[str, str]:
    """Return a server's certificate and its key, in PEM.

    Args:
        authority_key: that of the authority, as `new_authority_key` made it.
        authority_name: its common name.
        name: the server's; servers of two names have different keys.
        places: host names and addresses that the server is reached at.

    Raises:
        PlatformError: the authority's key is none, or the library is missing.
    """
    authority = _authority(authority_key)
    # Not of the authority's kind: PostgreSQL binds a login to its certificate by a hash that Ed25519 does not name, and
    # a key of RSA cannot be derived.
    digest = hashlib.sha512(f"{name} {authority_key}".encode()).digest()
    key = ec.derive_private_key(int.from_bytes(digest, "big") % P256_KEYS + 1, ec.SECP256R1())
    # Two certificates of one authority may not have the same number.
    number = int.from_bytes(hashlib.sha256(f"{name} {places}".encode()).digest()[:16], "big") + 2
    certificate = _unsigned(name, authority_name, key.public_key(), number)
    for extension in (
        x509.BasicConstraints(ca=False, path_length=None),
        x509.SubjectAlternativeName([_general_name(place) for place in places]),
        x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH]),
        # Strict clients, Python's since 3.13 among them, want it to say whose it is.
        x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(_known_as(authority)),
    ):
        certificate = certificate.add_extension(extension, critical=False)
    return _pem(certificate.sign(authority, hashes.SHA256())), _private(key)


def _authority(key: str) -> t.Any:
    _need_library()
    try:
        found = serialization.load_der_private_key(base64.b64decode(key, validate=True), password=None)
    except (TypeError, ValueError):
        found = None
    if not isinstance(found, rsa.RSAPrivateKey) or found.key_size < AUTHORITY_BITS:
        raise PlatformError(CONFIGURATION, "the authority's key is none", "let the secret be made anew")
    return found


def _unsigned(name: str, issuer: str, public_key: t.Any, number: int) -> t.Any:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
        .public_key(public_key)
        .serial_number(number)
        .not_valid_before(FROM)
        .not_valid_after(UNTIL)
    )


def _authority_of(length: int) -> t.Any:
    return x509.BasicConstraints(ca=True, path_length=length)


def _known_as(key: t.Any) -> t.Any:
    return x509.SubjectKeyIdentifier.from_public_key(key.public_key())


def _signs_certificates() -> t.Any:
    uses = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    others = ("crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(key_cert_sign=True, **dict.fromkeys((*uses, *others), False))


def _general_name(place: str) -> t.Any:
    try:
        return x509.IPAddress(ipaddress.ip_address(place))
    except ValueError:
        return x509.DNSName(place)


def _pem(certificate: t.Any) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _private(key: t.Any) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _need_library() -> None:
    if x509 is None:
        what = "the Python package cryptography is not installed on the controller"
        raise PlatformError(PREREQUISITE, what, "install it there; ansible-core needs it too")
