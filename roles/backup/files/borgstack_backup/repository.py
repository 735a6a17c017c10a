# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A destination: a repository of restic, which is made when it is needed, verified, and pruned only after that."""

from __future__ import annotations

import json
import os
import subprocess
import typing as t
from pathlib import Path

from borgstack_backup.commands import ends_with_us, last_words
from borgstack_backup.failure import CONFIGURATION, DATA, FULL_WORDS, NETWORK, PREREQUISITE, Failure, full
from borgstack_backup.plan import Destination
from borgstack_backup.sets import MANIFEST

# Newer versions of restic have a status for it. Older ones ask the same question of what they cannot reach at all, and
# only what their destination answered tells the difference.
NO_REPOSITORY = 10
MISSING = ("no such file or directory", "does not exist", "404", "not found", "nosuchkey", "nosuchbucket")
WRONG_PASSWORD = ("wrong password", "no key found")
# Damage that restic finds, in its own words.
DAMAGED = (
    "ciphertext verification failed",
    "does not match",
    "repository contains errors",
    "not found in index",
    "pack id",
    "is damaged",
    "invalid data",
)


class Repository:
    """One destination.

    Args:
        destination: which.
        platform: whose snapshots.
        restic: the program.
        cache: where restic keeps copies of its index.
        seconds: how long a destination may take to answer at first.
    """

    def __init__(self, destination: Destination, platform: str, restic: str, cache: Path, seconds: int = 120):
        self._destination, self._platform, self._restic, self._seconds = destination, platform, restic, seconds
        self._environment = {
            "HOME": "/root",
            **os.environ,
            **destination.environment,
            "RESTIC_REPOSITORY": destination.repository,
            "RESTIC_PASSWORD": destination.password,
            "RESTIC_CACHE_DIR": str(cache),
            "RESTIC_PROGRESS_FPS": "0.01",
        }

    @property
    def name(self) -> str:
        """The destination's name."""
        return self._destination.name

    def open(self, known: str = "", make: bool = True) -> str:
        """Return the repository's own name, and make it where there is none.

        Args:
            known: the name of the one that was there last time. Where another one or none is there, nothing is made:
                a disk that is not mounted would else be an empty repository.
            make: whether to make one at all.
        """
        found = self._run("cat", "config", seconds=self._seconds)
        said = found.stderr.decode(errors="replace").lower()
        if found.returncode == 0:
            id_ = json.loads(found.stdout)["id"]
            if known and id_ != known:
                raise self._lost("another repository is there than last time", known)
            return id_
        if any(words in said for words in WRONG_PASSWORD):
            remedy = "give the password that the repository was made with"
            raise Failure(CONFIGURATION, "the repository's password is another one", remedy, self.name)
        if found.returncode != NO_REPOSITORY and not any(words in said for words in MISSING):
            raise self._unreachable(last_words(found.stderr))
        if known:
            raise self._lost("the repository is gone that was there last time", known)
        if not make:
            raise Failure(DATA, "there is no repository", "run a backup first, or name another destination", self.name)
        self._do("init", category=NETWORK)
        return self.open()

    def unlock(self) -> None:
        """Remove locks that a killed run left; those of living ones stay."""
        self._do("unlock", category=NETWORK)

    def save(self, folder: Path) -> dict[str, t.Any]:
        """Store a set, unless it is there already, and return its snapshot and how much was added."""
        there = self.snapshots()
        known = [item for item in there if item["set"] == folder.name]
        if known:
            return {"snapshot": known[0]["id"], "added": 0}
        parent = ["--parent", there[-1]["id"]] if there else []
        # Files that are the same as in the former set are links to the same inode, under another folder.
        said = self._do(
            *("backup", ".", "--json", "--host", self._platform, "--tag", _tag(folder.name)),
            *("--ignore-ctime", "--ignore-inode", *parent),
            folder=folder,
            category=NETWORK,
        )
        summary = json.loads(said.strip().splitlines()[-1])
        return {"snapshot": summary["snapshot_id"], "added": summary.get("data_added", 0)}

    def snapshots(self) -> list[dict[str, str]]:
        """Return the platform's sets that are there, the newest one last."""
        listed = json.loads(self._do("snapshots", "--json", "--host", self._platform, category=NETWORK)) or []
        found = [
            {"id": item["id"], "time": item["time"], "set": tag[len(_tag("")) :]}
            for item in listed
            for tag in item.get("tags") or []
            if tag.startswith(_tag(""))
        ]
        return sorted(found, key=lambda item: item["set"])

    def verify(self, snapshot: str, folder: Path, part: int, parts: int) -> None:
        """See that the repository is whole, that a part of its data is what was stored, and that the set is there.

        Args:
            snapshot: of the set.
            folder: the set.
            part: which part of the data to read this time, from 1 on.
            parts: in how many times all of it is read.
        """
        subset = "--read-data" if parts == 1 else f"--read-data-subset={part}/{parts}"
        self._do("check", subset, category=DATA)
        if self._do("dump", snapshot, f"/{MANIFEST}", category=DATA) != (folder / MANIFEST).read_text(encoding="utf-8"):
            raise Failure(DATA, "the manifest of the newest set is another one", "run again", self.name)

    def forget(self, keep: t.Mapping[str, int]) -> None:
        """Remove the sets that nobody wants any more, and their data."""
        rules = [f"--keep-{name}={number}" for name, number in keep.items() if number]
        if self._destination.prune and rules:
            self._do("forget", "--host", self._platform, "--group-by", "host", *rules, "--prune", category=NETWORK)

    def fetch(self, snapshot: str, target: Path, files: t.Sequence[str]) -> None:
        """Bring files and folders of a set back into a folder."""
        wanted = [argument for file in files for argument in ("--include", f"/{file}")]
        self._do("restore", snapshot, "--target", str(target), *wanted, category=DATA)

    def manifest(self, snapshot: str) -> dict[str, t.Any]:
        """Return the manifest of a set."""
        return json.loads(self._do("dump", snapshot, f"/{MANIFEST}", category=DATA))

    def text(self, name: str, file: str) -> str:
        """Return a file of a set."""
        snapshot = next(item["id"] for item in self.snapshots() if item["set"] == name)
        return self._do("dump", snapshot, f"/{file}", category=DATA)

    def _do(self, *arguments: str, category: int, folder: Path | None = None) -> str:
        done = self._run(*arguments, folder=folder)
        if done.returncode == 0:
            return done.stdout.decode(errors="replace")
        text = (done.stderr + done.stdout).decode(errors="replace").lower()
        said = f"restic {arguments[0]} ended with {done.returncode}: {last_words(done.stderr or done.stdout)}"
        if any(words in text for words in FULL_WORDS):
            raise full(self.name)
        if arguments[0] == "check" or any(words in text for words in DAMAGED):
            remedy = "nothing was pruned; see `restic check`, and repair it or begin anew at another destination"
            raise Failure(DATA, said, remedy, self.name)
        if category == NETWORK:
            raise self._unreachable(said)
        raise Failure(category, said, "correct what it says and run again", self.name)

    def _run(
        self, *arguments: str, folder: Path | None = None, seconds: int | None = None
    ) -> subprocess.CompletedProcess:
        try:
            return subprocess.run(
                [self._restic, *arguments],
                check=False,
                cwd=folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=seconds,
                preexec_fn=ends_with_us,
            )
        except FileNotFoundError:
            raise Failure(PREREQUISITE, f"there is no {self._restic}", "run site.yml, which installs it") from None
        except subprocess.TimeoutExpired:
            raise self._unreachable(f"it did not answer within {seconds} s") from None

    def _unreachable(self, what: str) -> Failure:
        remedy = "see that it is reached from this host, and that its login is right; then run again"
        return Failure(NETWORK, f"the destination cannot be used: {what}", remedy, self.name)

    def _lost(self, what: str, known: str) -> Failure:
        remedy = (
            f"see that its disk is mounted and its address is right; where {known[:12]} is gone for good, name the new "
            "one in the inventory by another name"
        )
        return Failure(DATA, what, remedy, self.name)


def _tag(name: str) -> str:
    return f"set-{name}"
