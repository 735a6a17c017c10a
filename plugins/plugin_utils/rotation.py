# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which secrets are rotated, which stay and why, and how old each is: pure functions."""

from __future__ import annotations

import datetime
import difflib
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils.report import aligned
from ansible_collections.borgstack.platform.plugins.plugin_utils.secret_ages import Since

ALL = "all"
HEADINGS = ("secret", "since", "days", "used by", "")
UNDECLARED = {"kinds": [], "supplied": False, "used_by": [], "written_by": [], "outside": [], "elsewhere": []}
# By the key of what declarations say: why a secret is not rotated, and what its operator does instead.
NOT_HERE = {
    "supplied": ("it is kept elsewhere, in platform_supplied_secrets", "change it there, and run site.yml"),
    "given": (
        "others made it",
        "have them make another one, put it into the file with `ansible-vault edit`, and run site.yml",
    ),
    "written_by": (
        "data of {} was written with it",
        'keep it; docs/operating.md tells, under "Secrets", what helps where others know it',
    ),
    "outside": (
        "it is the administrator's of {}, which is not of the platform",
        "change it there and with `ansible-vault edit`, and run site.yml",
    ),
    "kinds": (
        "it is asked for as {}, which no new one could be",
        "have all that use it ask for one kind, or change it with `ansible-vault edit`",
    ),
    "used_by": (
        "nothing that is declared asks for it",
        "change it with `ansible-vault edit`, and wherever it is used",
    ),
    "missing": ("it is not made yet", "run site.yml, which makes what is missing"),
}


class Wanted(t.NamedTuple):
    """What an operator wants to have rotated.

    Attributes:
        names: of secrets, or `all` alone.
        older_than: those that are older than so many days.
        unknown: whether those whose age nobody knows count as older.
    """

    names: tuple[str, ...] = ()
    older_than: int | None = None
    unknown: bool = False


class Row(t.NamedTuple):
    """What becomes of a secret.

    Attributes:
        secret: its name.
        kind: what a new one is made as; empty where none is made.
        since: what is known of its age.
        days: how old it is; none where nobody knows.
        used_by: the instances.
        rotates: whether it is rotated.
        reason: why it is not, where that is not just because nobody wants it.
        remedy: what to do instead; empty where it may be rotated.
    """

    secret: str
    kind: str
    since: Since
    days: int | None
    used_by: tuple[str, ...]
    rotates: bool
    reason: str
    remedy: str


def plan(uses: t.Mapping[str, dict], ages: t.Mapping[str, Since], wanted: Wanted, today: datetime.date) -> list[Row]:
    """Return what becomes of each secret, by name.

    Args:
        uses: what declarations say of each, as `secret_uses.uses` has it.
        ages: of those that are in the file.
        wanted: what is to be rotated.
        today: the day.

    Raises:
        PlatformError: what is wanted cannot be meant, or names a secret that is not rotated.
    """
    _refuse_what_cannot_be_meant(wanted)
    rows = [_row(name, uses.get(name, UNDECLARED), ages, wanted, today) for name in sorted({*uses, *ages})]
    if wanted.names != (ALL,):
        _refuse_named(wanted.names, {row.secret: row for row in rows})
    return rows


def overdue(rows: list[Row], limit: int) -> list[str]:
    """Return the secrets that could be rotated and are older than so many days, or may be."""
    return [row.secret for row in rows if not row.remedy and not row.rotates and (row.days is None or row.days > limit)]


def table(rows: list[Row], limit: int) -> list[str]:
    """Return the lines of a report, what is rotated and what is overdue first."""
    late = overdue(rows, limit)
    ranked = sorted(rows, key=lambda row: (not row.rotates, row.secret not in late, bool(row.remedy), row.secret))
    cells = [
        (row.secret, _in_words(row.since), _days(row), ", ".join(row.used_by) or "-", _verdict(row, late, limit))
        for row in ranked
    ]
    return [*aligned([HEADINGS, *cells]), _summary(rows, late, limit)]


def artifact(rows: list[Row], limit: int) -> dict[str, t.Any]:
    """Return the same as data to hand on: names and days, no secret."""
    return {
        "limit_days": limit,
        "rotated": [row.secret for row in rows if row.rotates],
        "overdue": overdue(rows, limit),
        "unknown": [row.secret for row in rows if row.days is None and not row.rotates],
        "days": {row.secret: 0 if row.rotates else row.days for row in rows},
        "stays": {row.secret: row.reason for row in rows if row.remedy},
    }


def _refuse_what_cannot_be_meant(wanted: Wanted) -> None:
    if wanted.names and wanted.older_than is not None:
        what, remedy = "both names and an age are given", "give rotate or rotate_older_than"
    elif ALL in wanted.names and len(wanted.names) > 1:
        what, remedy = "all is given beside names", "give rotate=all, or the names"
    elif wanted.older_than is not None and wanted.older_than < 0:
        what, remedy = f"{wanted.older_than} days are no age", "give a number of days, such as rotate_older_than=90"
    elif wanted.unknown and wanted.older_than is None:
        what = "rotate_unknown says what becomes of secrets of unknown age, and no age is given"
        remedy = "give rotate_older_than too; by name and with all, such secrets are rotated as others are"
    else:
        return
    raise PlatformError(CONFIGURATION, what, remedy, where="what is to be rotated")


def _refuse_named(names: t.Iterable[str], rows: dict[str, Row]) -> None:
    said, remedies = [], []
    for name in names:
        if name not in rows:
            near = difflib.get_close_matches(name, rows, 1)
            said.append(f"there is no secret {name}")
            remedies.append(f"did you mean {near[0]}" if near else "run it without names, which lists them")
        elif rows[name].remedy:
            said.append(f"{name} is not rotated: {rows[name].reason}")
            remedies.append(f"{name}: {rows[name].remedy}")
    if said:
        raise PlatformError(CONFIGURATION, "; ".join(said), "; ".join(remedies), where="what is to be rotated")


def _row(name: str, use: dict, ages: t.Mapping[str, Since], wanted: Wanted, today: datetime.date) -> Row:
    since = ages.get(name, Since())
    days = max((today - since.day).days, 0) if since.day else None
    reason, remedy = _obstacle(use, name in ages)
    rotates = not remedy and _is_wanted(name, days, wanted)
    if rotates and use["elsewhere"] and name not in wanted.names:
        rotates, reason = False, f"only by its name: the program of {', '.join(use['elsewhere'])} does not run here"
    kind = "" if remedy else use["kinds"][0]
    return Row(name, kind, since, days, tuple(use["used_by"]), rotates, reason, remedy)


def _obstacle(use: dict, stored: bool) -> tuple[str, str]:
    kinds = use["kinds"]
    if use["supplied"]:
        return NOT_HERE["supplied"]
    if "given" in kinds:
        return NOT_HERE["given"]
    for key in ("written_by", "outside"):
        if use[key]:
            return NOT_HERE[key][0].format(", ".join(use[key])), NOT_HERE[key][1]
    if not use["used_by"] or not kinds:
        return NOT_HERE["used_by"]
    if len(kinds) > 1:
        return NOT_HERE["kinds"][0].format(" and as ".join(kinds)), NOT_HERE["kinds"][1]
    return ("", "") if stored else NOT_HERE["missing"]


def _is_wanted(name: str, days: int | None, wanted: Wanted) -> bool:
    if wanted.older_than is None:
        return wanted.names == (ALL,) or name in wanted.names
    return wanted.unknown if days is None else days > wanted.older_than


def _in_words(since: Since) -> str:
    if since.day:
        return since.day.isoformat()
    return f"by hand, after {since.changed_after}" if since.changed_after else "unknown"


def _days(row: Row) -> str:
    return "?" if row.days is None else str(row.days)


def _verdict(row: Row, late: list[str], limit: int) -> str:
    if row.rotates:
        return "is rotated"
    over = [f"over {limit} days" if row.days is not None else f"age unknown, counts as over {limit} days"]
    return "; ".join((over if row.secret in late else []) + ([row.reason] if row.reason else []))


def _summary(rows: list[Row], late: list[str], limit: int) -> str:
    rotated = sum(row.rotates for row in rows)
    staying = sum(bool(row.remedy) for row in rows)
    more = f"{len(late)} more are over {limit} days, {staying} are never rotated"
    return f"Of {len(rows)} secrets {rotated} are rotated, {more}."
