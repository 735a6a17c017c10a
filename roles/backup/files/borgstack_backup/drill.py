# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A drill: the newest verified set comes back beside production, is what the manifest says, and is good for use."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from pathlib import Path

from borgstack_backup import sets, status
from borgstack_backup.backup import repository_of
from borgstack_backup.failure import Failure, of_system
from borgstack_backup.part import Part
from borgstack_backup.plan import Plan
from borgstack_backup.proofs import Proofs
from borgstack_backup.report import Report
from borgstack_backup.repository import Repository
from borgstack_backup.restore import NEWEST, find
from borgstack_backup.room import Room, needed
from borgstack_backup.scratch import Scratch, reap

Say = t.Callable[[str], None]


def drill(plan: Plan, options: dict[str, t.Any], say: Say) -> list[Failure]:
    """Do it, write the report and tell; with `check` say what would be restored. Returns what failed.

    Args:
        plan: what there is.
        options: `set` (its name, or newest: the newest that is verified), `origin` (a destination's name, or none for
            the one that was drilled the longest ago) and `check`.
        say: is told each row.
    """
    known = status.read(plan.state)
    origin = options["origin"] or next_origin(plan, known)
    wanted = options["set"]
    if wanted == NEWEST:
        wanted = known.get("destinations", {}).get(origin, {}).get("set", NEWEST)
    if options["check"]:
        name, _origin, manifest, _repository = find(plan, wanted, origin)
        for line in described(plan, name, origin, sets.parts_of(manifest)):
            say(line)
        return []
    report = Report(origin, say, plan.hidden)
    try:
        _prove(plan, wanted, origin, report)
    except Failure as failure:
        report.failed(failure)
    except OSError as error:
        report.failed(of_system(error, str(plan.drill)))
    finally:
        clear(plan)
    known = status.read(plan.state)
    report.keep(plan, known)
    for untold in status.tell(plan, known["last_drill"], "the drill"):
        say(f"attention: could not be told: {untold}")
    return report.failures


def next_origin(plan: Plan, known: dict[str, t.Any]) -> str:
    """Return the destination that was drilled the longest ago, so that each is in turn."""
    drilled = known.get("drilled", {})
    return min(plan.destinations, key=lambda item: drilled.get(item.name, 0)).name


def described(plan: Plan, name: str, origin: str, parts: list[Part]) -> list[str]:
    """Return in words what a drill would do."""
    lines = [f"set {name} from {origin}, {needed(parts) >> 20} MiB of room meanwhile"]
    lines += [f"restore beside production: {part.name} ({part.bytes} bytes, {part.total} counted)" for part in parts]
    return lines + [f"canary of {canary.service}: {canary.claim}" for canary in plan.canaries]


def clear(plan: Plan) -> list[str]:
    """Remove what a drill made, also one that was killed; returns what there was."""
    removed = reap(plan.platform)
    sets.clear(plan.drill)
    return removed


def _prove(plan: Plan, wanted: str, origin: str, report: Report) -> None:
    clear(plan)
    name, origin, manifest, repository = find(plan, wanted, origin)
    report.set = name
    parts = sets.parts_of(manifest)
    room = Room(plan, parts)
    memory = int(plan.settings["drill_memory_mb"]) << 20
    with Scratch(plan.platform, plan.directory, memory) as scratch, room.watched(scratch):
        root = _fetched(plan, name, t.cast(Repository, repository), report)
        proven = [part for part in parts if _is_whole(part, root, report)]
        Proofs(plan, scratch, root, manifest, report).run(proven)
    if room.exceeded:
        raise room.failure()


def _fetched(plan: Plan, name: str, repository: Repository, report: Report) -> Path:
    """Return the set as the destination has it; what it could not give back is missing, and is named later."""
    # With a cache of its own, so that all comes from the destination itself.
    destination = next(item for item in plan.destinations if item.name == repository.name)
    bare = repository_of(replace(plan, state=plan.drill), destination)
    snapshot = next(item["id"] for item in repository.snapshots() if item["set"] == name)
    root = plan.drill / name
    with report.measured("the destination", "gives the whole set back") as row:
        bare.fetch(snapshot, root, [])
        row.what = f"set {name} from {repository.name}"
    return root


def _is_whole(part: Part, root: Path, report: Report) -> bool:
    with report.measured(part.name, "is what the manifest says") as row:
        sets.prove(part, root)
        row.what = f"{part.bytes} bytes"
    return row.state == report.GOOD
