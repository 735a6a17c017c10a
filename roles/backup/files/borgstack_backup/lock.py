# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One run of this program at a time, and none while a playbook changes the platform."""

from __future__ import annotations

import fcntl
import json
import time
import typing as t
from contextlib import contextmanager
from pathlib import Path

from borgstack_backup.failure import PREREQUISITE, Failure

# As the collection's run_lock has it: who has not given a sign of life for so long is gone.
LEASE_SECONDS = 60
LOOK_SECONDS = 2


@contextmanager
def held(platform: str, folder: str = "/run") -> t.Iterator[None]:
    """Be the only one that saves or restores the platform; the system gives it back however the program ends."""
    with (Path(folder) / f"borgstack-backup-{platform}.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            remedy = f"wait until it has ended (`systemctl status {platform}-backup`), then run again"
            raise Failure(PREREQUISITE, "a backup or a restore is under way", remedy, platform) from None
        yield


def wait_for_runs(platform: str, seconds: int, folder: str = "/run") -> None:
    """Wait while a playbook changes the platform: what it stops could not be saved."""
    deadline = time.monotonic() + seconds
    while (who := _changing(platform, Path(folder))) is not None:
        if time.monotonic() > deadline:
            raise Failure(PREREQUISITE, f"a run is still changing it: {who}", "wait until it has ended", platform)
        time.sleep(LOOK_SECONDS)


def _changing(platform: str, folder: Path) -> str | None:
    path = folder / f"borgstack.platform-{platform}.lock"
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        beat = float(path.with_name(f"{path.name}.beat").read_text(encoding="utf-8"))
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        uptime = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError):
        return None
    alive = holder.get("boot") == boot and uptime - beat <= LEASE_SECONDS
    return f"{holder.get('who')}: {holder.get('what')}" if alive else None
