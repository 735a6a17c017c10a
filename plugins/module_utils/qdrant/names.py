# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Names: which of them Qdrant takes, how a payload field is spelled, and how a name is shown in words."""

from __future__ import annotations

import json
import re

# Names become folders on the server's disk.
FORBIDDEN = '<>:"/\\|?*\0\x1f'
COLLECTION_BYTES = 255
VECTOR_BYTES = 200

# A key is bare or quoted. Which letters beyond ASCII may be bare is the server's to know, so we quote them all.
_BARE = r"(?:[\w-]|[^\x00-\x7f\s])+"
_KEY = rf'(?:{_BARE}|"[^"\\]*")'
_FIELD = re.compile(rf"{_KEY}(?:\.{_KEY}|\[[0-9]*\])*")
_TOKEN = re.compile(rf'"([^"\\]*)"|\[0*([0-9]+)\]|({_BARE})')


def flaw(name: str, most: int = COLLECTION_BYTES) -> str:
    """Return why Qdrant could not create something of this name; empty where it could.

    Args:
        name: the name of a collection, an alias or a vector.
        most: how many bytes it may have.
    """
    if not name:
        return "its name is empty"
    if name in (".", ".."):
        return "its name is that of a folder"
    try:
        length = len(name.encode())
    except UnicodeEncodeError:
        return "its name is not valid Unicode"
    if length > most:
        return f"its name has {length} bytes, and {most} are allowed"
    found = [character for character in FORBIDDEN if character in name]
    return f"its name holds {', '.join(json.dumps(character) for character in found)}" if found else ""


def field(declared: str) -> str:
    """Return the path of a payload field in the one spelling that stands for all of the same meaning.

    Raises:
        ValueError: it is no path.
    """
    if not _FIELD.fullmatch(declared):
        raise ValueError('a path such as city, address.city, tags[].name or "any text"')

    def canonical(match: re.Match) -> str:
        quoted, number, bare = match.groups()
        if number is not None:
            return f"[{number}]"
        key = quoted if bare is None else bare
        return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else f'"{key}"'

    return _TOKEN.sub(canonical, declared)


def shown(name: str) -> str:
    """Return a name for a sentence: quoted where it could be taken for something else."""
    plain = name and name.isprintable() and name == name.strip() and not re.search(r'[",;]', name)
    return name if plain else json.dumps(name)


def key_of(parts: tuple[str, ...]) -> str:
    """Return the place of a property, such as `vectors.text.hnsw_config.m`."""
    # The unnamed vector has an empty name.
    return ".".join(part if re.fullmatch(r"[\w-]+", part) else json.dumps(part) for part in parts if part)
