# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The file that pins images to digests: inspect, plan, apply."""

from __future__ import annotations

import os
import re
import tempfile
import typing as t
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.borgstack.platform.plugins.module_utils.errors import DATA, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step

VARIABLE = "platform_image_digests"
HEAD = f"""---
# Written anew by script/lock: what each image's tag pointed at then. Images are pulled by it, wherever the tag moves.
{VARIABLE}:"""
LINE = re.compile(r'  "([^"\s]+)": "(sha256:[0-9a-f]{64})"')
ASKED_AT_ONCE = 8


def read(path: str) -> dict[str, str]:
    """Return the digests of a lock file by image; none where there is no such file.

    Raises:
        PlatformError: somebody wrote something else there.
    """
    try:
        with open(path, encoding="utf-8") as file:
            lines = [line.rstrip("\n") for line in file]
    except FileNotFoundError:
        return {}
    entries = [line for line in lines if line.strip() and not line.startswith(("#", "---", f"{VARIABLE}:"))]
    found = [LINE.fullmatch(line) for line in entries]
    if not all(found) or not any(line.startswith(f"{VARIABLE}:") for line in lines):
        raise PlatformError(
            DATA,
            "it holds something else than the digests that were written to it",
            "move what it holds to another file of group_vars, remove it and run again",
            where=f"file {path}",
        )
    return {match.group(1): match.group(2) for match in found if match}


def rendered(digests: dict[str, str]) -> str:
    """Return the lock file's text."""
    lines = [f'  "{image}": "{digest}"\n' for image, digest in sorted(digests.items())]
    return f"{HEAD}\n{''.join(lines)}" if lines else f"{HEAD} {{}}\n"


def resolve(images: list[str], prefix: str, ask: t.Callable[[str], str]) -> dict[str, str]:
    """Return what all images' tags point at; those that name a digest themselves are left out.

    Args:
        images: as the services declare them.
        prefix: the mirror that they come from, or an empty text.
        ask: returns the digest of one image.

    Raises:
        PlatformError: of the first image that could not be resolved; tells how many more there are.
    """
    wanted = sorted({image for image in images if "@" not in image})

    def one(image: str) -> str | PlatformError:
        try:
            return ask(f"{prefix}/{image}" if prefix else image)
        except PlatformError as error:
            return error

    with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
        answers = dict(zip(wanted, pool.map(one, wanted)))
    errors = [answer for answer in answers.values() if isinstance(answer, PlatformError)]
    if errors:
        if len(errors) > 1:
            others = "; ".join(f"{error.where}: {error.what}" for error in errors[1:])
            errors[0].what += f"; and {len(errors) - 1} more could not be resolved: {others}"
        raise errors[0]
    return t.cast("dict[str, str]", answers)


def plan(locked: dict[str, str], found: dict[str, str]) -> list[Step]:
    """Return a step for each image whose digest is new, moved, or no longer wanted."""
    steps = []
    for image in sorted({*locked, *found}):
        before, after = locked.get(image), found.get(image)
        if before == after:
            continue
        if before is None:
            words = f"lock {image} at {after}"
        elif after is None:
            words = f"forget {image}, which no service uses"
        else:
            words = f"move {image} from {before} to {after}"
        steps.append(Step(f"image {image}", words, None, _shown(before), _shown(after)))
    return steps


def _shown(digest: str | None) -> dict:
    return {"digest": digest} if digest else {}


def write(path: str, digests: dict[str, str]) -> None:
    """Write the lock file, whole or not at all."""
    folder = os.path.dirname(path) or "."
    os.makedirs(folder, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".writing-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(rendered(digests))
            os.fchmod(file.fileno(), 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
