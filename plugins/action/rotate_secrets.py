# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Rotates secrets in the vaulted file; its options and what it returns are documented beside the modules."""

from __future__ import annotations

import datetime
import os
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils import rotation
from ansible_collections.borgstack.platform.plugins.plugin_utils.secret_file import SecretFile
from ansible_collections.borgstack.platform.plugins.plugin_utils.secret_policy import generate
from ansible_collections.borgstack.platform.plugins.plugin_utils.secret_store import MAKE, is_a_job, policy_of
from ansible_collections.borgstack.platform.plugins.plugin_utils.secret_uses import merged

OPTIONS = {
    "path": {"type": "path", "required": True},
    "uses": {"type": "list", "elements": "dict", "required": True},
    "names": {"type": "list", "elements": "str", "default": []},
    "older_than": {"type": "int"},
    "unknown": {"type": "bool", "default": False},
    "limit_days": {"type": "int", "default": 90},
    "missing": {"type": "str", "default": "auto"},
    "read_only": {"type": "bool", "default": False},
}


class ActionModule(ActionBase):
    """Runs on the controller alone, where the file and what opens it are."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Plan, and put new secrets in place of those that are rotated, all of them at once.

        Returns:
            `changed`, `rotated`, `lines` and `artifact`; no secret.
        """
        result = super().run(tmp, task_vars)
        _result, options = self.validate_argument_spec(argument_spec=OPTIONS)
        try:
            rows = self._rotated(options, task_vars or {})
        except PlatformError as error:
            raise AnsibleActionFail(error.message) from None
        rotated = [row.secret for row in rows if row.rotates]
        return {
            **result,
            "changed": bool(rotated),
            "rotated": rotated,
            "lines": rotation.table(rows, options["limit_days"]),
            "artifact": rotation.artifact(rows, options["limit_days"]),
        }

    def _rotated(self, options: dict[str, t.Any], variables: dict[str, t.Any]) -> list[rotation.Row]:
        wanted = rotation.Wanted(tuple(options["names"]), options["older_than"], options["unknown"])
        if wanted != rotation.Wanted():
            _refuse_where_nothing_is_kept(options, variables)
        # Ansible offers plugins no public way to the vault secrets of the run.
        file = SecretFile(os.path.abspath(options["path"]), self._loader._vault)
        if self._task.check_mode or wanted == rotation.Wanted():
            return _planned(file, options, wanted)
        with file.locked():
            rows = _planned(file, options, wanted)
            new = {row.secret: generate(row.kind) for row in rows if row.rotates}
            if new:
                file.write({**file.read(), **new})
        return rows


def _planned(file: SecretFile, options: dict[str, t.Any], wanted: rotation.Wanted) -> list[rotation.Row]:
    today = datetime.datetime.now(datetime.timezone.utc).date()
    return rotation.plan(merged(options["uses"]), file.ages(), wanted, today)


def _refuse_where_nothing_is_kept(options: dict[str, t.Any], variables: dict[str, t.Any]) -> None:
    """Refuse, in check mode too, what would be lost or was asked not to be written."""
    policy = policy_of(options["missing"], options["read_only"], checking=False, lost_afterwards=is_a_job(variables))
    if policy != MAKE:
        raise PlatformError(
            CONFIGURATION,
            "secrets are not written here (platform_missing_secrets)",
            "rotate from a terminal that has the file, or change them where they are kept; then run site.yml",
            where=options["path"],
        )
