# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Names of rules and statements, which servers add and which mean nothing: compared only where they are declared."""

from __future__ import annotations

import json
import typing as t


def spelled(value: t.Any) -> str:
    """Return a text that equal values share, to sort by."""
    return json.dumps(value, sort_keys=True, default=str)


def without_foreign(items: t.Iterable[dict], label: str, known: t.Iterable[dict]) -> list[dict]:
    """Return the items without the labels that no known item has.

    Args:
        items: rules or statements.
        label: the key that holds the label.
        known: the rules or statements that they are compared with.
    """
    labels = {item[label] for item in known if label in item}
    return [
        item if item.get(label) in labels else {key: value for key, value in item.items() if key != label}
        for item in items
    ]
