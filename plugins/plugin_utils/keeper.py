# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A process on the controller that outlives a task and ends with the run: what it does meanwhile, and at the end."""

from __future__ import annotations

import os
import resource
import signal
import time
import typing as t

LOOK_SECONDS = 0.5


def start_time(pid: int) -> str | None:
    """Return when a process was started, which tells it from a later one of the same number; none: there is none.

    Where the system has no /proc, the number alone has to do.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return ""
    # The state of one that ended and was not waited for; the moment, in ticks since the boot.
    return None if fields[0] in "ZX" else fields[19]


def keep(pid: int, every: float, beat: t.Callable[[], bool], end: t.Callable[[], None]) -> None:
    """Leave a process behind that calls `beat` again and again while another process lives, and `end` afterwards.

    Args:
        pid: whose life it is about.
        every: seconds from one beat to the next.
        beat: returns whether to go on.
        end: called once, unless a beat said not to go on.
    """
    started = start_time(pid)
    first = os.fork()
    if first:
        os.waitpid(first, 0)
        return
    # From here on nothing may come back to the caller's code: it is another process' business.
    try:
        os.setsid()
        if os.fork() == 0:
            _detach()
            _watch(pid, started, every, beat, end)
    finally:
        os._exit(0)


def _detach() -> None:
    """Hold nothing that others wait for: no terminal, no pipe; and end when told to."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.closerange(3, min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], 65536))


def _watch(pid: int, started: str | None, every: float, beat: t.Callable[[], bool], end: t.Callable[[], None]) -> None:
    due = time.monotonic() + every
    while started is not None and start_time(pid) == started:
        if time.monotonic() >= due:
            if not beat():
                return
            due = time.monotonic() + every
        time.sleep(LOOK_SECONDS)
    end()
