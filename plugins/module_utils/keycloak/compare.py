# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What of an object is not as declared: pure functions."""

from __future__ import annotations

import typing as t

MASK = "(secret)"
SECRETS = ("secret",)
NOTHING = (None, "")


def differences(wanted: dict, found: dict) -> dict:
    """Return what of the declared properties is otherwise, with values that Keycloak can be sent.

    What is not declared stays as it is, within dictionaries too; those are returned with all that they hold, because
    Keycloak takes some of them as a whole.

    Args:
        wanted: the declared properties, in Keycloak's words.
        found: the object, in Keycloak's words.
    """
    different = {}
    for key, value in wanted.items():
        there = found.get(key)
        if isinstance(value, dict):
            if differences(value, there or {}):
                different[key] = {**(there or {}), **value}
        elif not _same(value, there):
            different[key] = value
    return different


def _same(wanted: t.Any, found: t.Any) -> bool:
    # Keycloak leaves out what is empty, and keeps lists as sets.
    if isinstance(wanted, list):
        return sorted(map(str, wanted)) == sorted(map(str, found or []))
    return wanted == found or (wanted in NOTHING and found in NOTHING)


def shown(different: dict, found: dict) -> tuple[dict, dict]:
    """Return what a diff shows of differences, before and after, without secrets.

    Args:
        different: as `differences` returns them.
        found: the object, in Keycloak's words; empty where it does not exist.
    """
    before: dict = {}
    after: dict = {}
    for key, value in different.items():
        there = found.get(key)
        if key in SECRETS:
            before[key], after[key] = f"{MASK}, old", f"{MASK}, new"
        elif isinstance(value, dict):
            changed = [one for one in value if value[one] != (there or {}).get(one)]
            before[key] = {one: (there or {})[one] for one in changed if one in (there or {})}
            after[key] = {one: value[one] for one in changed}
        else:
            before[key], after[key] = there, value
    return (before, after) if found else ({}, {key: MASK if key in SECRETS else after[key] for key in after})
