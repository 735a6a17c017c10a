# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The file system that data lies on, and whether all that is below it is encrypted."""

from __future__ import annotations

import glob
import json
import os
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.host.probe import output, read

GIGABYTE = 1024**3
# Their own encryption is not visible to lsblk.
OPAQUE = ("zfs", "overlay", "tmpfs", "nfs", "nfs4", "fuse")
# Made by the same kernel layer as encryption, and of the same type in lsblk, but in clear.
ONLY_CHECKED = ("DM_integrity", "DM_verity_hash")


def inspect(path: str) -> dict:
    """Return the measure of the nearest existing ancestor of a path.

    Returns:
        `path`, `device`, `fstype`, `total_gb`, `free_gb`, `encrypted` (none where it cannot be told), `layers` (the
        types of the devices from the file system down) and `clear_swap` (swap devices that are not encrypted).
    """
    # What a link points to may lie on another disk.
    path = os.path.realpath(path)
    while not os.path.exists(path):
        path = os.path.dirname(path)
    size = os.statvfs(path)
    mounts = read("/proc/self/mounts") or ""
    source, fstype = mount_of(path, mounts)
    tree = devices(output("lsblk", "--json", "--bytes", "--output", "NAME,KNAME,TYPE,FSTYPE,PKNAME,SIZE", "--paths"))
    return {
        "path": path,
        "device": source,
        "fstype": fstype,
        "total_gb": round(size.f_blocks * size.f_frsize / GIGABYTE, 1),
        "free_gb": round(size.f_bavail * size.f_frsize / GIGABYTE, 1),
        "encrypted": None if fstype.split(".")[0] in OPAQUE else encrypted(tree, members(source)),
        "layers": layers(tree, source),
        "clear_swap": clear_swap(read("/proc/swaps") or "", mounts, tree),
    }


def clear_swap(swaps: str, mounts: str, tree: dict[str, dict]) -> list[str]:
    """Return the swap devices and files that are not encrypted, from the texts of /proc/swaps and /proc/self/mounts."""
    found = []
    for line in swaps.splitlines()[1:]:
        swap, kind = line.split()[:2]
        # A file is as safe as the file system that it lies on; zram never leaves the memory.
        device = mount_of(swap, mounts)[0] if kind == "file" else swap
        if not swap.startswith("/dev/zram") and encrypted(tree, members(device)) is False:
            found.append(swap)
    return found


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
        properties = {"type": node["type"], "fstype": node.get("fstype"), "name": node["name"]}
        entry = found.setdefault(node["kname"], {**properties, "parents": set()})
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
    if entry["type"] == "crypt" and not any(tree[parent]["fstype"] in ONLY_CHECKED for parent in entry["parents"]):
        return True
    return bool(entry["parents"]) and all(_all_ways_encrypted(tree, parent) for parent in entry["parents"])


def layers(tree: dict[str, dict], source: str) -> list[str]:
    """Return the types of the devices from the file system's own down to the disk, along one way."""
    chain, kname = [], _known(tree, source)
    while kname is not None:
        chain.append(tree[kname]["type"])
        kname = min(tree[kname]["parents"], default=None)
    return chain


def members(source: str, sysfs: str = "/sys/fs/btrfs") -> list[str]:
    """Return all devices of the btrfs that a device belongs to, or the device alone where it belongs to none."""
    for devices_of_one in glob.glob(f"{sysfs}/*/devices"):
        found = [f"/dev/{name}" for name in sorted(os.listdir(devices_of_one))]
        if source in found:
            return found
    return [source]
