"""A stand-in's data in files: one BSON document a file, replaced as a whole."""

from __future__ import annotations

import os
from pathlib import Path

import bson


def read(path: Path | None) -> dict:
    """Return what a file holds; nothing where there is none."""
    return bson.decode(path.read_bytes()) if path and path.exists() else {}


def write(path: Path | None, content: dict) -> None:
    """Replace what a file holds, so that it is whole whenever the power fails."""
    if not path:
        return
    new = path.with_suffix(".new")
    with new.open("wb") as file:
        file.write(bson.encode(content))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
