# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a container is told in secret, as a set has it: in the platform's folder, which is a set's configuration."""

from __future__ import annotations

import re
import tarfile
from pathlib import Path

ARCHIVE = "platform/configuration.tar"
LINE = re.compile(r'([A-Za-z_][A-Za-z0-9_]*)="(.*)"')
ESCAPED = re.compile(r"\\(.)")


def of(root: Path, container: str) -> dict[str, str]:
    """Return the secret variables of a container as they were saved with a set."""
    with tarfile.open(root / ARCHIVE) as tar:
        try:
            file = tar.extractfile(f"./secrets/{container}.env")
        except KeyError:
            return {}
        return read(file.read().decode()) if file else {}


def read(text: str) -> dict[str, str]:
    """Return what a file of variables says, as Compose reads it."""
    found = filter(None, (LINE.fullmatch(line) for line in text.splitlines()))
    return {item.group(1): ESCAPED.sub(_meant, item.group(2)) for item in found}


def _meant(match: re.Match[str]) -> str:
    return "\n" if match.group(1) == "n" else match.group(1)
