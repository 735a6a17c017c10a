# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a restore is about: which parts of a set, whose containers wait meanwhile, and how that is said beforehand."""

from __future__ import annotations

import time
from dataclasses import dataclass

from borgstack_backup.failure import CONFIGURATION, Failure
from borgstack_backup.part import Part
from borgstack_backup.plan import Plan

# Of a set, but nothing that is put back by itself: roles are made where a database needs them.
NOT_ALONE = ("roles", "configuration")
EVERYTHING = "all"
# Of these a table, or the objects below a prefix, can be put back alone.
DETAILED = ("postgresql", "s3")


@dataclass(frozen=True)
class Choice:
    """The parts, and the services of the project whose containers are stopped meanwhile.

    `detail` is a table of the one part, or a prefix of its objects' keys; `remove` a bucket that loses newer objects.
    """

    wanted: str
    parts: list[Part]
    stopped: list[str]
    detail: str = ""
    remove: str = ""


def choose(plan: Plan, parts: list[Part], wanted: str) -> Choice:
    """Return what is meant by a name.

    Args:
        plan: what there is.
        parts: of the set.
        wanted: `all`, a part (INSTANCE/DATABASE, INSTANCE/BUCKET, volume/NAME), a datastore's instance, or a service;
            or a part and, after a colon, a table with its schema, or a prefix of keys.

    Raises:
        Failure: nothing in the set has that name.
    """
    found = [part for part in parts if part.kind not in NOT_ALONE]
    name, colon, detail = wanted.partition(":")
    if colon:
        return _detailed(plan, found, name, detail)
    if wanted != EVERYTHING:
        chosen = [part for part in found if part.name == wanted or part.source.get("instance") == wanted]
        if not chosen:
            # A Redis instance is all of its services': one of them alone cannot take it back.
            own = plan.services.get(wanted, {}).get("parts", [])
            chosen = [part for part in found if part.name in own and part.kind != "redis"]
        if not chosen:
            names = sorted({EVERYTHING, *(part.name for part in found), *_services_of(plan, found)})
            remedy = f"name one of: {', '.join(names)}"
            raise Failure(CONFIGURATION, f"there is nothing called {wanted!r} in the set", remedy, "restore")
        found = chosen
    return Choice(wanted, found, _stopped(plan, found))


def _detailed(plan: Plan, parts: list[Part], name: str, detail: str) -> Choice:
    whole = [part for part in parts if part.name == name and part.kind in DETAILED]
    if not whole:
        names = ", ".join(part.name for part in parts if part.kind in DETAILED)
        raise Failure(CONFIGURATION, f"of {name!r} no part alone can be restored", f"name one of: {names}", "restore")
    (part,) = whole
    if part.kind == "postgresql" and detail not in part.counts:
        remedy = f"name one of: {', '.join(sorted(part.counts))}"
        raise Failure(CONFIGURATION, f"the set has no table {detail!r} of {name}", remedy, "restore")
    return Choice(f"{name}:{detail}", [part], _stopped(plan, [part]), detail)


def _services_of(plan: Plan, parts: list[Part]) -> list[str]:
    names = {part.name for part in parts}
    return [name for name, service in plan.services.items() if names & set(service["parts"])]


def _stopped(plan: Plan, parts: list[Part]) -> list[str]:
    """Return the containers of all that use one of the parts, those of datastores aside, which have to answer."""
    names = {part.name for part in parts} | {part.source.get("instance", "") for part in parts}
    datastores = {source.container for source in plan.sources}
    return sorted(
        {
            container
            for service in plan.services.values()
            if names & set(service["parts"])
            for container in service["containers"]
            if container not in datastores
        }
    )


def confirmation(plan: Plan, choice: Choice) -> str:
    """Return the word without which nothing is overwritten."""
    return plan.platform if choice.wanted == EVERYTHING else choice.wanted


def described(plan: Plan, choice: Choice, manifest: dict, name: str, origin: str) -> list[str]:
    """Return in words what a restore would do."""
    hours = (time.time() - manifest["finished"]) / 3600
    lines = [f"set {name} from {origin}, {hours:.1f} hours old: what is newer is lost"]
    for part in choice.parts:
        verb = "write the objects of" if part.kind == "s3" else "replace"
        if choice.detail:
            rows = f" ({part.counts[choice.detail]} rows)" if part.kind == "postgresql" else ""
            lines.append(f"{verb} {choice.wanted}{rows}, and nothing else of {part.name}")
            continue
        lines.append(f"{verb} {part.name} ({part.bytes} bytes, {part.total} {_unit(part)})")
    if choice.stopped:
        lines.append(f"stop meanwhile: {', '.join(choice.stopped)}")
    lines.append(f"to be confirmed by the word {confirmation(plan, choice)}")
    return lines


def _unit(part: Part) -> str:
    units = {"postgresql": "rows", "redis": "keys", "s3": "objects", "volume": "files"}
    return units.get(part.kind, "things counted")
