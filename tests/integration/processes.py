"""What anybody on the machine can see of its processes."""

from __future__ import annotations

import contextlib
import threading
import typing as t
import uuid
from pathlib import Path

_OWN = uuid.uuid4().hex[:8]


def unshared(secret: str) -> str:
    """Return a secret of this process of pytest: the list shows those of all others that run at the same time."""
    return f"{secret}-{_OWN}"


@contextlib.contextmanager
def watched() -> t.Iterator[set[str]]:
    """Yield a set that collects the argument lists of all processes that there are until the block ends."""
    seen: set[str] = set()
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(0.01):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                # A process may end while it is looked at.
                with contextlib.suppress(OSError):
                    seen.add(path.read_text(encoding="utf-8", errors="replace").replace("\0", " "))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        stop.set()
        watcher.join()
