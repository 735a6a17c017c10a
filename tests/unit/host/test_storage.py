"""Is the data encrypted? Recorded device trees, as lsblk prints them."""

from __future__ import annotations

import json

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.host.storage import (
    btrfs_devices,
    devices,
    encrypted,
    layers,
    mount_of,
)


def node(name: str, kind: str, *children: dict) -> dict:
    return {
        "name": f"/dev/{name}",
        "kname": f"/dev/{name}",
        "type": kind,
        "fstype": None,
        "pkname": None,
        "size": 1,
        "children": list(children),
    }


def tree(*nodes: dict) -> dict:
    return devices(json.dumps({"blockdevices": list(nodes)}))


PLAIN = tree(node("sda", "disk", node("sda1", "part"), node("sda2", "part")))
LUKS_ON_PARTITION = tree(node("sda", "disk", node("sda1", "part"), node("sda2", "part", node("dm-0", "crypt"))))
LUKS_UNDER_LVM = tree(
    node("sda", "disk", node("sda2", "part", node("dm-0", "crypt", node("dm-1", "lvm"), node("dm-2", "lvm"))))
)
LVM_UNDER_LUKS = tree(node("sda", "disk", node("sda2", "part", node("dm-0", "lvm", node("dm-1", "crypt")))))
RAID_HALF = tree(
    node("sda", "disk", node("sda1", "part", node("dm-0", "crypt", node("md0", "raid1")))),
    node("sdb", "disk", node("sdb1", "part", node("md0", "raid1"))),
)
RAID_WHOLE = tree(
    node("sda", "disk", node("sda1", "part", node("md0", "raid1", node("dm-0", "crypt")))),
    node("sdb", "disk", node("sdb1", "part", node("md0", "raid1", node("dm-0", "crypt")))),
)
BTRFS = tree(
    node("sda", "disk", node("dm-0", "crypt")), node("sdb", "disk", node("dm-1", "crypt")), node("sdc", "disk")
)


@pytest.mark.parametrize(
    ("found", "sources", "answer"),
    [
        (PLAIN, ["/dev/sda2"], False),
        (LUKS_ON_PARTITION, ["/dev/dm-0"], True),
        (LUKS_ON_PARTITION, ["/dev/sda1"], False),
        (LUKS_UNDER_LVM, ["/dev/dm-2"], True),
        (LVM_UNDER_LUKS, ["/dev/dm-1"], True),
        (LVM_UNDER_LUKS, ["/dev/dm-0"], False),
        (RAID_HALF, ["/dev/md0"], False),
        (RAID_WHOLE, ["/dev/dm-0"], True),
        (RAID_WHOLE, ["/dev/md0"], False),
        (BTRFS, ["/dev/dm-0", "/dev/dm-1"], True),
        (BTRFS, ["/dev/dm-0", "/dev/sdc"], False),
        (PLAIN, ["rpool/data"], None),
        (PLAIN, ["overlay"], None),
        ({}, ["/dev/sda1"], None),
        (PLAIN, [], None),
    ],
    ids=[
        "plain",
        "LUKS on a partition",
        "another partition beside it",
        "LUKS under LVM",
        "LVM under LUKS",
        "the volume under it",
        "RAID with one leg in clear",
        "LUKS on RAID",
        "the RAID under it",
        "btrfs, all devices",
        "btrfs, one in clear",
        "zfs",
        "a container's root",
        "no lsblk",
        "nothing",
    ],
)
def test_every_way_to_a_disk_passes_through_encryption(found, sources, answer):
    assert encrypted(found, sources) is answer


def test_layers_from_the_file_system_down():
    assert layers(LUKS_UNDER_LVM, "/dev/dm-1") == ["lvm", "crypt", "part", "disk"]
    assert layers(PLAIN, "overlay") == []


def test_the_mount_with_the_longest_path_holds_a_path():
    table = ["/dev/sda1 / ext4", "/dev/sdb1 /var xfs", "/dev/sdc1 /var/lib\\040x ext4", "zfs/y /var/library zfs"]
    mounts = "".join(f"{line} rw 0 0\n" for line in table)
    assert mount_of("/var/lib/docker", mounts) == ("/dev/sdb1", "xfs")
    assert mount_of("/var/lib x/y", mounts) == ("/dev/sdc1", "ext4")
    assert mount_of("/srv", mounts) == ("/dev/sda1", "ext4")


def test_devices_of_btrfs():
    lines = ["Label: none  uuid: x", "\tTotal devices 2 FS bytes used 1"]
    lines += [f"\tdevid    {number} size 1 used 1 path /dev/sd{letter}" for number, letter in ((1, "x"), (2, "y"))]
    listing = "\n".join(lines)
    assert btrfs_devices(listing) == ["/dev/sdx", "/dev/sdy"]
    assert btrfs_devices(None) == []
