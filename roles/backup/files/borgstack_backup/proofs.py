# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is looked at in a drill: each part restored into a copy and compared, then what applications do with it."""

from __future__ import annotations

import typing as t
from pathlib import Path

from borgstack_backup import canary as canaries
from borgstack_backup import redis, restore, saved_environment, volumes
from borgstack_backup.backup import engine_of
from borgstack_backup.commands import Container
from borgstack_backup.failure import DATA, SERVICE, Failure
from borgstack_backup.objects import Objects, read_index
from borgstack_backup.part import Part
from borgstack_backup.plan import Canary, Plan, Source
from borgstack_backup.report import Report
from borgstack_backup.scratch import Scratch

REMEDY = "see its row: what is not restored cannot be asked"


class Proofs:
    """The proofs of one drill.

    Args:
        plan: what there is.
        scratch: where copies are made.
        root: the set.
        manifest: of the set.
        report: gets a row of each proof.
    """

    def __init__(self, plan: Plan, scratch: Scratch, root: Path, manifest: dict[str, t.Any], report: Report):
        self._plan, self._scratch, self._root, self._manifest, self._report = plan, scratch, root, manifest, report
        self._restored: dict[str, Part] = {}
        self._engines: dict[str, t.Any] = {}

    def run(self, parts: list[Part]) -> None:
        """Restore what is whole, and do with it what applications do."""
        for part in parts:
            step = PROOFS.get(part.kind)
            if step:
                with self._report.measured(part.name, "comes back as it was") as row:
                    row.what = step(self, part, parts)
                    self._restored[part.name] = part
        for canary in self._plan.canaries:
            with self._report.measured(canary.service, canary.claim) as row:
                row.what = self._sing(canary)

    def _postgresql(self, part: Part, parts: list[Part]) -> str:
        engine = self._engine(part)
        for roles in parts:
            if roles.name == f"{part.source['instance']}/roles":
                engine.make_roles(self._root / roles.file)
        # It counts the rows by table, and refuses what differs.
        engine.restore(part, self._root)
        saved = part.facts.get("made of", {})
        found = engine.made_of(part.source["database"], [])[0] if saved else {}
        different = [
            f"{name} {found.get(name)} instead of {saved[name]}" for name in saved if found.get(name) != saved[name]
        ]
        if different:
            raise Failure(DATA, ", ".join(different), "drill another set", part.name)
        return f"{part.total} rows in {len(part.counts)} tables"

    def _redis(self, part: Part, _parts: list[Part]) -> str:
        engine, container = self._engine(part), self._container(part)
        layout = engine.layout()
        folder = restore.folder_of(container, layout["dir"])
        self._scratch.stop(container.service)
        redis.place(self._root / part.file, folder, layout)
        self._scratch.start(container.service)
        engine.wait_until_ready()
        return f"{engine.enough(part)} keys"

    def _mongodb(self, part: Part, _parts: list[Part]) -> str:
        self._engine(part).restore(part, self._root)
        return "its archive was restored; nothing was counted"

    def _s3(self, part: Part, _parts: list[Part]) -> str:
        store = Objects(self._source(part), self._container(part).address())
        store.wait_until_ready()
        store.restore(part, self._root)
        store.check(part, self._root)
        return f"{part.total} objects, each read back"

    def _volume(self, part: Part, _parts: list[Part]) -> str:
        folder = volumes.mount_point(self._scratch.volume(part.source["volume"]))
        volumes.extract(part, self._root, folder)
        return f"{part.total} files"

    def _configuration(self, part: Part, _parts: list[Part]) -> str:
        files = volumes.files_in(self._root / part.file)
        if files != part.total:
            raise Failure(DATA, f"it has {files} files, and had {part.total}", "drill another set", part.name)
        return f"{files} files"

    def _source(self, part: Part) -> Source:
        return restore.source_of(self._plan, part)

    def _container(self, part: Part) -> Container:
        return self._scratch.datastore(self._source(part).container)

    def _engine(self, part: Part) -> t.Any:
        source = self._source(part)
        if source.instance not in self._engines:
            engine = engine_of(self._plan, source, self._container(part))
            engine.wait_until_ready()
            self._engines[source.instance] = engine
        return self._engines[source.instance]

    def _sing(self, canary: Canary) -> str:
        for name in filter(None, (canary.part, canary.bucket)):
            if name not in self._restored:
                raise Failure(DATA, f"{name} is not restored", REMEDY, canary.service)
        if canary.command:
            return self._command(canary)
        part = self._restored[canary.part]
        answer = self._engine(part).made_of(part.source["database"], [canary])[1][canary.claim]
        if answer is None:
            raise canaries.failed(canary, "the database refuses the question")
        if canary.bucket:
            index = read_index(self._root / self._restored[canary.bucket].file)
            settled = self._manifest["began"] - float(self._plan.settings["settled_seconds"])
            return canaries.judge_objects(canary, set(filter(None, answer.splitlines())), index, settled)
        return canaries.judge_answer(canary, answer, part.facts.get("answers", {}).get(canary.claim))

    def _command(self, canary: Canary) -> str:
        environment = saved_environment.of(self._root, canary.container)
        try:
            said = self._scratch.command(canary.container, canary.command, environment)
        except Failure as failure:
            # What a command says may be what it decrypted.
            category = DATA if failure.category == SERVICE else failure.category
            what = f"{canary.claim}: {failure.what if failure.category != SERVICE else 'the command failed'}"
            raise Failure(category, what, canaries.REMEDY, canary.service) from None
        if canary.expect is not None and said.strip() != canary.expect:
            raise canaries.failed(canary, "the command says something else")
        return "the command succeeded"


PROOFS: dict[str, t.Callable[[Proofs, Part, list[Part]], str]] = {
    "postgresql": Proofs._postgresql,
    "redis": Proofs._redis,
    "mongodb": Proofs._mongodb,
    "s3": Proofs._s3,
    "volume": Proofs._volume,
    "configuration": Proofs._configuration,
}
