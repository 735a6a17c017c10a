# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Takes the lock by the module of the same name, and leaves a keeper on the controller that holds it for the run."""

from __future__ import annotations

import getpass
import hashlib
import multiprocessing
import os
import shlex
import socket
import typing as t

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.borgstack.platform.plugins.module_utils.run_lock import BEAT_SECONDS
from ansible_collections.borgstack.platform.plugins.plugin_utils.keeper import keep, start_time


class ActionModule(ActionBase):
    """Runs in a worker, whose parent is the run's own process."""

    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Take the lock; where this run did not have it yet, keep it until the run ends.

        Returns:
            What the module returns; in check mode nothing is done.
        """
        result = super().run(tmp, task_vars)
        if self._task.check_mode:
            return {**result, "skipped": True, "msg": "check mode changes nothing, so it needs no lock"}
        # Not getppid(): once the run was killed, that is whoever adopted this worker, and lives for ever.
        run_process = multiprocessing.parent_process().pid
        if start_time(run_process) is None:
            raise AnsibleError("the run that this task belongs to has ended")
        origin = f"{socket.gethostname()} {run_process} {start_time(run_process)} {_boot()}"
        run = hashlib.sha256(origin.encode()).hexdigest()[:32]
        answer = self._execute_module(
            module_name="borgstack.platform.run_lock",
            module_args={**self._task.args, "run": run, "who": _who(task_vars or {}, run_process)},
            task_vars=task_vars,
        )
        if answer.get("taken"):
            path = shlex.quote(answer["path"])
            mine = f"grep -q {run} {path}"
            keep(
                run_process,
                BEAT_SECONDS,
                lambda: self._said(f"{mine} && cut -d ' ' -f 1 /proc/uptime >{path}.beat"),
                lambda: self._said(f"{mine} && rm -f {path} {path}.beat"),
            )
        return answer

    def _said(self, command: str) -> bool:
        """Run a command on the host, from the keeper; returns whether to go on, as it does over a lost connection."""
        # The queue by which a worker has the run's process print is closed here, and nobody reads.
        Display()._final_q = None
        try:
            return self._low_level_execute_command(command)["rc"] == 0
        except (AnsibleError, OSError):
            return True


def _who(task_vars: dict[str, t.Any], process: int) -> str:
    """Return in words who runs this, and where."""
    for system in ("awx", "tower"):
        job = task_vars.get(f"{system}_job_id")
        if job:
            return f"AWX job {job} of {task_vars.get(f'{system}_user_name') or 'a schedule'}"
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user} at {socket.gethostname()}, process {process}"


def _boot() -> str:
    """Return the name of this boot of the controller, where it tells."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""
