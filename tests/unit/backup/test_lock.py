"""One at a time: the program on the host among its own runs, and among the playbooks that change the platform."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest
from borgstack_backup.failure import Failure
from borgstack_backup.lock import Lease, held, taken

from ansible_collections.borgstack.platform.plugins.module_utils import run_lock
from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError

PROGRAM = Path(__file__).resolve().parents[3] / "roles/backup/files"
SITE = ("run-1", "me at controller", "Deploy the platform")


def host(tmp_path: Path) -> run_lock.Host:
    return run_lock.Host(str(tmp_path), "p")


def test_a_playbook_is_refused_while_the_host_saves_itself_and_told_since_when(tmp_path):
    with Lease("p", "a backup", str(tmp_path)) as lease:
        waited = []

        def beat(seconds: float) -> None:
            waited.append(seconds)
            lease._beat()

        with pytest.raises(PlatformError, match=r"itself, since 20.* UTC: a backup") as refused:
            # It looks for a sign of life, which comes each ten seconds.
            time.sleep(0.02)
            run_lock.take(host(tmp_path), *SITE, sleep=beat)
        assert refused.value.category == 2 and waited
    assert run_lock.take(host(tmp_path), *SITE) == {"taken": True, "left_by": ""}


def test_the_host_waits_while_a_playbook_changes_the_platform_and_is_told_who(tmp_path):
    run_lock.take(host(tmp_path), *SITE)
    locks = [partial(lock, "p", "a backup", str(tmp_path)) for lock in (held, Lease)]
    with pytest.raises(Failure, match=r"me at controller, since .*: Deploy the platform") as refused, taken(0, *locks):
        pass
    assert refused.value.category == 2
    threading.Timer(0.5, lambda: run_lock.release(host(tmp_path), "run-1")).start()
    with taken(20, *locks):
        assert host(tmp_path).holder().what == "a backup"
    assert host(tmp_path).holder() is None


def test_who_waits_for_a_playbook_does_not_stand_in_the_way_of_what_it_starts(tmp_path):
    run_lock.take(host(tmp_path), *SITE)
    locks = [partial(lock, "p", "a backup", str(tmp_path)) for lock in (held, Lease)]
    done = threading.Event()

    def wait() -> None:
        with taken(20, *locks):
            done.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    # As the playbook that restores: it has the platform, and its program needs the first lock alone.
    with taken(10, partial(held, "p", "a restore", str(tmp_path))):
        assert not done.is_set()
    run_lock.release(host(tmp_path), "run-1")
    waiting.join(20)
    assert done.is_set()


def test_a_playbook_that_died_is_waited_for_no_longer_than_its_lease(tmp_path):
    place = host(tmp_path)
    run_lock.take(place, *SITE)
    Path(place.beats).write_text(f"{place.uptime() - 61:.2f}\n")
    with Lease("p", "a backup", str(tmp_path)):
        assert place.holder().run == "host"


@pytest.mark.parametrize("what", ["a backup", "a drill"])
def test_a_second_one_is_told_what_the_first_does_and_a_killed_one_is_followed_at_once(tmp_path, what):
    script = (
        "import time; from borgstack_backup.lock import *\n"
        f"with held('p', {what!r}, {str(tmp_path)!r}), Lease('p', {what!r}, {str(tmp_path)!r}):\n"
        "    print('has it', flush=True); time.sleep(60)"
    )
    first = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(PROGRAM)}
    )
    assert first.stdout.readline() == "has it\n"
    with pytest.raises(Failure, match=f"{what} is under way, since 20"), held("p", "a backup", str(tmp_path)):
        pass
    first.kill()
    first.wait()
    first.stdout.close()
    # The lease that it left is nobody's.
    with taken(0, *(partial(lock, "p", "a backup", str(tmp_path)) for lock in (held, Lease))):
        assert host(tmp_path).holder().what == "a backup"
