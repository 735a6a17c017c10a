# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The directories that declared files lie in: root's, and changed by nobody else."""

from __future__ import annotations

import os
import stat
import typing as t
from dataclasses import dataclass

from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step

MODE = 0o755
PRIVATE_MODE = 0o700
OTHERS_MAY_WRITE = 0o022


@dataclass(frozen=True)
class Directory:
    """One directory: `path` is relative to the root, and `private` ones are entered by root alone.

    A process in a container enters a directory that is mounted there whatever the modes of those above it.
    """

    path: str
    private: bool = False

    def mode(self, now: int) -> int:
        """Return the permissions that it should have, by those that it has: never more than now."""
        return PRIVATE_MODE if self.private else now & ~OTHERS_MAY_WRITE


@dataclass(frozen=True)
class Found:
    """One directory as it is: its permissions, and its owner and group."""

    mode: int
    owner: tuple[int, int]


def of_files(paths: t.Iterable[str], private: t.Iterable[str]) -> list[Directory]:
    """Return the root and all directories that files lie in, and the private ones, each before what is below it."""
    private = {os.path.normpath(path) for path in private}
    names = {"."} | private
    for path in paths:
        parent = os.path.dirname(path)
        while parent:
            names.add(parent)
            parent = os.path.dirname(parent)
    return [Directory(name, name in private) for name in sorted(names, key=lambda name: (name != ".", name))]


def inspect(root: str, directories: list[Directory]) -> dict[str, Found]:
    """Return those directories that are there, by path."""
    found = {}
    for directory in directories:
        try:
            status = os.stat(os.path.join(root, directory.path))
        except (FileNotFoundError, NotADirectoryError):
            continue
        found[directory.path] = Found(stat.S_IMODE(status.st_mode), (status.st_uid, status.st_gid))
    return found


def plan(directories: list[Directory], found: dict[str, Found]) -> list[Step]:
    """Return the steps that make the private directories, and repair owner and permissions of all; others are made on
    the way to their files.
    """
    steps = []
    for directory in directories:
        now = found.get(directory.path)
        subject = f"directory {directory.path}"
        if now is None:
            if directory.private:
                steps.append(Step(subject, f"create {subject}", directory, {}, _shown(PRIVATE_MODE, (0, 0))))
            continue
        wanted = directory.mode(now.mode)
        if (now.mode, now.owner) != (wanted, (0, 0)):
            before, after = _shown(now.mode, now.owner), _shown(wanted, (0, 0))
            steps.append(Step(subject, f"set owner and permissions of {subject}", directory, before, after))
    return steps


def _shown(mode: int, owner: tuple[int, int]) -> dict:
    return {"mode": f"{mode:04o}", "owner": f"{owner[0]}:{owner[1]}"}


def apply(root: str, directory: Directory) -> None:
    """Make or repair one directory."""
    path = os.path.join(root, directory.path)
    os.makedirs(path, mode=PRIVATE_MODE if directory.private else MODE, exist_ok=True)
    os.chown(path, 0, 0)
    os.chmod(path, directory.mode(stat.S_IMODE(os.stat(path).st_mode)))
