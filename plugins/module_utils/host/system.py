# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Operating system, processor, memory, control groups and clock."""

from __future__ import annotations

import os
import platform
import re

from ansible_collections.borgstack.platform.plugins.module_utils.host.probe import assignments, output, read


def inspect() -> dict:
    """Return what the host is."""
    release = assignments(read("/etc/os-release"))
    memory = dict(re.findall(r"^(\w+):\s+(\d+) kB$", read("/proc/meminfo") or "", re.MULTILINE))
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
        "memory_mb": int(memory.get("MemTotal", 0)) // 1024,
        "swap_mb": int(memory.get("SwapTotal", 0)) // 1024,
        "cgroup": _cgroup(),
        "clock": {"synchronized": _synchronized()},
    }


def _cgroup() -> dict:
    unified = read("/sys/fs/cgroup/cgroup.controllers")
    if unified is not None:
        return {"version": 2, "controllers": sorted(unified.split())}
    lines = (read("/proc/cgroups") or "").splitlines()
    return {"version": 1, "controllers": sorted(line.split()[0] for line in lines[1:] if line.split()[-1] == "1")}


def _synchronized() -> bool | None:
    answer = output("timedatectl", "show", "--property=NTPSynchronized", "--value")
    return None if answer is None else answer.strip() == "yes"
