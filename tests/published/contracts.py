"""What the published images are held to: the tables in CONTRACT.md beside each test image and stand-in.

A table has the columns `point`, `upstream` and `checked by`. In the last one a text in backticks is the name of a test,
or, where it is none, a shell command that ends with 0 in the published image.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
CODE = re.compile(r"`([^`]+)`")
CELL = re.compile(r"(?<!\\)\|")
REFERENCE = re.compile(r"`([a-z0-9./-]+):([A-Za-z0-9._-]+)`")
TEST = re.compile(r"test_[a-z0-9_]+")


@dataclass(frozen=True)
class Point:
    """One line of a contract."""

    says: str
    upstream: str
    probes: tuple[str, ...]
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Contract:
    """What one image does."""

    path: Path
    image: str
    points: tuple[Point, ...]

    @property
    def name(self) -> str:
        """The image's name without its registry's folders."""
        return self.image.rsplit("/", 1)[-1].split(":")[0]


def all_contracts() -> list[Contract]:
    """Return the contracts of all images."""
    return [read(path) for path in sorted((ROOT / "tests").rglob("CONTRACT.md"))]


def read(path: Path) -> Contract:
    """Read a contract. The first image named in it, with its tag, is the one that it is about."""
    text = path.read_text(encoding="utf-8")
    found = REFERENCE.search(text)
    if not found:
        raise ValueError(f"{path} names no image with its tag")
    return Contract(path, ":".join(found.groups()), tuple(_points(text)))


def _points(text: str):
    for line in text.splitlines():
        cells = [cell.strip().replace("\\|", "|") for cell in CELL.split(line.strip().strip("|"))]
        if not line.startswith("|") or len(cells) != 3 or cells[0] == "point" or set(cells[0]) <= set("-: "):
            continue
        checks = CODE.findall(cells[2])
        names = tuple(check for check in checks if TEST.fullmatch(check))
        yield Point(cells[0], cells[1], tuple(check for check in checks if check not in names), names)


def published_images() -> dict[str, str]:
    """Return the images that our roles use by default, with their tags, by role."""
    images = {}
    for path in sorted((ROOT / "roles").glob("*/defaults/main.yml")):
        role, defaults = path.parents[1].name, yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        if f"{role}_image" in defaults:
            images[role] = f"{defaults[f'{role}_image']}:{defaults[f'{role}_version']}"
    return images


def places_of_tests() -> dict[str, str]:
    """Return the node ids of all tests by their names, from the repository's root."""
    places = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for name in re.findall(
            r"^    ?(?:    )?def (test_\w+)|^def (test_\w+)", path.read_text(encoding="utf-8"), re.M
        ):
            places["".join(name)] = str(path.relative_to(ROOT))
    return places
