# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Room on the disk for a drill: refused beforehand where there is none, and given back where it takes more."""

from __future__ import annotations

import os
import shutil
import threading
import typing as t
from contextlib import contextmanager
from pathlib import Path

from borgstack_backup.failure import DATA, Failure, full
from borgstack_backup.part import Part
from borgstack_backup.plan import Plan
from borgstack_backup.scratch import Scratch

LOOK_SECONDS = 2
# What a new database server takes before anything is in it, and what a database takes beside its dump.
FLOOR = 128 << 20
GROWTH = 2


class Room:
    """How much a drill may take: a part of what is free when it begins.

    Args:
        plan: what there is.
        parts: of the set.

    Raises:
        Failure: it is less than the set needs.
    """

    def __init__(self, plan: Plan, parts: list[Part]):
        free = shutil.disk_usage(plan.drill).free
        self._folder, self._percent = plan.drill, int(plan.settings["drill_disk_percent"])
        self.most = free * self._percent // 100
        self.exceeded = False
        if needed(parts) > self.most:
            raise full(str(plan.drill)) if needed(parts) > free else self.failure()

    def failure(self) -> Failure:
        """Return that there is not enough of it."""
        what = f"a drill needs more than {self.most >> 20} MiB, {self._percent} % of what is free"
        return Failure(DATA, what, "make room, or let it take more by backup_drill_disk_percent", str(self._folder))

    @contextmanager
    def watched(self, scratch: Scratch) -> t.Iterator[None]:
        """End the copies as soon as they take more."""
        done = threading.Event()

        def watch() -> None:
            while not done.wait(LOOK_SECONDS):
                try:
                    taken = sum(used(folder) for folder in (self._folder, *scratch.folders()))
                except Failure:
                    # A volume that is being removed.
                    continue
                if taken > self.most:
                    self.exceeded = True
                    scratch.end()
                    return

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()


def needed(parts: list[Part]) -> int:
    """Return how many bytes a drill of a set takes at the most: as it comes, and restored."""
    return FLOOR + sum(part.bytes for part in parts) * (1 + GROWTH)


def used(folder: Path) -> int:
    """Return how many bytes of the disk are taken below a folder."""
    total = 0
    for place, _folders, files in os.walk(folder):
        for name in files:
            try:
                total += (Path(place) / name).lstat().st_blocks * 512
            except FileNotFoundError:
                continue
    return total
