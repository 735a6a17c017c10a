# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One restore: a set is fetched and proven; who uses its parts is stopped, each part put back, and all are started."""

from __future__ import annotations

import json
import shutil
import time
import typing as t
from dataclasses import replace
from functools import partial
from pathlib import Path

from borgstack_backup import commands, redis, sets, table, volumes
from borgstack_backup.backup import engine_of, repository_of
from borgstack_backup.choice import Choice, choose, confirmation, described
from borgstack_backup.failure import CONFIGURATION, DATA, SERVICE, Failure
from borgstack_backup.objects import Objects
from borgstack_backup.part import Part
from borgstack_backup.plan import Plan, Source
from borgstack_backup.repository import Repository

STOPPED = "restore-stopped.json"
STOP_SECONDS = 60
START_SECONDS = 300
NEWEST = "newest"

Say = t.Callable[[str], None]


def restore(plan: Plan, options: dict[str, t.Any], say: Say) -> None:
    """Do it, or with `check` say what would be done.

    Args:
        plan: what there is.
        options: `wanted`, `set` (its name, or newest), `origin` (a destination's name, or none for the set on the host
            and then every destination), `confirm` (the word), `remove` (a bucket whose objects that are not in the set
            go) and `check`.
        say: is told each step.
    """
    name, origin, manifest, repository = find(plan, options["set"], options["origin"])
    choice = choose(plan, sets.parts_of(manifest), options["wanted"])
    for line in described(plan, choice, manifest, name, origin):
        say(line)
    _refuse_unknown_bucket(choice, options["remove"])
    for line in kept(plan, choice, options["remove"], partial(_text, plan, name, repository)):
        say(line)
    if options["check"]:
        return
    if options["confirm"] != confirmation(plan, choice):
        what = f"this overwrites what there is of {choice.wanted} now"
        remedy = f"look at it with --check, then give restore_confirm={confirmation(plan, choice)}"
        raise Failure(CONFIGURATION, what, remedy, "restore")
    root = fetched(plan, choice, name, manifest, repository)
    for part in choice.parts:
        sets.prove(part, root)
    apply(plan, replace(choice, remove=options["remove"]), root, sets.parts_of(manifest), say)
    if repository:
        shutil.rmtree(root)
    say(f"restored {choice.wanted} from set {name}")


def kept(plan: Plan, choice: Choice, remove: str, text: t.Callable[[str], str]) -> list[str]:
    """Return in words what becomes of objects that are not in the set; `text` returns that of a file of it."""
    lines = []
    for part in choice.parts:
        if part.kind == "s3":
            index, there = json.loads(text(part.file)), _store(plan, part).keys(part.source["bucket"])
            others = sorted(key for key in there if key.startswith(choice.detail) and key not in index)
            named = f"{len(others)} objects of {part.name} that are not in the set: {', '.join(others[:5])}"
            word = f"they go with restore_remove={part.name}"
            if others:
                lines.append(f"remove {named}" if part.name == remove else f"keep {named}; {word}")
    return lines


def _text(plan: Plan, name: str, repository: Repository | None, file: str) -> str:
    return repository.text(name, file) if repository else (plan.sets / name / file).read_text(encoding="utf-8")


def _refuse_unknown_bucket(choice: Choice, remove: str) -> None:
    buckets = [part.name for part in choice.parts if part.kind == "s3"]
    if remove and remove not in buckets:
        remedy = f"name one of: {', '.join(buckets) or '(none is restored)'}"
        raise Failure(CONFIGURATION, f"{remove!r} is no bucket that is restored", remedy, "restore")


def _store(plan: Plan, part: Part) -> Objects:
    source = source_of(plan, part)
    return Objects(source, commands.running(plan.platform, source.container).address())


def find(plan: Plan, wanted: str, origin: str) -> tuple[str, str, dict, Repository | None]:
    """Return a set's name, where it is, its manifest, and the repository that it is in; none for the host itself."""
    here = sets.finished(plan.sets)
    for folder in reversed(here if not origin else []):
        if wanted in (NEWEST, folder.name):
            return folder.name, "the host", sets.manifest_of(folder), None
    failure = None
    for destination in plan.destinations:
        if origin in ("", destination.name):
            repository = repository_of(plan, destination)
            try:
                repository.open(make=False)
                found = [item for item in repository.snapshots() if wanted in (NEWEST, item["set"])]
            except Failure as error:
                failure = failure or error
                continue
            if found:
                snapshot = found[-1]["id"]
                return found[-1]["set"], destination.name, repository.manifest(snapshot), repository
    if failure:
        raise failure
    names = ", ".join(destination.name for destination in plan.destinations)
    remedy = f"see playbooks/backup.yml -e backup_list=true for the sets that there are; destinations are {names}"
    raise Failure(DATA, f"there is no set {wanted} at {origin or 'any destination'}", remedy, "restore")


def fetched(plan: Plan, choice: Choice, name: str, manifest: dict, repository: Repository | None) -> Path:
    """Return the folder that a set's files lie in, brought there where they are not on the host."""
    if repository is None:
        return plan.sets / name
    folder = plan.work / f"{name}.fetched"
    sets.clear(folder)
    roles = [part.file for part in sets.parts_of(manifest) if part.kind == "roles"]
    files = [part.file for part in choice.parts] + roles
    # A bucket's objects lie beside its index, in a folder of its name.
    files += [part.file[: -len(".json")] for part in choice.parts if part.kind == "s3"]
    snapshot = next(item["id"] for item in repository.snapshots() if item["set"] == name)
    repository.fetch(snapshot, folder, files)
    return folder


def apply(plan: Plan, choice: Choice, root: Path, parts: list[Part], say: Say) -> None:
    """Put the parts back; what was stopped is started again however that ends."""
    say("stop what uses them")
    stop(plan, [*choice.stopped, *_users_of_volumes(plan, choice.parts)])
    try:
        for part in choice.parts:
            say(f"restore {part.name}")
            _restore_part(plan, choice, part, root, parts)
    finally:
        say("start what was stopped")
        start(plan)


def _restore_part(plan: Plan, choice: Choice, part: Part, root: Path, parts: list[Part]) -> None:
    if part.kind == "volume":
        shutil.rmtree(volumes.restore_volume(plan.platform, part, root))
        return
    source = source_of(plan, part)
    if part.kind == "s3":
        _store(plan, part).restore(part, root, choice.detail, clean=part.name == choice.remove)
    elif part.kind == "redis":
        _restore_redis(plan, source, part, root)
    else:
        engine = engine_of(plan, source)
        if choice.detail:
            table.restore(engine, part, root, choice.detail)
            return
        if part.kind == "postgresql":
            for roles in parts:
                if roles.name == f"{source.instance}/roles":
                    engine.make_roles(root / roles.file)
        engine.restore(part, root)


def source_of(plan: Plan, part: Part) -> Source:
    for source in plan.sources:
        if source.instance == part.source["instance"]:
            return source
    remedy = "declare it in the inventory, run site.yml, then this again"
    raise Failure(CONFIGURATION, "there is no such datastore here", remedy, part.source["instance"])


def _restore_redis(plan: Plan, source: Source, part: Part, root: Path) -> None:
    engine = engine_of(plan, source)
    layout, folder = engine.layout(), folder_of(engine_container(plan, source), engine.layout()["dir"])
    stop(plan, [source.container])
    redis.place(root / part.file, folder, layout)
    start(plan, only=source.container)
    # If there are not, the former data stays beside it.
    engine.enough(part)
    redis.forget_former(folder, layout)


def engine_container(plan: Plan, source: Source) -> commands.Container:
    """Return a datastore's container."""
    return commands.running(plan.platform, source.container)


def folder_of(container: commands.Container, inside: str) -> Path:
    """Return where a folder of a container lies on the host."""
    for mount in container.inspect()["Mounts"]:
        if mount["Destination"] == inside:
            return Path(mount["Source"])
    raise Failure(SERVICE, f"{inside} is no volume", "its data cannot be restored from outside", container.service)


def _users_of_volumes(plan: Plan, parts: list[Part]) -> list[str]:
    names = [f"{plan.platform}_{part.source['volume']}" for part in parts if part.kind == "volume"]
    return [item.service for name in names for item in commands.containers(plan.platform, f"volume={name}")]


def stop(plan: Plan, services: t.Iterable[str]) -> None:
    """Stop containers that run, and note which, for a run that is killed before it starts them again."""
    note = plan.state / STOPPED
    noted = json.loads(note.read_text(encoding="utf-8")) if note.exists() else []
    wanted = [item for item in commands.containers(plan.platform) if item.service in set(services) and item.running]
    if not wanted:
        return
    note.write_text(json.dumps(sorted({*noted, *(item.service for item in wanted)})), encoding="utf-8")
    commands.run(["docker", "stop", f"--time={STOP_SECONDS}", *(item.id for item in wanted)], "containers")


def start(plan: Plan, only: str = "") -> None:
    """Start what was stopped, datastores first, and wait until each of them is healthy."""
    note = plan.state / STOPPED
    noted = json.loads(note.read_text(encoding="utf-8")) if note.exists() else []
    datastores = [source.container for source in plan.sources]
    first = [name for name in noted if name in datastores and only in ("", name)]
    then = [name for name in noted if name not in datastores and not only]
    for group in filter(None, (first, then)):
        ids = [item.id for item in commands.containers(plan.platform) if item.service in group]
        if ids:
            commands.run(["docker", "start", *ids], ", ".join(group), remedy="run site.yml, which starts it")
            _wait_until_healthy(ids, ", ".join(group))
    left = [name for name in noted if name not in (*first, *then)]
    if left:
        note.write_text(json.dumps(left), encoding="utf-8")
    else:
        note.unlink(missing_ok=True)


def _wait_until_healthy(ids: list[str], where: str) -> None:
    form = "--format={{if .State.Health}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}}"
    deadline = time.monotonic() + START_SECONDS
    while set(commands.run(["docker", "inspect", form, *ids], where).split()) - {"healthy", "running"}:
        if time.monotonic() > deadline:
            raise Failure(SERVICE, f"not healthy within {START_SECONDS} s", "see its log, then run site.yml", where)
        time.sleep(0.5)
