# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One run at a time: who may change a platform on a host, as a lease in a file of the host's own.

The file lies in /run, which is empty after a boot, and names the boot. Beside it lies the moment of the holder's last
beat, in seconds since the boot, so that no change of the clock matters. A keeper on the controller beats as long as the
run's process lives, and removes the file when it is gone. Where the keeper is gone too, the lease ends by itself.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import time
import typing as t
from dataclasses import asdict, dataclass

from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    PREREQUISITE,
    PlatformError,
)

NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,62}")

# A holder beats this often, and is taken for dead this long after its last beat.
BEAT_SECONDS = 10
LEASE_SECONDS = 60
LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Holder:
    """Who holds the lock: the run's own name, in words who and what it does, since when, and the host's boot."""

    run: str
    who: str
    what: str
    since: str
    boot: str


class Host:
    """Where the lock lies, and the host's clocks."""

    def __init__(self, directory: str, name: str):
        if not NAME.fullmatch(name):
            raise PlatformError(
                CONFIGURATION, f"{name!r} is no name of a platform", "use letters, digits and dashes in platform_name"
            )
        self.path = os.path.join(directory, f"borgstack.platform-{name}.lock")
        self.beats = f"{self.path}.beat"

    def guarded(self) -> t.BinaryIO:
        """Return an open file that nobody else has open in this way; close it to let others."""
        guard = open(f"{self.path}.guard", "ab")  # noqa: SIM115, the caller closes it
        fcntl.flock(guard, fcntl.LOCK_EX)
        return guard

    def holder(self) -> Holder | None:
        """Return who holds the lock; none also where the file is of another boot, or was cut off."""
        try:
            with open(self.path, encoding="utf-8") as file:
                found = Holder(**json.load(file))
        except (FileNotFoundError, ValueError, TypeError):
            return None
        return found if found.boot == self.boot() else None

    def write(self, holder: Holder) -> None:
        """Put the holder in place."""
        temporary = f"{self.path}.writing"
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(asdict(holder), file)
        self.beat()
        os.replace(temporary, self.path)

    def remove(self) -> None:
        """Let the next one take it."""
        for path in (self.path, self.beats):
            if os.path.exists(path):
                os.unlink(path)

    def beat(self) -> None:
        """Say that the holder lives."""
        with open(self.beats, "w", encoding="utf-8") as file:
            file.write(f"{self.uptime():.2f}\n")

    def last_beat(self) -> float:
        """Return when the holder last said that it lives; just now, where it is just being written."""
        try:
            with open(self.beats, encoding="utf-8") as file:
                return float(file.read())
        except FileNotFoundError:
            return 0.0
        except ValueError:
            return self.uptime()

    @staticmethod
    def boot() -> str:
        """Return the name of this boot of the host."""
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()

    @staticmethod
    def uptime() -> float:
        """Return the seconds since the boot."""
        with open("/proc/uptime", encoding="ascii") as file:
            return float(file.read().split()[0])


def take(host: Host, run: str, who: str, what: str, sleep: t.Callable[[float], None] = time.sleep) -> dict[str, t.Any]:
    """Take the lock, or find that this run has it already.

    Who finds another holder waits for its next beat: it lives, or the lease ends.

    Args:
        host: where.
        run: the run's own name, the same for all of its tasks.
        who: in words, from where.
        what: in words, what the run does.
        sleep: waits.

    Returns:
        `taken`: whether this run did not have it before; `left_by`: in words whose lease had ended, or nothing.

    Raises:
        PlatformError: another run has it, and lives.
    """
    first_beat = None
    while True:
        with host.guarded():
            holder, beat, now = host.holder(), host.last_beat(), host.uptime()
            first_beat = beat if first_beat is None else first_beat
            if holder is None or holder.run == run or now - beat > LEASE_SECONDS:
                left_by = _words(holder) if holder and holder.run != run else ""
                if holder and holder.run == run:
                    host.beat()
                    return {"taken": False, "left_by": ""}
                since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
                host.write(Holder(run, who, what, since, host.boot()))
                return {"taken": True, "left_by": left_by}
        if beat != first_beat:
            raise _held(holder, now - beat)
        sleep(LOOK_SECONDS)


def release(host: Host, run: str) -> bool:
    """Give the lock back, if this run has it.

    Returns:
        Whether it had.
    """
    with host.guarded():
        holder = host.holder()
        held = holder is not None and holder.run == run
        if held:
            host.remove()
        return held


def _words(holder: Holder) -> str:
    return f"{holder.who}, since {holder.since}: {holder.what}"


def _held(holder: Holder, age: float) -> PlatformError:
    return PlatformError(
        PREREQUISITE,
        f"another run is changing this platform, and nothing was changed by this one: {_words(holder)} "
        f"(last sign of life {age:.0f} s ago)",
        "wait until it has ended, then run again; if it hangs, end its process where it runs, and the platform is "
        f"free at once ({LEASE_SECONDS} s after its machine has gone)",
    )
