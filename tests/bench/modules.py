#!/usr/bin/env python3
"""Time the modules beside what people use instead, in the same run; each engine in a file of its own."""

from __future__ import annotations

import argparse

import postgresql
import s3
from report import Report


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of each way with nothing to change")
    parser.add_argument("--applications", type=int, nargs="*", default=[10, 50, 200])
    parser.add_argument("--peers-up-to", type=int, default=50, help="the loops take minutes (applications)")
    parser.add_argument("--buckets", type=int, default=20)
    arguments = parser.parse_args()
    report = Report()
    s3.measure_all(arguments.runs, arguments.buckets, report)
    postgresql.measure_all(arguments.runs, arguments.applications, arguments.peers_up_to, report)


if __name__ == "__main__":
    main()
