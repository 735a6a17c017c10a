"""What a verification says."""

from __future__ import annotations

import json
from pathlib import Path

Failures = dict[tuple[str, str], dict]


class Verification:
    """Verifies as an operator does; what is called returns the run and its failures by component and check.

    Args:
        play: runs playbooks.
        report: a file for the report.
    """

    def __init__(self, play, report: Path):
        self._play, self._report = play, report
        #: What each verification of the whole platform took that found all well.
        self.seconds: list[float] = []

    def __call__(self, *arguments: str, connect_to: str = "host", **variables):
        self._report.unlink(missing_ok=True)
        settings = {"verify_connect_to": connect_to, "verify_report": str(self._report), **variables}
        finished = self._play(*arguments, playbook="playbooks/verify.yml", **settings)
        document = json.loads(self._report.read_text(encoding="utf-8"))
        assert document["ok"] == (finished.returncode == 0) and finished.changed == 0, finished.output[-3000:]
        rows = document["checks"]
        assert len(rows) > 5
        if document["ok"] and "--tags" not in arguments:
            self.seconds.append(finished.seconds)
        return finished, {(row["component"], row["check"]): row for row in rows if row["state"] == "failed"}
