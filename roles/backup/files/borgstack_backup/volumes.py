# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Volumes and folders: archives with owners and modes, and the way back in one exchange of folders."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

from borgstack_backup.commands import run
from borgstack_backup.failure import DATA, Failure, of_system
from borgstack_backup.part import Part, file_name

PRESERVE = ("--numeric-owner", "--xattrs", "--acls")
# What changes while it is read: the archive is whole, and tar says so with 1.
GOOD = (0, 1)


def mount_point(volume: str) -> Path:
    """Return where a volume of Docker lies on the host."""
    remedy = "run site.yml, which makes it"
    return Path(run(["docker", "volume", "inspect", "--format={{.Mountpoint}}", volume], volume, remedy=remedy).strip())


def save_volume(project: str, volume: str, root: Path) -> Part:
    """Archive a volume of the project below `root`."""
    part = Part("volume", f"volume/{volume}", f"volumes/{file_name(volume)}.tar", source={"volume": volume})
    part.counts = {"files": save_folder(mount_point(f"{project}_{volume}"), root / part.file)}
    return part


def save_folder(folder: Path, archive: Path, leave_out: tuple[str, ...] = ()) -> int:
    """Archive a folder and return how many files are in the archive."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    excluded = [f"--exclude=./{name}" for name in leave_out]
    argv = ["tar", "--create", f"--file={archive}", f"--directory={folder}", *PRESERVE, "--anchored", *excluded, "."]
    run(argv, str(folder), DATA, good=GOOD)
    return files_in(archive)


def files_in(archive: Path) -> int:
    """Return how many files are in an archive, which is read to its end."""
    try:
        with tarfile.open(archive) as tar:
            return sum(1 for member in tar if not member.isdir())
    except (tarfile.TarError, EOFError):
        raise Failure(DATA, "the archive is cut off", "run again", archive.name) from None


def restore_volume(project: str, part: Part, root: Path) -> Path:
    """Put an archive in place of a volume that no running container uses; returns the former content's folder."""
    folder = mount_point(f"{project}_{part.source['volume']}")
    recover(folder)
    fresh, aside = folder.with_name("_data.restoring"), folder.with_name("_data.replaced")
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o755)
        extract(part, root, fresh)
        shutil.rmtree(aside, ignore_errors=True)
        folder.rename(aside)
        fresh.rename(folder)
    except OSError as error:
        raise of_system(error, part.name) from None
    return aside


def extract(part: Part, root: Path, folder: Path) -> None:
    """Put an archive's content into a folder."""
    argv = ["tar", "--extract", f"--file={root / part.file}", f"--directory={folder}", "--same-permissions", *PRESERVE]
    run(argv, part.name, DATA)


def recover(folder: Path) -> None:
    """Put a volume's content back that a restore was killed in the middle of exchanging."""
    aside = folder.with_name("_data.replaced")
    if not folder.exists() and aside.exists():
        aside.rename(folder)
