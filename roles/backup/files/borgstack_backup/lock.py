# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One run of this program at a time, and none while a playbook changes the platform, nor the other way round.

The system gives the first lock back however the program ends. The second one is the collection's own lease (run_lock):
a file that says who, and a beat beside it. Who has the first lock and finds a lease of this program knows that it is of
one that was killed.
"""

from __future__ import annotations

import fcntl
import json
import socket
import threading
import time
import typing as t
from contextlib import ExitStack, contextmanager
from pathlib import Path

from borgstack_backup.failure import PREREQUISITE, Failure

# As run_lock has it: who has not given a sign of life for so long is gone.
LEASE_SECONDS = 60
BEAT_SECONDS = 10
LOOK_SECONDS = 1
# The name of the runs of this program among those that take the lease.
RUN = "host"


@contextmanager
def taken(seconds: float, *locks: t.Callable[[], t.ContextManager]) -> t.Iterator[None]:
    """Have all of some locks, and none of them while another one is waited for.

    Args:
        seconds: how long to wait.
        locks: each takes one, or fails at once.

    Raises:
        Failure: somebody has one of them still.
    """
    deadline = time.monotonic() + seconds
    while True:
        with ExitStack() as stack:
            try:
                for lock in locks:
                    stack.enter_context(lock())
            except Failure:
                if time.monotonic() >= deadline:
                    raise
            else:
                yield
                return
        time.sleep(LOOK_SECONDS)


@contextmanager
def held(platform: str, what: str, folder: str = "/run") -> t.Iterator[None]:
    """Be the only one that saves, restores or proves; `what` says in words which of them.

    Raises:
        Failure: another one is at it.
    """
    with (Path(folder) / f"borgstack-backup-{platform}.lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise _taken(platform, file) from None
        file.truncate(0)
        file.write(json.dumps({"what": what, "since": _now()}))
        file.flush()
        yield


def _taken(platform: str, file: t.TextIO) -> Failure:
    file.seek(0)
    try:
        holder = json.loads(file.read())
        words = f"{holder['what']} is under way, since {holder['since']}"
    except (ValueError, KeyError):
        words = "a backup or a restore is under way"
    remedy = f"wait until it has ended (`systemctl status '{platform}-*'`), then run again"
    return Failure(PREREQUISITE, words, remedy, platform)


class Lease:
    """The platform for oneself: no playbook changes it meanwhile. Only for who has the first lock.

    Args:
        platform: which.
        what: in words, what is done.
        folder: where locks lie.
    """

    def __init__(self, platform: str, what: str, folder: str = "/run"):
        self._platform, self._what = platform, what
        self._path = Path(folder) / f"borgstack.platform-{platform}.lock"
        self._beats = self._path.with_name(f"{self._path.name}.beat")
        self._done = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)

    def __enter__(self) -> Lease:
        other = self._take()
        if other is not None:
            what = f"a run is still changing it: {other.get('who')}, since {other.get('since')}: {other.get('what')}"
            raise Failure(PREREQUISITE, what, "wait until it has ended, then run again", self._platform)
        self._keeper.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._done.set()
        self._keeper.join()
        with self._guarded():
            if (self._holder() or {}).get("run") == RUN:
                self._path.unlink()
                self._beats.unlink()

    def _take(self) -> dict[str, t.Any] | None:
        """Take it, or return who has it and lives."""
        with self._guarded():
            holder = self._holder()
            if holder and holder.get("run") != RUN and _uptime() - self._last_beat() <= LEASE_SECONDS:
                return holder
            mine = {"run": RUN, "who": f"{socket.gethostname()} itself", "what": self._what, "since": _now(),
                    "boot": _boot()}  # fmt: skip
            temporary = self._path.with_name(f"{self._path.name}.writing")
            temporary.write_text(json.dumps(mine), encoding="utf-8")
            self._beat()
            temporary.replace(self._path)
            return None

    def _holder(self) -> dict[str, t.Any] | None:
        try:
            holder = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return holder if holder.get("boot") == _boot() else None

    def _last_beat(self) -> float:
        try:
            return float(self._beats.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return 0.0
        except ValueError:
            # It is just being written.
            return _uptime()

    def _beat(self) -> None:
        self._beats.write_text(f"{_uptime():.2f}\n", encoding="utf-8")

    def _keep(self) -> None:
        while not self._done.wait(BEAT_SECONDS):
            with self._guarded():
                # After a standstill it may be somebody else's.
                if (self._holder() or {}).get("run") == RUN:
                    self._beat()

    @contextmanager
    def _guarded(self) -> t.Iterator[None]:
        with self._path.with_name(f"{self._path.name}.guard").open("ab") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            yield


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _uptime() -> float:
    return float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
