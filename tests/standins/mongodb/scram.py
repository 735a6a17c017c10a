"""SCRAM on the server's side (RFC 5802, RFC 7677), with MongoDB's parameters."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import typing as t

from pymongo.saslprep import saslprep
from standins.mongodb.failures import Failure

DIGESTS = {"SCRAM-SHA-1": ("sha1", 10000, 16), "SCRAM-SHA-256": ("sha256", 15000, 28)}
REFUSED = (18, "Authentication failed.")


def credentials(mechanism: str, user: str, password: str) -> dict:
    """Return what is stored of a password."""
    digest, iterations, salt_bytes = DIGESTS[mechanism]
    salt = secrets.token_bytes(salt_bytes)
    if mechanism == "SCRAM-SHA-1":
        # MongoDB's own: the older mechanism does not see the password, but this digest of it.
        secret = hashlib.md5(f"{user}:mongo:{password}".encode()).hexdigest()
    else:
        secret = _prepared(password)
    salted = hashlib.pbkdf2_hmac(digest, secret.encode(), salt, iterations)
    return {
        "iterationCount": iterations,
        "salt": _encoded(salt),
        "storedKey": _encoded(hashlib.new(digest, _mac(digest, salted, b"Client Key")).digest()),
        "serverKey": _encoded(_mac(digest, salted, b"Server Key")),
    }


def _prepared(password: str) -> str:
    try:
        return saslprep(password)
    except (ValueError, IndexError):
        raise Failure(2, "Error preflighting SASLprep: the string has a prohibited character") from None


class Conversation:
    """One login.

    Args:
        mechanism: the mechanism that the client chose.
        database: the database that it logs in at.
        find: returns the stored credentials of a user, by mechanism, or none.
    """

    def __init__(self, mechanism: str, database: str, find: t.Callable[[str, str], dict | None]):
        if mechanism not in DIGESTS:
            raise Failure(334, f"Received authentication for mechanism {mechanism} which is not enabled")
        self.mechanism = mechanism
        self.user = (database, "")
        self.is_done = False
        self._find = find
        self._said: list[str] = []
        self._digest = DIGESTS[mechanism][0]
        self._stored: dict = {}
        self._nonce = ""

    def step(self, payload: bytes, skip_empty: bool = True) -> tuple[bytes, bool]:
        """Take the client's message; return the answer, and whether the login is done.

        Raises:
            Failure: the login is refused.
        """
        if not self._said:
            return self._first(payload.decode()), False
        if self.is_done:
            return b"", True
        answer = self._final(payload.decode())
        self.is_done = True
        return answer, skip_empty

    def _first(self, message: str) -> bytes:
        if not message.startswith("n,,"):
            raise Failure(*REFUSED)
        bare = message[len("n,,") :]
        fields = _fields(bare)
        name = fields["n"].replace("=2C", ",").replace("=3D", "=")
        self.user = (self.user[0], name)
        stored = self._find(*self.user)
        if not stored or self.mechanism not in stored:
            raise Failure(*REFUSED)
        self._stored = stored[self.mechanism]
        self._nonce = fields["r"] + secrets.token_urlsafe(18)
        answer = f"r={self._nonce},s={self._stored['salt']},i={self._stored['iterationCount']}"
        self._said = [bare, answer]
        return answer.encode()

    def _final(self, message: str) -> bytes:
        without_proof, _comma, _proof = message.rpartition(",p=")
        fields = _fields(message)
        signed = ",".join([*self._said, without_proof]).encode()
        stored_key = base64.b64decode(self._stored["storedKey"])
        signature = _mac(self._digest, stored_key, signed)
        client_key = bytes(a ^ b for a, b in zip(base64.b64decode(fields["p"]), signature))
        is_right = hmac.compare_digest(hashlib.new(self._digest, client_key).digest(), stored_key)
        if fields["r"] != self._nonce or fields["c"] != "biws" or not is_right:
            raise Failure(*REFUSED)
        server_key = base64.b64decode(self._stored["serverKey"])
        return f"v={_encoded(_mac(self._digest, server_key, signed))}".encode()


def _fields(message: str) -> dict[str, str]:
    return {part[0]: part[2:] for part in message.split(",")}


def _mac(digest: str, key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, digest).digest()


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()
