# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Since when each secret is as it is: noted inside of the vaulted file, so that it goes wherever the secrets go."""

from __future__ import annotations

import datetime
import hashlib
import json
import typing as t

# Among the secrets, a text as they are, so that an older version of this collection keeps it and does not stumble.
NOTES = "secrets_since"
# Tells whether a value is still the one that was noted. Who reads it has the value too.
MARK_LENGTH = 16


class Since(t.NamedTuple):
    """What is known of a secret's age.

    Attributes:
        day: since when it is as it is; none where nobody knows.
        changed_after: the day after which somebody changed it by hand, where that is why nobody knows.
    """

    day: datetime.date | None = None
    changed_after: datetime.date | None = None


def ages(secrets: t.Mapping[str, str], notes: str) -> dict[str, Since]:
    """Return what is known of the age of each secret.

    Args:
        secrets: by name.
        notes: as `renewed` made them; what cannot be read says nothing.
    """
    noted = _read(notes)
    return {name: _since(value, noted.get(name)) for name, value in secrets.items()}


def renewed(before: t.Mapping[str, str], after: t.Mapping[str, str], notes: str, today: datetime.date) -> str:
    """Return the notes of a file that is about to be written.

    Args:
        before: its secrets by name.
        after: those that are written: what is new or another one is as it is since today.
        notes: those that it has.
        today: the day.
    """
    noted = {name: note for name, note in _read(notes).items() if name in after}
    for name, value in after.items():
        if before.get(name) != value:
            noted[name] = [today.isoformat(), _mark(value)]
    return json.dumps(noted, sort_keys=True)


def _read(notes: str) -> dict[str, list[str]]:
    """Return the notes that make sense: people edit this file."""
    try:
        noted = json.loads(notes or "{}")
    except ValueError:
        return {}
    return {name: note for name, note in noted.items() if _is_note(note)} if isinstance(noted, dict) else {}


def _is_note(note: t.Any) -> bool:
    if not (isinstance(note, list) and len(note) == 2 and all(isinstance(part, str) for part in note)):
        return False
    try:
        datetime.date.fromisoformat(note[0])
    except ValueError:
        return False
    return True


def _since(value: str, note: list[str] | None) -> Since:
    if note is None:
        return Since()
    day = datetime.date.fromisoformat(note[0])
    return Since(day) if note[1] == _mark(value) else Since(changed_after=day)


def _mark(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()[:MARK_LENGTH]
