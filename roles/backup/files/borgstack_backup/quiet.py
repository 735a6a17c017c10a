# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Quiet, where it is wanted: applications are frozen while databases are saved, for so long as that takes."""

from __future__ import annotations

import json
import time
import typing as t
from contextlib import contextmanager
from dataclasses import dataclass

from borgstack_backup import commands
from borgstack_backup.plan import Plan

NOTE = "frozen.json"


@dataclass
class Pause:
    """How long applications stood still; nothing where they did not."""

    seconds: float | None = None


@contextmanager
def quiet(plan: Plan) -> t.Iterator[Pause]:
    """Freeze who uses what is saved, if the plan says so, and let them go on however this ends."""
    pause = Pause()
    if not plan.settings["quiesce"]:
        yield pause
        return
    began = time.monotonic()
    try:
        _freeze(plan)
        yield pause
    finally:
        thaw(plan)
        pause.seconds = round(time.monotonic() - began, 2)


def thaw(plan: Plan) -> list[str]:
    """Let go on who was frozen, also by a run that was killed; returns their names."""
    note = plan.state / NOTE
    if not note.exists():
        return []
    noted = set(json.loads(note.read_text(encoding="utf-8")))
    frozen = [item for item in commands.containers(plan.platform, "status=paused") if item.id in noted]
    if frozen:
        remedy = "let them go on by `docker unpause`"
        commands.run(["docker", "unpause", *(item.id for item in frozen)], "containers", remedy=remedy)
    note.unlink()
    return [item.service for item in frozen]


def _freeze(plan: Plan) -> None:
    """Freeze all that run, datastores aside; first it is noted whom, for a run that is killed in between."""
    names = {name for service in plan.services.values() if service["parts"] for name in service["containers"]}
    names -= {source.container for source in plan.sources}
    ids = [item.id for item in commands.containers(plan.platform, "status=running") if item.service in names]
    if ids:
        (plan.state / NOTE).write_text(json.dumps(ids), encoding="utf-8")
        commands.run(["docker", "pause", *ids], "containers")
