# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a host already has of a platform, so that nobody makes new secrets for data that is there."""

from __future__ import annotations

import os

from ansible_collections.borgstack.platform.plugins.module_utils.files import IMMUTABLE, MANIFEST
from ansible_collections.borgstack.platform.plugins.module_utils.host import software


def inspect(directory: str, project: str) -> dict:
    """Return the traces of a platform; also on a host where Docker does not run, or was installed anew.

    Args:
        directory: where the rendered project would lie.
        project: name of the Compose project.

    Returns:
        `directory`, empty where nothing was rendered there; `immutable`, the names of secrets that data was written
        with; `volumes`, the names of the project's volumes.

    Raises:
        OSError: a directory cannot be read.
    """
    if not directory:
        return {"directory": "", "immutable": [], "volumes": []}
    immutable = _names(os.path.join(directory, IMMUTABLE))
    rendered = bool(immutable) or os.path.lexists(os.path.join(directory, MANIFEST))
    volumes = software.volumes(software.data_root())
    return {
        "directory": directory if rendered else "",
        "immutable": immutable,
        "volumes": [name for name in volumes if name.startswith(f"{project}_")],
    }


def _names(directory: str) -> list[str]:
    try:
        return sorted(os.listdir(directory))
    except (FileNotFoundError, NotADirectoryError):
        return []
