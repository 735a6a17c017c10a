# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The file system that data lies on, and whether all that is below it is encrypted."""

from __future__ import annotations

import json
import os
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.host.probe import output, read

GIGABYTE = 1024**3
# Their own encryption is not visible to lsblk.
OPAQUE = ("zfs", "overlay", "tmpfs", "nfs", "nfs4", "fuse")


def inspect(path: str) -> dict:
    """Return the measure of the nearest existing ancestor of a path.

    Returns:
        `path`, `device`, `fstype`, `total_gb`, `free_gb`, `encrypted` (none where it cannot be told), `layers` (the
        types of the devices from the file system down) and `clear_swap` (swap devices that are not encrypted).
    """
    while not os.path.exists(path) and path != "/":
        path = os.path.dirname(path)
    size = os.statvfs(path)
    source, fstype = mount_of(path, read("/proc/self/mounts") or "")
    tree = devices(output("lsblk", "--json", "--bytes", "--output", "NAME,KNAME,TYPE,FSTYPE,PKNAME,SIZE", "--paths"))
    if fstype == "btrfs":
        sources = btrfs_devices(output("btrfs", "filesystem", "show", "--raw", path)) or [source]
    else:
        sources = [source]
    swaps = [line.split()[0] for line in (read("/proc/swaps") or "").splitlines()[1:]]
    return {
        "path": path,
        "device": source,
        "fstype": fstype,
        "total_gb": round(size.f_blocks * size.f_frsize / GIGABYTE, 1),
        "free_gb": round(size.f_bavail * size.f_frsize / GIGABYTE, 1),
        "encrypted": None if fstype.split(".")[0] in OPAQUE else encrypted(tree, sources),
        "layers": layers(tree, source),
        "clear_swap": [swap for swap in swaps if "zram" not in swap and encrypted(tree, [swap]) is False],
    }


def mount_of(path: str, mounts: str) -> tuple[str, str]:
    """Return device and type of the file system that a path lies on, from the text of /proc/self/mounts."""
    found = ("", "")
    longest = -1
    for line in mounts.splitlines():
        source, target, fstype = line.split()[:3]
        target = target.replace("\\040", " ")
        if (path == target or path.startswith(target.rstrip("/") + "/")) and len(target) >= longest:
            found, longest = (os.path.realpath(source) if source.startswith("/dev/") else source, fstype), len(target)
    return found


def devices(listing: str | None) -> dict[str, dict]:
    """Return the devices of lsblk's JSON by kernel name: their type, and the kernel names that they are made from."""
    found: dict[str, dict] = {}

    def visit(node: dict, parent: str | None) -> None:
        entry = found.setdefault(node["kname"], {"type": node["type"], "name": node["name"], "parents": set()})
        if parent:
            entry["parents"].add(parent)
        for child in node.get("children", []):
            visit(child, node["kname"])

    for node in json.loads(listing)["blockdevices"] if listing else []:
        visit(node, None)
    return found


def _known(tree: dict[str, dict], device: str) -> str | None:
    return next((kname for kname, entry in tree.items() if device in (kname, entry["name"])), None)


def encrypted(tree: dict[str, dict], sources: t.Iterable[str]) -> bool | None:
    """Tell whether every way from the devices down to a disk passes through encryption; none where one is unknown."""
    answers = []
    for source in sources:
        kname = _known(tree, source)
        answers.append(None if kname is None else _all_ways_encrypted(tree, kname))
    if False in answers:
        return False
    return None if None in answers or not answers else True


def _all_ways_encrypted(tree: dict[str, dict], kname: str) -> bool:
    entry = tree[kname]
    if entry["type"] == "crypt":
        return True
    return bool(entry["parents"]) and all(_all_ways_encrypted(tree, parent) for parent in entry["parents"])


def layers(tree: dict[str, dict], source: str) -> list[str]:
    """Return the types of the devices from the file system's own down to the disk, along one way."""
    chain, kname = [], _known(tree, source)
    while kname is not None:
        chain.append(tree[kname]["type"])
        kname = min(tree[kname]["parents"], default=None)
    return chain


def btrfs_devices(listing: str | None) -> list[str]:
    """Return the devices of `btrfs filesystem show`."""
    lines = [line.split() for line in (listing or "").splitlines()]
    return [os.path.realpath(words[-1]) for words in lines if words[:1] == ["devid"]]
