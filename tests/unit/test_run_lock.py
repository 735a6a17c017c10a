"""Who may change a platform: the lease, with a clock of its own."""

from __future__ import annotations

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils import run_lock
from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils import keeper


class Host(run_lock.Host):
    """A host whose time passes by sleeping, and in which somebody may beat meanwhile."""

    now = 1000.0
    this_boot = "one"
    living = ()

    def uptime(self):
        return self.now

    def boot(self):
        return self.this_boot

    def sleep(self, seconds):
        self.now += seconds
        if "first" in self.living and int(self.now) % run_lock.BEAT_SECONDS == 0:
            self.beat()

    def take(self, run):
        return run_lock.take(self, run, f"{run} at there", "site", self.sleep)


@pytest.fixture
def host(tmp_path):
    return Host(str(tmp_path), "borgstack")


def test_the_first_takes_it_and_has_it_for_all_of_its_tasks(host):
    assert host.take("first") == {"taken": True, "left_by": ""}
    assert host.take("first") == {"taken": False, "left_by": ""}


def test_another_one_is_refused_as_soon_as_the_first_shows_that_it_lives(host):
    host.take("first")
    host.living = ("first",)
    with pytest.raises(PlatformError, match=r"first at there, since .*: site"):
        host.take("second")
    assert host.now <= 1000 + run_lock.BEAT_SECONDS + 1


def test_the_lease_of_one_that_is_gone_ends(host):
    host.take("first")
    taken = host.take("second")
    assert taken["taken"] and taken["left_by"].startswith("first at there")
    assert run_lock.LEASE_SECONDS <= host.now - 1000 <= run_lock.LEASE_SECONDS + 1


def test_a_boot_ends_it_and_so_does_a_file_that_was_cut_off(host):
    host.take("first")
    host.this_boot = "two"
    assert host.take("second") == {"taken": True, "left_by": ""}
    with open(host.path, "w", encoding="utf-8") as file:
        file.write('{"run": "sec')
    assert host.take("third") == {"taken": True, "left_by": ""}


def test_only_the_holder_gives_it_back(host):
    host.take("first")
    assert not run_lock.release(host, "second") and run_lock.release(host, "first")
    assert host.take("second") == {"taken": True, "left_by": ""}


@pytest.mark.parametrize("name", ["", "../etc/x", "Bad Name", ".hidden"])
def test_a_name_that_leaves_the_folder_is_refused(name, tmp_path):
    with pytest.raises(PlatformError, match="no name of a platform"):
        run_lock.Host(str(tmp_path), name)


def test_the_keeper_knows_a_process_that_is_gone():
    assert keeper.start_time(2**22 + 1) is None
