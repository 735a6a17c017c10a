# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Inspect, plan, apply: the frame that all provisioning modules share.

An engine's `inspect` reads the server, its `plan` is a pure function that returns steps, its `apply` carries out one
step. Check mode is everything but `apply`; the diff and the list of steps in words come from the same steps, so they
cannot disagree with what is done.
"""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, field

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError


@dataclass(frozen=True)
class Step:
    """One change to one object.

    Attributes:
        subject: the object, such as `role n8n_user`; steps with the same subject share one entry of the diff.
        words: what is done, for people; never holds a secret.
        operation: what the engine's `apply` needs to do it; never printed, may hold secrets.
        before: the object's relevant properties as they are, empty where it does not exist; secrets masked.
        after: the same properties as they will be, empty where it will not exist; secrets masked.
    """

    subject: str
    words: str
    operation: t.Any = field(repr=False)
    before: dict = field(default_factory=dict)
    after: dict = field(default_factory=dict)


def diff_of(steps: list[Step]) -> list[dict]:
    """Return Ansible's diff of the steps: one entry a subject, in the order of first appearance."""
    before: dict[str, dict] = {}
    after: dict[str, dict] = {}
    for step in steps:
        # What a later step finds is what an earlier one left: the first "before" and the last "after" are shown.
        before.setdefault(step.subject, {}).update(
            {key: value for key, value in step.before.items() if key not in before.get(step.subject, {})}
        )
        after.setdefault(step.subject, {}).update(step.after)
    return [
        {
            "before_header": subject,
            "after_header": subject,
            "before": _render(before[subject]),
            "after": _render(after[subject]),
        }
        for subject in before
    ]


def _render(properties: dict) -> str:
    return json.dumps(properties, indent=2, sort_keys=True, ensure_ascii=False) + "\n" if properties else ""


def apply_steps(steps: list[Step], apply: t.Callable[[Step], None]) -> None:
    """Carry out the steps in order; a failure says which ones had been done.

    Raises:
        PlatformError: as raised by `apply`, with `done` completed.
    """
    done: list[str] = []
    for step in steps:
        try:
            apply(step)
        except PlatformError as error:
            error.done = done + error.done
            error.where = error.where or step.subject
            raise
        done.append(step.words)
