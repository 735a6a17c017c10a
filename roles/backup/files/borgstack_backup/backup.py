# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One backup: a set on the host, then every destination, each of them verified before anything of it is forgotten."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
import typing as t
from pathlib import Path

from borgstack_backup import commands, postgresql, sets, status, volumes
from borgstack_backup.failure import DATA, Failure, full, of_system
from borgstack_backup.mongodb import MongoDB
from borgstack_backup.objects import Objects
from borgstack_backup.part import Part, measured, suspicious
from borgstack_backup.plan import Plan, Source
from borgstack_backup.quiet import quiet, thaw
from borgstack_backup.redis import Redis
from borgstack_backup.repository import Repository

ENGINES = {"postgresql": postgresql.PostgreSQL, "redis": Redis, "mongodb": MongoDB}
ACCEPTED = "accept-smaller"
VAULT = "vault.yml"


def run(plan: Plan, say: t.Callable[[str], None]) -> None:
    """Make a set and store it everywhere; what went wrong is noted and told, and then raised.

    Args:
        plan: what and where.
        say: is told each step.
    """
    known = status.read(plan.state)
    began = time.time()
    failures: list[Failure] = []
    made = None
    try:
        made = make_set(plan, say)
    except Failure as failure:
        failures.append(failure)
    except OSError as error:
        failures.append(of_system(error, str(plan.work)))
    if made:
        for destination in plan.destinations:
            try:
                store(plan, repository_of(plan, destination), made, known, say)
            except (Failure, OSError) as error:
                failure = error if isinstance(error, Failure) else of_system(error, destination.name)
                failures.append(failure)
                say(plan.hidden(failure.message))
    ended = time.time()
    known["last_run"] = {"ok": not failures, "finished": int(ended), "seconds": round(ended - began, 1)}
    if failures:
        shown = [Failure(item.category, plan.hidden(item.what), item.remedy, item.where) for item in failures]
        known["last_run"]["error"] = shown[0].as_dict()
    elif made:
        size = sum(part.bytes for part in sets.parts_of(sets.manifest_of(made)))
        known["last_success"] = {"set": made.name, "finished": int(ended), "bytes": size}
    status.write(plan.state, known)
    status.export(known, plan)
    for untold in status.tell(plan, known["last_run"]):
        say(f"attention: could not be told: {untold}")
    if failures:
        raise failures[0]


def make_set(plan: Plan, say: t.Callable[[str], None]) -> Path:
    """Save everything once and return the finished set."""
    thaw(plan)
    sets.clear(plan.work)
    former = sets.newest(plan.sets)
    before = {part.name: part for part in sets.parts_of(sets.manifest_of(former))}
    _refuse_full_disk(plan, before)
    root = plan.work / sets.new_name()
    root.mkdir(mode=0o700)
    began = int(time.time())
    stores = [
        Objects(source, commands.running(plan.platform, source.container).address(), former)
        for source in plan.sources
        if source.kind == "s3"
    ]
    for store_ in stores:
        say("objects, before the databases")
        store_.save(root)
    parts: list[Part] = []
    with quiet(plan) as pause:
        for source in plan.sources:
            if source.kind != "s3":
                say(f"{source.kind} {source.instance}")
                parts += engine_of(plan, source).save(root)
        for volume in plan.volumes:
            say(f"volume {volume}")
            parts.append(volumes.save_volume(plan.platform, volume, root))
        for store_ in stores:
            say("objects, after the databases")
            parts += store_.save(root)
    if pause.seconds is not None:
        say(f"applications stood still for {pause.seconds} s")
    parts.append(_configuration(plan, root))
    parts = [measured(part, root) for part in parts]
    _refuse_suspicious(plan, parts, before)
    manifest = {
        "platform": plan.platform,
        "began": began,
        "finished": int(time.time()),
        "version": plan.settings["version"],
        "fingerprint": _fingerprint(plan),
        "paused_seconds": pause.seconds,
        "images": _images(plan),
        "parts": [part.as_dict() for part in parts],
    }
    finished = sets.finish(root, plan.sets, manifest)
    (plan.state / ACCEPTED).unlink(missing_ok=True)
    say(f"set {finished.name} is finished")
    return finished


def store(plan: Plan, repository: Repository, made: Path, known: dict, say: t.Callable[[str], None]) -> None:
    """Store a set at one destination, verify it, then forget what is too old there."""
    place = known.setdefault("destinations", {}).setdefault(repository.name, {})
    place["repository"] = repository.open(place.get("repository", ""))
    status.write(plan.state, known)
    repository.unlock()
    stored = repository.save(made)
    say(f"{repository.name}: has the set, {stored['added']} bytes were new")
    parts = int(plan.settings["verify_in_runs"])
    turn = place.get("turn", 0) % parts + 1
    repository.verify(stored["snapshot"], made, turn, parts)
    place.update(snapshot=stored["snapshot"], set=made.name, added=stored["added"], turn=turn)
    place["last_success"] = int(time.time())
    status.write(plan.state, known)
    keep = next(item.keep for item in plan.destinations if item.name == repository.name)
    repository.forget(keep or plan.settings["keep"])
    say(f"{repository.name}: verified, and what is too old forgotten")


def repository_of(plan: Plan, destination: t.Any) -> Repository:
    """Return a destination's repository."""
    cache, seconds = plan.state / "cache", int(plan.settings["connect_seconds"])
    return Repository(destination, plan.platform, plan.settings["restic"], cache, seconds)


def engine_of(plan: Plan, source: Source, container: commands.Container | None = None) -> t.Any:
    """Return what saves and restores a datastore that is not an object storage; its own container unless told."""
    asked = [plan.canaries] if source.kind == "postgresql" else []
    return ENGINES[source.kind](source, container or commands.running(plan.platform, source.container), *asked)


def _refuse_full_disk(plan: Plan, before: dict[str, Part]) -> None:
    # Objects are links to the former set's, and all else is written anew.
    needed = sum(part.bytes for part in before.values() if part.kind != "s3")
    if shutil.disk_usage(plan.work).free < needed * 1.1:
        raise full(str(plan.work))


def _refuse_suspicious(plan: Plan, parts: list[Part], before: dict[str, Part]) -> None:
    accepted_file = plan.state / ACCEPTED
    accepted = accepted_file.read_text(encoding="utf-8").split("\n") if accepted_file.exists() else []
    for part in parts:
        why = suspicious(part, before.get(part.name), int(plan.settings["smaller_percent"]))
        if why and part.name not in accepted:
            word = f"playbooks/backup.yml -e backup_accept_smaller={part.name}"
            raise Failure(DATA, why, f"find out who took it; where it is meant, {word}", part.name)


def _configuration(plan: Plan, root: Path) -> Part:
    """Save the platform's folder, and the file of secrets as the controller keeps it, which is encrypted."""
    part = Part("configuration", "configuration", "platform/configuration.tar")
    own = [os.path.relpath(path, plan.directory) for path in (plan.sets, plan.work, plan.state, plan.drill)]
    own += [item.repository for item in plan.destinations if item.repository.startswith("/")]
    below = [os.path.relpath(name, plan.directory) if name.startswith("/") else name for name in own]
    left_out = tuple(name for name in [*below, "images"] if not name.startswith(".."))
    part.counts = {"files": volumes.save_folder(plan.directory, root / part.file, left_out)}
    vault = plan.state / VAULT
    if vault.exists():
        shutil.copyfile(vault, root / "platform" / VAULT)
    return part


def _fingerprint(plan: Plan) -> str:
    """Return what the inventory makes of the platform, as one number to compare."""
    compose = plan.directory / "compose.yaml"
    return hashlib.sha256(compose.read_bytes()).hexdigest() if compose.exists() else ""


def _images(plan: Plan) -> dict[str, dict[str, str]]:
    found = {container.service: container.inspect() for container in commands.containers(plan.platform)}
    return {name: {"image": item["Config"]["Image"], "id": item["Image"]} for name, item in sorted(found.items())}
