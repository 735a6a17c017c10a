"""Settings on disk, sealed with a key. Good enough for a stand-in to prove that nothing lies there in clear."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import os
from pathlib import Path


class WrongKey(Exception):
    """The settings were sealed with another key."""


def _stream(key: bytes, nonce: bytes, content: bytes) -> bytes:
    blocks = (hashlib.sha256(key + nonce + number.to_bytes(8, "big")).digest() for number in itertools.count())
    return bytes(one ^ other for one, other in zip(content, itertools.chain.from_iterable(blocks)))


def load(path: Path, key: str) -> dict:
    """Return the settings; nothing where there are none.

    Raises:
        WrongKey: they were sealed with another key.
    """
    if not path.exists():
        return {}
    raw = path.read_bytes()
    nonce, tag, sealed = raw[:16], raw[16:48], raw[48:]
    if not hmac.compare_digest(tag, hmac.digest(key.encode(), nonce + sealed, "sha256")):
        raise WrongKey
    return json.loads(_stream(key.encode(), nonce, sealed))


def save(path: Path, key: str, settings: dict) -> None:
    """Write the settings as a whole."""
    nonce = os.urandom(16)
    sealed = _stream(key.encode(), nonce, json.dumps(settings).encode())
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_bytes(nonce + hmac.digest(key.encode(), nonce + sealed, "sha256") + sealed)
    new.replace(path)
