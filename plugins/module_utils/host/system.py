# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Operating system, processor, memory, control groups and clock."""

from __future__ import annotations

import os
import platform
import re
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.host.probe import Unknown, assignments, output, read

# Names of processes that set the clock; the kernel keeps the first 15 characters.
CLOCK_SETTERS = {
    "chronyd": "chrony",
    "systemd-timesyn": "systemd-timesyncd",
    "ntpd": "ntp",
    "openntpd": "openntpd",
}


def inspect() -> dict:
    """Return what the host is."""
    release = assignments(read("/etc/os-release"))
    memory = dict(re.findall(r"^(\w+):\s+(\d+) kB$", read("/proc/meminfo") or "", re.MULTILINE))
    if not release or "MemTotal" not in memory:
        raise Unknown("cannot read /etc/os-release or /proc/meminfo")
    return {
        "os": {
            "id": release.get("ID", ""),
            "version": release.get("VERSION_ID", ""),
            "codename": release.get("VERSION_CODENAME", ""),
            "like": release.get("ID_LIKE", ""),
            "pretty_name": release.get("PRETTY_NAME", ""),
        },
        "architecture": platform.machine(),
        "kernel": platform.release(),
        "cpu_count": len(os.sched_getaffinity(0)),
        "cpu_features": _cpu_features(),
        "memory_mb": int(memory["MemTotal"]) // 1024,
        "swap_mb": int(memory.get("SwapTotal", 0)) // 1024,
        "cgroup": _cgroup(),
    }


def _cpu_features() -> list[str]:
    """Return what the first processor says that it can; x86 and ARM call the line differently."""
    line = re.search(r"^(?:flags|Features)\s*:(.*)$", read("/proc/cpuinfo") or "", re.MULTILINE)
    return sorted(line.group(1).split()) if line else []


def _cgroup() -> dict:
    unified = read("/sys/fs/cgroup/cgroup.controllers")
    if unified is not None:
        return {"version": 2, "controllers": sorted(unified.split())}
    lines = (read("/proc/cgroups") or "").splitlines()
    return {"version": 1, "controllers": sorted(line.split()[0] for line in lines[1:] if line.split()[-1] == "1")}


def clock() -> dict:
    """Return whether the clock is `synchronized`, none where it cannot be told, and the `source` that sets it."""
    answer = output("timedatectl", "show", "--property=NTPSynchronized", "--value")
    synchronized = None if answer is None else answer.strip() == "yes"
    return {"synchronized": synchronized, "source": next(_clock_setters(), None)}


def _clock_setters() -> t.Iterator[str]:
    for pid in filter(str.isdigit, os.listdir("/proc")):
        name = (read(f"/proc/{pid}/comm") or "").strip()
        if name in CLOCK_SETTERS:
            yield CLOCK_SETTERS[name]
