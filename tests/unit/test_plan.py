"""The frame that all provisioning modules share."""

from __future__ import annotations

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.errors import DATA, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step, apply_steps, diff_of

STEPS = [
    Step("role a", "create role a", 1, {}, {"login": True}),
    Step("role a", "set limit of role a", 2, {"limit": -1}, {"limit": 5}),
    Step("role b", "drop role b", 3, {"login": False}, {}),
]


def test_a_diff_has_one_entry_a_subject_from_first_before_to_last_after():
    entries = {entry["before_header"]: entry for entry in diff_of(STEPS)}
    assert list(entries) == ["role a", "role b"]
    assert '"limit": 5' in entries["role a"]["after"] and '"login": true' in entries["role a"]["after"]
    assert '"limit": -1' in entries["role a"]["before"]
    assert entries["role b"]["after"] == ""


def test_a_failure_says_where_and_what_had_been_done():
    def apply(step: Step) -> None:
        if step.operation == 3:
            raise PlatformError(DATA, "role b owns objects", "reassign them")

    with pytest.raises(PlatformError) as failure:
        apply_steps(STEPS, apply)
    assert failure.value.done == ["create role a", "set limit of role a"]
    assert failure.value.message == (
        "[10] data error at role b: role b owns objects. Already done: create role a; set limit of role a. "
        "What to do: reassign them."
    )
