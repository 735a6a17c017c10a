# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Sets on the host: one is made aside and takes its name when it is whole; the newest one stays."""

from __future__ import annotations

import json
import os
import shutil
import time
import typing as t
from pathlib import Path

from borgstack_backup.failure import DATA, Failure
from borgstack_backup.part import Part, digest
from borgstack_backup.plan import SET_NAME

MANIFEST = "manifest.json"


def new_name() -> str:
    """Return the name of a set that is begun now."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())


def finished(folder: Path) -> list[Path]:
    """Return the finished sets of a folder, the newest one last."""
    if not folder.exists():
        return []
    names = sorted(path.name for path in folder.iterdir() if SET_NAME.fullmatch(path.name))
    return [folder / name for name in names if (folder / name / MANIFEST).exists()]


def newest(folder: Path) -> Path | None:
    """Return the newest finished set, if there is one."""
    found = finished(folder)
    return found[-1] if found else None


def clear(folder: Path) -> None:
    """Remove what a run left that was killed, and make an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)


def finish(made: Path, folder: Path, manifest: dict) -> Path:
    """Give a set its name and remove the former ones.

    Everything is on the disk before it has a name, and the former set goes after the new one is there.
    """
    (made / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.sync()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / made.name
    made.rename(target)
    for former in finished(folder)[:-1]:
        leaving = made.parent / f"{former.name}.leaving"
        former.rename(leaving)
        shutil.rmtree(leaving)
    return target


def manifest_of(folder: Path | None) -> dict[str, t.Any]:
    """Return what a set says of itself."""
    return json.loads((folder / MANIFEST).read_text(encoding="utf-8")) if folder else {}


def parts_of(manifest: dict) -> list[Part]:
    """Return a set's parts."""
    return [Part(**part) for part in manifest.get("parts", [])]


def prove(part: Part, root: Path) -> None:
    """Refuse a part of a set whose file is not what the manifest says.

    Raises:
        Failure: a file is missing or another one.
    """
    remedy = "name another set or another destination, and see what is wrong with the disk of this one"
    path = root / part.file
    if not path.exists() or digest(path) != part.sha256:
        raise Failure(DATA, "it is not what the manifest says", remedy, f"{root.name}: {part.name}")
    if part.kind == "s3":
        for key, entry in json.loads(path.read_text(encoding="utf-8")).items():
            if not (root / entry["file"]).exists() or digest(root / entry["file"]) != entry["sha256"]:
                raise Failure(DATA, f"{key} is not what the manifest says", remedy, f"{root.name}: {part.name}")
