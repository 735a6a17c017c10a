"""What a run of all batteries says at its end is what they counted."""

from __future__ import annotations

from totals import totals

REPORT = '<testsuites><testsuite tests="{tests}" failures="{failures}" errors="0" skipped="1" time="1.5"/></testsuites>'


def test_counts_of_all_reports_are_added_up(tmp_path):
    reports = []
    for name, tests, failures in (("a", 5, 0), ("b", 4, 2)):
        reports.append(tmp_path / f"{name}.xml")
        reports[-1].write_text(REPORT.format(tests=tests, failures=failures), encoding="utf-8")
    assert totals(reports) == "2 failed, 5 passed, 2 skipped in 3.00s"
    assert totals(reports[:1]) == "4 passed, 1 skipped in 1.50s"
