# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Redis: the file that the server saves itself, and the way back: it becomes the base of the append-only log."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from borgstack_backup.commands import Container, wait_for
from borgstack_backup.failure import DATA, SERVICE, Failure
from borgstack_backup.part import Part, file_name
from borgstack_backup.plan import Source

WAIT_SECONDS = 600
ASIDE = ".replaced"


class Redis:
    """One instance, through the client in its own container."""

    def __init__(self, source: Source, container: Container):
        self._source, self._container = source, container

    def save(self, root: Path) -> list[Part]:
        """Have the server save and copy what it saved below `root`."""
        part = Part("redis", self._source.instance, f"redis/{file_name(self._source.instance)}.rdb")
        path = root / part.file
        path.parent.mkdir(parents=True, exist_ok=True)
        saved = self._save()
        with path.open("wb") as file:
            self._container.exec("cat", saved, stdout=file, where=part.name)
        prove(path, part.name)
        part.counts = self.counts()
        part.source = {"instance": self._source.instance, "version": self._info("server")["redis_version"]}
        return [part]

    def counts(self) -> dict[str, int]:
        """Return the number of keys by logical database."""
        return {
            name: int(text.split("=")[1].split(",")[0])
            for name, text in self._info("keyspace").items()
            if name.startswith("db")
        }

    def enough(self, part: Part) -> int:
        """Return how many keys it has; keys expire meanwhile, so fewer of them are no loss yet."""
        self.wait_until_loaded()
        found = sum(self.counts().values())
        if found < part.total * 0.9:
            raise Failure(DATA, f"it has {found} keys, and had {part.total}", "see the container's log", part.name)
        return found

    def wait_until_ready(self) -> None:
        """Wait until it answers."""
        wait_for(lambda: self._ask("PING"), self._source.instance)

    def wait_until_loaded(self) -> None:
        """Wait until the server has read what it begins with; until then it answers, and has no keys."""
        deadline = time.monotonic() + WAIT_SECONDS
        while self._info("persistence").get("loading") != "0":
            if time.monotonic() > deadline:
                raise Failure(SERVICE, f"not loaded within {WAIT_SECONDS} s", "see its log", self._source.instance)
            time.sleep(0.1)

    def layout(self) -> dict[str, str]:
        """Return where the server keeps what."""
        names = ("dir", "dbfilename", "appendonly", "appenddirname", "appendfilename")
        return {name: self._setting(name) for name in names}

    def _save(self) -> str:
        """Have it save in the background and return the file's place in the container."""
        began, deadline = int(self._ask("TIME").split()[0]), time.monotonic() + WAIT_SECONDS
        asked = False
        while time.monotonic() < deadline:
            state = self._info("persistence")
            if state["rdb_bgsave_in_progress"] == "0":
                if asked and state["rdb_last_bgsave_status"] != "ok":
                    raise Failure(DATA, "it could not save", "see its log: its disk may be full", self._source.instance)
                if asked and int(state["rdb_last_save_time"]) >= began:
                    return f"{self._setting('dir')}/{self._setting('dbfilename')}"
                # Refused while one is under way that began before.
                asked = "started" in self._ask("BGSAVE")
            time.sleep(0.1)
        raise Failure(SERVICE, f"it did not save within {WAIT_SECONDS} s", "see its log", self._source.instance)

    def _setting(self, name: str) -> str:
        lines = self._ask(f"CONFIG GET {name}").splitlines()
        return lines[1] if len(lines) > 1 else ""

    def _info(self, section: str) -> dict[str, str]:
        return dict(line.split(":", 1) for line in self._ask(f"INFO {section}").splitlines() if ":" in line)

    def _ask(self, command: str) -> str:
        secrets = {"REDISCLI_AUTH": self._source.password}
        arguments = ["redis-cli", "-p", str(self._source.port), "--no-auth-warning", "--user", self._source.user]
        said = self._container.exec(*arguments, environment=secrets, stdin=f"{command}\n").strip()
        if said.startswith(("NOAUTH", "WRONGPASS", "NOPERM", "ERR", "Could not", "AUTH failed")):
            raise Failure(SERVICE, said.splitlines()[0], "run site.yml, then this again", self._source.instance)
        return said


def prove(path: Path, where: str) -> None:
    """Refuse a file that has no end: nine bytes before it stand for the end of the data."""
    with path.open("rb") as file:
        start = file.read(9)
        file.seek(-min(9, path.stat().st_size), os.SEEK_END)
        if not start.startswith((b"REDIS", b"VALKEY")) or file.read(1) != b"\xff":
            raise Failure(DATA, "the file is empty or cut off", "see the container's log, then run again", where)


def place(saved: Path, folder: Path, layout: dict[str, str]) -> None:
    """Put a saved file where a stopped server will begin with it; what was there stays aside.

    Args:
        saved: the file.
        folder: the server's data on the host.
        layout: as the running server told it.
    """
    owner = folder.stat()
    log = folder / layout["appenddirname"] if layout["appenddirname"] else None
    new = folder / (layout["dbfilename"] + ".new")
    shutil.copyfile(saved, new)
    os.chown(new, owner.st_uid, owner.st_gid)
    if layout["appendonly"] == "yes" and log:
        base = f"{layout['appendfilename']}.1.base.rdb"
        fresh = folder / (layout["appenddirname"] + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        new.rename(fresh / base)
        (fresh / f"{layout['appendfilename']}.manifest").write_text(f"file {base} seq 1 type b\n", encoding="ascii")
        for path in (fresh, *fresh.iterdir()):
            os.chown(path, owner.st_uid, owner.st_gid)
        _exchange(log, fresh)
    else:
        _exchange(folder / layout["dbfilename"], new)


def _exchange(path: Path, new: Path) -> None:
    aside = path.with_name(path.name + ASIDE)
    if path.exists():
        shutil.rmtree(aside, ignore_errors=True)
        path.rename(aside)
    new.rename(path)


def forget_former(folder: Path, layout: dict[str, str]) -> None:
    """Remove what was aside, once the server runs with what was put in its place."""
    for name in filter(None, (layout["appenddirname"], layout["dbfilename"])):
        aside = folder / (name + ASIDE)
        shutil.rmtree(aside, ignore_errors=True)
        if aside.is_file():
            aside.unlink()
