# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""From an integration's workflow files to what it declares that it needs of n8n."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError

PLACEHOLDER = re.compile(r"@@([a-z_]+)@@")
KEYS = {"name", "active", "nodes", "connections", "settings"}


def n8n_workflows(folder: str, settings: dict[str, t.Any] | None = None) -> list[dict[str, t.Any]]:
    """Return the items of the need `workflows` for all files `*.json` of a folder.

    Args:
        folder: where the files are.
        settings: what `@@name@@` stands for in them: as a whole text it keeps its type, within one it becomes text.

    Raises:
        PlatformError: a file is no workflow, or files and settings do not fit each other.
    """
    paths = sorted(Path(folder).glob("*.json"))
    if not paths:
        raise _wrong(folder, "it holds no workflow files")
    used: set[str] = set()
    workflows = [_workflow(path, settings or {}, used) for path in paths]
    unused = sorted(set(settings or {}) - used)
    if unused:
        raise _wrong(folder, f"no workflow uses the settings {', '.join(unused)}")
    return workflows


def _workflow(path: Path, settings: dict[str, t.Any], used: set[str]) -> dict[str, t.Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise _wrong(str(path), f"it is not JSON: {error}") from None
    wrong = sorted(set(content) ^ KEYS) if isinstance(content, dict) else ["everything"]
    if wrong:
        raise _wrong(str(path), f"it lacks, or should not have, {', '.join(wrong)}")
    filled = _filled(content, settings, used, str(path))
    definition = {key: filled[key] for key in ("nodes", "connections", "settings")}
    # As text: hundreds of nodes would be walked through wherever the declarations are looked at.
    text = json.dumps(definition, sort_keys=True, ensure_ascii=False)
    return {"name": filled["name"], "active": filled["active"], "definition": text}


def _filled(value: t.Any, settings: dict[str, t.Any], used: set[str], where: str) -> t.Any:
    if isinstance(value, dict):
        return {key: _filled(item, settings, used, where) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, settings, used, where) for item in value]
    if not isinstance(value, str):
        return value
    names = PLACEHOLDER.findall(value)
    unknown = sorted(set(names) - set(settings))
    if unknown:
        raise _wrong(where, f"it uses the unknown settings {', '.join(unknown)}")
    used.update(names)
    whole = PLACEHOLDER.fullmatch(value)
    return settings[whole.group(1)] if whole else PLACEHOLDER.sub(lambda found: str(settings[found.group(1)]), value)


def _wrong(where: str, what: str) -> PlatformError:
    return PlatformError(CONFIGURATION, what, "correct the file or the role's settings", where=where)
