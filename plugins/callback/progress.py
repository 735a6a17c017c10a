# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Says what a run is waiting for."""

from __future__ import annotations

DOCUMENTATION = r"""
name: progress
type: aggregate
author: The borgstack.platform contributors (@borgstack)
version_added: "0.1.0"
short_description: Say what a long task is waiting for, and for how long
description:
  - Prints a line every few seconds while a task runs, with the seconds since the run began and since the task began.
  - Prints the number of module executions on hosts and the duration of the run at its end.
requirements:
  - enable in configuration, as P(borgstack.platform.progress#callback)
options:
  interval:
    description: Seconds between two lines about the same task.
    type: int
    default: 5
    env:
      - name: PLATFORM_PROGRESS_INTERVAL
"""

import threading
import time

from ansible.plugins.callback import CallbackBase

# Run on the controller; they cost no round trip.
CONTROLLER_ACTIONS = {
    "assert",
    "debug",
    "fail",
    "include_role",
    "include_tasks",
    "meta",
    "set_fact",
    "validate_argument_spec",
}


class CallbackModule(CallbackBase):
    """A ticking clock beside the usual output."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "borgstack.platform.progress"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, display=None, options=None):
        super().__init__(display=display, options=options)
        self._began = self._task_began = time.monotonic()
        self._task = ""
        self._executions = 0
        self._ended = threading.Event()

    def v2_playbook_on_start(self, playbook):
        """Start the clock."""
        threading.Thread(target=self._tick, daemon=True).start()

    def _tick(self):
        while not self._ended.wait(self.get_option("interval")):
            now = time.monotonic()
            if self._task and now - self._task_began >= self.get_option("interval"):
                waiting = f"{now - self._began:4.0f} s  still at: {self._task} ({now - self._task_began:.0f} s)"
                self._display.display(waiting, color="bright blue")

    def v2_playbook_on_task_start(self, task, is_conditional):
        """Note what is being done."""
        self._task = task.get_name()
        self._task_began = time.monotonic()

    def v2_runner_on_ok(self, result):
        """Count what was executed on a host."""
        if result.task.action.rpartition(".")[2] not in CONTROLLER_ACTIONS:
            self._executions += len(result.result.get("results", [None]))

    def v2_playbook_on_stats(self, stats):
        """Say how long the run took."""
        self._ended.set()
        seconds = time.monotonic() - self._began
        self._display.display(f"Took {seconds:.1f} s with {self._executions} module executions on hosts.")
