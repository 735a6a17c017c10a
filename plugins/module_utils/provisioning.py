# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Between a plan and Ansible: check mode, diff, results and failures, the same for all modules."""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.parameters import remove_values

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError, of_system
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step, apply_steps, diff_of

# What every module that connects has, and what those that plan have: documented in doc_fragments/provisioning.py.
CONNECTION: dict = {"connect_timeout": {"type": "int", "default": 10}}
OPTIONS: dict = {
    "assume_empty": {"type": "bool", "default": False},
    "report_undeclared": {"type": "bool", "default": False},
}
# What each declared object may say.
STATE: dict = {"type": "str", "choices": ["present", "absent"], "default": "present"}
# What those that only read have.
INFO_OPTIONS: dict = {"names": {"type": "list", "elements": "str"}}


def converge(
    module, steps: list[Step], apply: t.Callable[[Step], None], undeclared: t.Callable[[], list[str]] | None = None
) -> dict:
    """Apply the steps unless in check mode and return the result for `exit_json`.

    Args:
        module: the `AnsibleModule`.
        steps: the plan.
        apply: carries out one step.
        undeclared: as for `result_of`.

    Raises:
        PlatformError: as raised by `apply`.
    """
    if not module.check_mode:
        apply_steps(steps, apply)
    return result_of(module, steps, undeclared)


def result_of(module, steps: list[Step], undeclared: t.Callable[[], list[str]] | None = None) -> dict:
    """Return the result of steps that have been, or would be, carried out.

    Args:
        module: the `AnsibleModule`.
        steps: the steps.
        undeclared: returns in words what exists without being declared; none for modules that do not report it.

    Returns:
        `changed`, `plan` (the steps in words) and, when asked for, `diff` and `undeclared`.
    """
    result: dict = {"changed": bool(steps), "plan": [step.words for step in steps]}
    if module._diff:
        result["diff"] = diff_of(steps)
    if undeclared is not None and module.params["report_undeclared"]:
        result["undeclared"] = undeclared()
    return result


def refuse_assumption(module) -> None:
    """Refuse `assume_empty` where something would be changed on that assumption.

    Raises:
        PlatformError: the module is not in check mode.
    """
    if not module.check_mode:
        raise PlatformError(CONFIGURATION, "assume_empty is for check mode only", "remove it, or run with --check")


def finish(module, run: t.Callable[[], dict]) -> None:
    """End the module with what `run` returns, or with the failure that it raises."""
    try:
        result = run()
    except PlatformError as error:
        module.fail_json(**error.as_result())
    except OSError as error:
        module.fail_json(**of_system(error).as_result())
    module.exit_json(**result)


def tell(module, read: t.Callable[[], dict]) -> None:
    """End a module that only reads, as `finish` does, if what it has read gets through to the letter.

    Ansible masks whatever holds a secret option's value, so that a weak login password would turn names into others.
    """

    def exact() -> dict:
        result = read()
        if remove_values(result, module.no_log_values) != remove_values(result, ()):
            raise PlatformError(
                CONFIGURATION,
                "a secret that the module logs in with is part of what it has read, where Ansible would mask it: what "
                "would be returned is not what there is",
                "log in with a password that is no word of names, settings or comments on this server",
            )
        return result

    finish(module, exact)
