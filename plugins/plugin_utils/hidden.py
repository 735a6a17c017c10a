# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is told of a failed task: of one whose output is hidden, and of one that explained itself in words alone."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    INTEGRATION,
    NETWORK,
    PlatformError,
)

# As PlatformError writes it, possibly behind what Ansible puts before it.
EXPLAINED = re.compile(
    r"\[(?P<category>\d+)\] [\w ]+ error(?: at (?P<where>.+?))?: (?P<what>.+?)[.] What to do: (?P<remedy>.+?)[.]?$",
    re.S,
)
Result = t.Mapping[str, t.Any]


def hidden_failure(result: Result, task: str, where: str, remedy: str) -> str:
    """Return the message of a failed task, without anything of it that may hold a secret.

    Args:
        result: what a rescue finds in `ansible_failed_result`.
        task: the name of the failed task.
        where: the service or host that it failed at.
        remedy: what to do, where the failure does not say so itself.
    """
    failed = _first_failed(result)
    message = str(failed.get("msg", ""))
    # Whoever says a category knows what may be shown.
    if explained := EXPLAINED.search(message):
        return explained.group()
    category = NETWORK if failed.get("status") == -1 else INTEGRATION
    reason = _reason(failed) if _is_hidden(result) else message
    return PlatformError(category, f'"{task}" failed: {reason}', remedy, where).message


def error_in(message: str) -> dict[str, t.Any]:
    """Return category, place, what happened and the remedy that a message tells, as modules return them; or nothing."""
    told = EXPLAINED.search(" ".join(str(message).split()))
    if not told:
        return {}
    return {**told.groupdict(default=""), "category": int(told.group("category"))}


def _first_failed(result: Result) -> Result:
    """Return the failure itself; of a loop, that of the first item that failed."""
    items = [item for item in result.get("results") or [] if item.get("failed")]
    return items[0] if items else result


def _is_hidden(result: Result) -> bool:
    return bool(result.get("_ansible_no_log") or _first_failed(result).get("_ansible_no_log"))


def _reason(failed: Result) -> str:
    """Return what is known to hold no secret: how HTTP, a command or a missing file was answered."""
    status, code = failed.get("status"), failed.get("rc")
    if isinstance(status, int) and status > 0:
        return f"it was answered with HTTP status {status}"
    if status == -1:
        return "there was no answer"
    if isinstance(code, int):
        return f"the command ended with {code}"
    return "its output is hidden, because it may hold secrets"
