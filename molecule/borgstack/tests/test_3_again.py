"""Run again: nothing changes, check mode says so, and no secret is shown at the highest verbosity."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("selection", [["--check"], ["--tags", "n8n"]], ids=["check mode", "one service alone"])
def test_nothing_changes_and_no_secret_is_shown(play, secrets, selection):
    run = play("-vvvv", "--diff", *selection)
    assert (run.returncode, run.changed) == (0, 0), run.output[-3000:]
    assert [name for name, value in secrets.items() if value in run.output] == []
    if "--tags" in selection:
        assert "Read the rules of published ports" not in run.output
        # What was provisioned before is trusted; the run of all services asks the datastores.
        assert "Make the services' buckets" not in run.output
