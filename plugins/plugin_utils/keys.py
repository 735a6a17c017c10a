# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which keys a part of a declaration may have, and must."""

from __future__ import annotations

import typing as t
from difflib import get_close_matches

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError


def check_keys(given: t.Iterable[str], known: t.Iterable[str], where: str, required: t.Iterable[str] = ()) -> None:
    """Raise unless all keys are known and none is missing that is required.

    Raises:
        PlatformError: one is unknown or missing.
    """
    unknown, missing = sorted(set(given) - set(known)), sorted(set(required) - set(given))
    if unknown:
        named = ", ".join(f"{key}{nearest(key, known)}" for key in unknown)
        raise wrong(where, f"unknown keys: {named}; known are {', '.join(sorted(known))}")
    if missing:
        raise wrong(where, f"missing keys: {', '.join(missing)}")


def nearest(name: str, known: t.Iterable[str]) -> str:
    """Return the question whether a known name was meant, to put after an unknown one; nothing where none is near."""
    near = get_close_matches(str(name), list(known), 1)
    return f" (did you mean {near[0]}?)" if near else ""


def wrong(where: str, what: str) -> PlatformError:
    """Return the refusal of what a part of a declaration says."""
    return PlatformError(CONFIGURATION, what, "correct the role's declaration or the setting it is made from", where)
