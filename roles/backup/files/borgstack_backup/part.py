# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A part of a set: what was saved of one database, bucket, instance or volume, and how to tell that it is whole."""

from __future__ import annotations

import hashlib
import typing as t
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import quote

BLOCK = 1 << 20
# Below this a change of size says nothing.
SMALL = 256 * 1024


@dataclass
class Part:
    """`name` is what an operator calls it: INSTANCE/DATABASE, INSTANCE/BUCKET, INSTANCE, or volume/NAME.

    `file` is relative to the set; `counts` are rows by table, objects, keys or files; `facts` are what else a drill has
    to find again.
    """

    kind: str
    name: str
    file: str
    bytes: int = 0
    sha256: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    source: dict[str, t.Any] = field(default_factory=dict)
    facts: dict[str, t.Any] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many rows, objects, keys or files there are in it."""
        return sum(self.counts.values())

    def as_dict(self) -> dict:
        """Return it for the manifest."""
        return asdict(self)


def file_name(name: str) -> str:
    """Return a name of anything as that of a file."""
    return quote(name, safe="").replace(".", "%2E") or "%"


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    sum_ = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(BLOCK), b""):
            sum_.update(block)
    return sum_.hexdigest()


def measured(part: Part, root: Path) -> Part:
    """Put a part's size and checksum in, where it is a file."""
    path = root / part.file
    part.bytes = part.bytes or path.stat().st_size
    part.sha256 = digest(path)
    return part


def suspicious(part: Part, before: Part | None, smaller_percent: int) -> str:
    """Return in words why a part cannot be believed, beside what was saved of the same last time; nothing if it can.

    A queue shrinks by itself, so of Redis nothing is expected.
    """
    if before is None or part.kind == "redis":
        return ""
    if before.total and not part.total:
        return f"it is empty, and there were {before.total} rows, objects or files in it last time"
    floor = before.bytes * (100 - smaller_percent) / 100
    if before.bytes > SMALL and part.bytes < floor:
        return f"it has {part.bytes} bytes, and had {before.bytes} last time"
    return ""
