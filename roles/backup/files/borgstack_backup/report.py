# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a drill found: rows of what was looked at, a verdict, and what of it is kept for the playbook and monitoring."""

from __future__ import annotations

import time
import typing as t
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from borgstack_backup import status
from borgstack_backup.failure import Failure, of_system
from borgstack_backup.plan import Plan

FILE = "drill.json"


@dataclass
class Row:
    """One thing that was looked at, as a verification of the platform has it."""

    component: str
    check: str
    state: str
    what: str = ""
    seconds: float = 0.0
    category: int | None = None
    remedy: str = ""


class Report:
    """The rows of one drill.

    Args:
        origin: the destination.
        say: is told each row.
        hidden: takes secrets out of a text.
    """

    GOOD = "ok"
    BAD = "failed"

    def __init__(self, origin: str, say: t.Callable[[str], None], hidden: t.Callable[[str], str]):
        self.origin, self._say, self._hidden = origin, say, hidden
        self.set = ""
        self.rows: list[Row] = []
        self.failures: list[Failure] = []
        self._began = time.time()

    @contextmanager
    def measured(self, part: str, check: str) -> t.Iterator[Row]:
        """Do one thing; a failure of it is a row too, and the drill goes on."""
        row, began = Row(part, check, self.GOOD), time.monotonic()
        try:
            yield row
        except Failure as failure:
            self._spoil(row, failure)
        except OSError as error:
            self._spoil(row, of_system(error, part))
        row.seconds = round(time.monotonic() - began, 1)
        self._add(row)

    def failed(self, failure: Failure) -> None:
        """Add a row of what ended the drill; all else that failed is less than that."""
        row = Row("the drill", "goes to its end", self.GOOD)
        self._spoil(row, failure)
        self.failures.insert(0, self.failures.pop())
        self._add(row)

    def keep(self, plan: Plan, known: dict[str, t.Any]) -> None:
        """Write the report, and what a verification and monitoring go by."""
        ended = time.time()
        run: dict[str, t.Any] = {
            "ok": not self.failures,
            "finished": int(ended),
            "set": self.set,
            "origin": self.origin,
        }
        run.update(seconds=round(ended - self._began, 1), rows=len(self.rows))
        if self.failures:
            run["error"] = self.failures[0].as_dict()
        known["last_drill"] = run
        known.setdefault("drilled", {})[self.origin] = int(ended)
        if run["ok"]:
            known["last_proven"] = {"set": self.set, "finished": int(ended)}
        report = {**run, "verdict": "proven" if run["ok"] else "failed", "found": [asdict(row) for row in self.rows]}
        status.put(plan.state / FILE, report)
        status.write(plan.state, known)
        status.export(known, plan)

    def _spoil(self, row: Row, failure: Failure) -> None:
        shown = Failure(failure.category, self._hidden(failure.what), failure.remedy, failure.where or row.component)
        row.state, row.what, row.category, row.remedy = self.BAD, shown.what, shown.category, shown.remedy
        self.failures.append(shown)

    def _add(self, row: Row) -> None:
        self.rows.append(row)
        self._say(f"{row.component}: {row.check}: {row.state}{f', {row.what}' if row.what else ''}")
