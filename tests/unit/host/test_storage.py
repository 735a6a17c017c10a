"""Is the data encrypted? Recorded device trees, as lsblk prints them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.borgstack.platform.plugins.module_utils.host.storage import (
    clear_swap,
    devices,
    encrypted,
    inspect,
    layers,
    members,
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


def test_an_unencrypted_mapping_is_not_taken_for_encryption():
    checked = node("sda1", "part", node("dm-0", "crypt"))
    checked["fstype"] = "DM_integrity"
    assert encrypted(tree(node("sda", "disk", checked)), ["/dev/dm-0"]) is False


def test_all_devices_of_a_btrfs_count(tmp_path):
    for name in ("uuid-1/devices/dm-0", "uuid-1/devices/sdc", "uuid-2/devices/sdd"):
        (tmp_path / name).mkdir(parents=True)
    assert members("/dev/dm-0", str(tmp_path)) == ["/dev/dm-0", "/dev/sdc"]
    assert members("/dev/sda1", str(tmp_path)) == ["/dev/sda1"]
    assert encrypted(BTRFS, members("/dev/dm-0", str(tmp_path))) is False


def test_swap_in_clear_is_found_on_devices_and_in_files():
    found = tree(
        node("sda", "disk", node("sda1", "part"), node("sda2", "part", node("dm-0", "crypt", node("dm-1", "lvm")))),
        node("zram0", "disk"),
    )
    mounts = "/dev/sda1 / ext4 rw 0 0\n/dev/dm-0 /safe ext4 rw 0 0\n"
    swaps = "Filename Type Size Used Priority\n" + "".join(
        f"{name}\t{kind} 1 0 -2\n"
        for name, kind in [
            ("/swapfile", "file"),
            ("/safe/swapfile", "file"),
            ("/dev/sda1", "partition"),
            ("/dev/dm-1", "partition"),
            ("/dev/zram0", "partition"),
        ]
    )
    assert clear_swap(swaps, mounts, found) == ["/swapfile", "/dev/sda1"]


def test_a_path_is_measured_where_its_link_points_to(tmp_path):
    (tmp_path / "link").symlink_to("/proc")
    measured = inspect(str(tmp_path / "link" / "no" / "such"))
    assert (measured["path"], measured["fstype"]) == ("/proc", "proc")
    assert measured["encrypted"] is None


@st.composite
def stacks(draw):
    """Layers of devices, each made from some of those below it, and which of them encrypt."""
    below, made = ["disk0", "disk1"], {}
    for number in range(draw(st.integers(1, 5))):
        parents = draw(st.lists(st.sampled_from(below), min_size=1, max_size=2, unique=True))
        made[f"dm-{number}"] = (draw(st.sampled_from(["crypt", "lvm", "raid1"])), parents)
        below.append(f"dm-{number}")
    return made


@given(stacks())
def test_data_is_encrypted_if_no_disk_is_reached_without_passing_encryption(stack):
    def shown(name: str) -> dict:
        children = [child for child, (kind, parents) in stack.items() if name in parents]
        return node(name, stack[name][0] if name in stack else "disk", *map(shown, children))

    # The other way round than the code: from the disks up, through devices that do not encrypt.
    bare = {"disk0", "disk1"}
    for name, (kind, parents) in stack.items():
        if kind != "crypt" and bare & set(parents):
            bare.add(name)
    found = tree(shown("disk0"), shown("disk1"))
    for name in stack:
        assert encrypted(found, [f"/dev/{name}"]) is (name not in bare)
