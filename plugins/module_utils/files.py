# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Many small files below one directory, kept as declared: inspect, plan, apply."""

from __future__ import annotations

import os
import stat
import tempfile
import typing as t
from dataclasses import dataclass

from ansible_collections.borgstack.platform.plugins.module_utils import directories
from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    DATA,
    PlatformError,
    of_system,
)
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step

# Lists what was written, so that a file which is no longer declared can be told from one that an operator added.
MANIFEST = ".managed-files"
# Below it lie hashes of secrets that data was written with, each under its secret's name.
IMMUTABLE = "immutable"
MASK = "(secret)"
SECRET_MODE = 0o600
DEFAULT_MODE = 0o644


@dataclass(frozen=True)
class File:
    """One declared file: `path` is relative to the root; `pending` says who has to take up a change of it.

    An `immutable` one is written once; it is neither changed nor removed when it is no longer declared.
    """

    path: str
    content: str
    secret: bool = False
    pending: str = ""
    immutable: bool = False

    @property
    def mode(self) -> int:
        """The file's permissions: nobody but the owner reads a secret."""
        return SECRET_MODE if self.secret else DEFAULT_MODE


@dataclass(frozen=True)
class Found:
    """One file as it is: its content, or none where there is no such file, its permissions and whether root owns it."""

    content: str | None
    mode: int = 0
    owned: bool = True


def declared(items: list[dict], secrets: t.Mapping[str, str]) -> list[File]:
    """Return the files of the module's options.

    Args:
        items: the files; those with secrets have no content here.
        secrets: the contents of those by path.

    Raises:
        PlatformError: a path leaves the root, comes twice, or has no content or two; or a secret belongs to no file.
    """
    files: list[File] = []
    for path in secrets:
        if path not in [item["path"] for item in items]:
            raise _refused(path, "it is among the secrets only")
    for item in items:
        path = os.path.normpath(item["path"])
        if path.startswith(("/", "..")) or path in (".", MANIFEST):
            raise _refused(item["path"], "the path does not lie below the root")
        if any(path == file.path for file in files):
            raise _refused(path, "it is declared twice")
        contents = [item.get("content"), secrets.get(item["path"])]
        if contents.count(None) != 1:
            raise _refused(path, "its text is needed either in content or among the secrets")
        content = next(str(content) for content in contents if content is not None)
        secret = item.get("content") is None
        files.append(File(path, content, secret, item.get("pending") or "", bool(item.get("immutable"))))
    return files


def _refused(path: str, what: str) -> PlatformError:
    return PlatformError(CONFIGURATION, what, "correct the declaration of the file", where=f"file {path}")


def inspect(root: str, files: list[File]) -> tuple[dict[str, Found], set[str]]:
    """Return the declared files as they are, by path, and the paths that an earlier run wrote."""
    found = {file.path: _read(os.path.join(root, file.path)) for file in files}
    manifest = _read(os.path.join(root, MANIFEST)).content or ""
    return found, set(manifest.splitlines())


def _read(path: str) -> Found:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            status = os.fstat(file.fileno())
            return Found(file.read(), stat.S_IMODE(status.st_mode), status.st_uid == 0)
    except (FileNotFoundError, NotADirectoryError):
        return Found(None)
    except UnicodeDecodeError:
        return Found("")


def plan(files: list[File], found: dict[str, Found], managed: t.Collection[str]) -> list[Step]:
    """Return the steps that make the files what is declared.

    Args:
        files: the declared files.
        found: those as they are, by path.
        managed: the paths that an earlier run wrote; what of them is not declared is removed.

    Raises:
        PlatformError: immutable files are there with another content; all of them are named.
    """
    _refuse_other_contents(files, found)
    steps = []
    for file in files:
        actual = found[file.path]
        if actual.content != file.content:
            verb = "create" if actual.content is None else "change"
            steps.append(_step(file, verb, _shown(file, actual.content), _shown(file, file.content, new=True)))
        elif actual.mode != file.mode or not actual.owned:
            before, after = ({"mode": f"{mode:04o}"} for mode in (actual.mode, file.mode))
            steps.append(_step(file, "set permissions of", before, after))
    for path in sorted(set(managed) - {file.path for file in files}):
        steps.append(Step(f"file {path}", f"remove file {path}", path, {"present": True}, {}))
    return steps


def _refuse_other_contents(files: list[File], found: dict[str, Found]) -> None:
    others = [file for file in files if file.immutable and found[file.path].content not in (None, file.content)]
    if not others:
        return
    names = ", ".join(os.path.basename(file.path) for file in others)
    raise PlatformError(
        DATA,
        f"{names} {'is another one' if len(others) == 1 else 'are others'} than the data on the host was written with",
        "restore what was there before in the vaulted file, from a copy of it or read back from the host, as "
        'docs/operating.md tells under "A lost file of secrets"; only where the data that was written with it is gone '
        "for good, remove what is named here",
        where=f"{'file' if len(others) == 1 else 'files'} {', '.join(file.path for file in others)}",
    )


def withheld(files: list[File], found: dict[str, Found]) -> list[File]:
    """Return the immutable files that are not there yet."""
    return [file for file in files if file.immutable and found[file.path].content is None]


def _step(file: File, verb: str, before: dict, after: dict) -> Step:
    return Step(f"file {file.path}", f"{verb} file {file.path}", file, before, after)


def _shown(file: File, content: str | None, new: bool = False) -> dict:
    if content is None:
        return {}
    if file.secret:
        return {"content": f"{MASK}, {'new' if new else 'old'}"}
    return {"content": content.splitlines()}


class Writer:
    """Carries out the steps below one root, and keeps the manifest.

    Args:
        root: the directory; made where it is missing.
        managed: the paths that an earlier run wrote.
    """

    def __init__(self, root: str, managed: set[str]):
        self._root = root
        self._managed = set(managed)

    def apply(self, step: Step) -> None:
        """Write or remove one file, or make or repair one directory.

        Raises:
            PlatformError: the system refuses it.
        """
        try:
            if isinstance(step.operation, directories.Directory):
                directories.apply(self._root, step.operation)
            elif isinstance(step.operation, str):
                self._remove(step.operation)
            else:
                self._put(step.operation)
        except OSError as error:
            raise of_system(error, step.subject) from None

    def _put(self, file: File) -> None:
        # Noted first: a run that is killed in between leaves a file that the next one still knows.
        if not file.immutable:
            self._note(self._managed | {file.path})
        if file.pending:
            self._keep_what_is_in_effect(file)
        self._write(file.path, file.content, file.mode)

    def _keep_what_is_in_effect(self, file: File) -> None:
        """Mark the file; the marker of an interrupted run stays, since what it holds is still what is in effect."""
        if not os.path.exists(os.path.join(self._root, pending_path(file))):
            in_effect = _read(os.path.join(self._root, file.path)).content or ""
            self._write(pending_path(file), in_effect, SECRET_MODE)

    def _remove(self, path: str) -> None:
        if os.path.lexists(os.path.join(self._root, path)):
            os.unlink(os.path.join(self._root, path))
        self._note(self._managed - {path})

    def _note(self, managed: set[str]) -> None:
        if managed != self._managed or not os.path.exists(os.path.join(self._root, MANIFEST)):
            self._managed = managed
            self._write(MANIFEST, "".join(f"{path}\n" for path in sorted(managed)), SECRET_MODE)

    def _write(self, path: str, content: str, mode: int) -> None:
        target = os.path.join(self._root, path)
        os.makedirs(os.path.dirname(target), mode=directories.MODE, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=os.path.dirname(target), prefix=".writing-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(content)
                os.fchmod(file.fileno(), mode)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)
        except BaseException:
            os.unlink(temporary)
            raise


def pending_path(file: File) -> str:
    """Return the path of the marker that says that the file's last change is not in effect yet, and holds what is."""
    return f"{file.path}.pending"


def pending(root: str, files: list[File], steps: t.Sequence[Step]) -> list[str]:
    """Return what has to be made to take up its changed file: by this run's steps, or left by an interrupted one."""
    changed = {step.operation.path for step in steps if isinstance(step.operation, File)}
    return sorted(
        {
            file.pending
            for file in files
            if file.pending and (file.path in changed or os.path.exists(os.path.join(root, pending_path(file))))
        }
    )
