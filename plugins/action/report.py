# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Prints lines as they are; its options and what it returns are documented beside the modules, in report.py."""

from __future__ import annotations

import typing as t

from ansible import constants
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.borgstack.platform.plugins.plugin_utils.report import printable

# Callbacks whose standard output is one document for machines; it holds the result, and so the lines.
FOR_MACHINES = {"json", "jsonl", "ansible.posix.json", "ansible.posix.jsonl"}


class ActionModule(ActionBase):
    """Runs on the controller alone."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Print the lines; never a change.

        Returns:
            `changed` (false) and `lines`.
        """
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(
            argument_spec={"lines": {"type": "list", "elements": "str", "required": True}}
        )
        lines = [printable(line) for line in arguments["lines"]]
        if constants.config.get_config_value("DEFAULT_STDOUT_CALLBACK") not in FOR_MACHINES:
            Display().display("\n".join(lines))
        return {"changed": False, "lines": lines}
