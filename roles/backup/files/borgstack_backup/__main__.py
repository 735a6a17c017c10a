# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""`python3 -m borgstack_backup PLAN VERB`, one of VERBS. The exit status is the failure's category."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import typing as t
from contextlib import suppress
from functools import partial

from borgstack_backup import backup, drill, sets
from borgstack_backup.failure import Failure, of_system
from borgstack_backup.lock import Lease, held, taken
from borgstack_backup.plan import Plan
from borgstack_backup.quiet import thaw
from borgstack_backup.report import FILE as REPORT
from borgstack_backup.restore import NEWEST, restore, start


def main(argv: list[str]) -> int:
    """Do what the arguments say."""
    parser = argparse.ArgumentParser(prog="borgstack_backup", description=__doc__)
    parser.add_argument("plan")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("run", help="make a set and store it at every destination")
    verbs.add_parser("list", help="the sets that there are, by place")
    verbs.add_parser("show", help="what a backup would save")
    restoring = verbs.add_parser("restore", help="bring a part back, or all")
    restoring.add_argument("wanted")
    restoring.add_argument("--set", default=NEWEST)
    restoring.add_argument("--origin", default="")
    restoring.add_argument("--confirm", default="")
    restoring.add_argument("--remove", default="")
    restoring.add_argument("--check", action="store_true")
    restoring.add_argument("--leased", action="store_true", help="whoever asks has the platform for himself")
    drilling = verbs.add_parser("drill", help="prove that the newest verified set comes back, beside production")
    drilling.add_argument("--set", default=NEWEST)
    drilling.add_argument("--origin", default="")
    drilling.add_argument("--check", action="store_true")
    drilling.add_argument("--json", action="store_true")
    verbs.add_parser("reap", help="remove what a drill left that was killed, and let go on whom a backup has frozen")
    options = parser.parse_args(argv)
    os.umask(0o077)
    signal.signal(signal.SIGTERM, _interrupted)
    plan = None
    try:
        plan = Plan.read(options.plan)
        VERBS[options.verb](plan, options)
    except Failure as failure:
        print(plan.hidden(failure.message) if plan else failure.message, file=sys.stderr)
        return failure.category
    except OSError as error:
        failure = of_system(error)
        print(failure.message, file=sys.stderr)
        return failure.category
    return 0


def _interrupted(*_arguments: t.Any) -> None:
    sys.exit(143)


def _say(text: str) -> None:
    print(text, flush=True)


def _silent(_text: str) -> None:
    pass


def _about(plan: Plan, what: str) -> tuple[str, str, str]:
    return plan.platform, what, plan.settings["lock_folder"]


def _patience(plan: Plan) -> int:
    return int(plan.settings["wait_seconds"])


def _run(plan: Plan, _options: argparse.Namespace) -> None:
    with taken(_patience(plan), *(partial(lock, *_about(plan, "a backup")) for lock in (held, Lease))):
        backup.run(plan, _say)


def _restore(plan: Plan, options: argparse.Namespace) -> None:
    wanted = {name: getattr(options, name) for name in ("wanted", "set", "origin", "confirm", "remove", "check")}
    if options.check:
        restore(plan, wanted, _say)
        return
    # A playbook that restores has the platform for itself already.
    locks = (held,) if options.leased else (held, Lease)
    with taken(0, *(partial(lock, *_about(plan, "a restore")) for lock in locks)):
        # Of a backup and of a restore that were killed.
        thaw(plan)
        start(plan)
        restore(plan, wanted, _say)


def _drill(plan: Plan, options: argparse.Namespace) -> None:
    wanted = {name: getattr(options, name) for name in ("set", "origin", "check")}
    if options.check:
        drill.drill(plan, wanted, _say)
        return
    with taken(_patience(plan), partial(held, *_about(plan, "a drill"))):
        failures = drill.drill(plan, wanted, _silent if options.json else _say)
        if options.json:
            _say((plan.state / REPORT).read_text(encoding="utf-8"))
    if failures:
        raise failures[0]


def _reap(plan: Plan, _options: argparse.Namespace) -> None:
    # Nothing is left over while somebody is at work.
    with suppress(Failure), held(*_about(plan, "sweeping up")):
        for name in thaw(plan):
            _say(f"goes on: {name}")
        for name in drill.clear(plan):
            _say(f"removed {name}")


def _list(plan: Plan, _options: argparse.Namespace) -> None:
    for folder in sets.finished(plan.sets):
        _say(f"the host: {folder.name}")
    failures = []
    for destination in plan.destinations:
        repository = backup.repository_of(plan, destination)
        try:
            repository.open(make=False)
            for item in repository.snapshots():
                _say(f"{destination.name}: {item['set']}")
        except Failure as failure:
            failures.append(failure)
    if failures:
        raise failures[0]


def _show(plan: Plan, _options: argparse.Namespace) -> None:
    _say(json.dumps({"datastores": [source.instance for source in plan.sources], "volumes": plan.volumes,
                     "destinations": [destination.name for destination in plan.destinations]}))  # fmt: skip


VERBS = {"run": _run, "list": _list, "show": _show, "restore": _restore, "drill": _drill, "reap": _reap}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
