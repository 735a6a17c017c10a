# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Many checks at the same time, none of which can hold up the others or the end."""

from __future__ import annotations

import queue
import threading
import time

from ansible_collections.borgstack.platform.plugins.module_utils.checks.declaration import Check
from ansible_collections.borgstack.platform.plugins.module_utils.checks.exchange import Unanswered, ask
from ansible_collections.borgstack.platform.plugins.module_utils.checks.verdict import judge

# What a check gets beyond its timeout to say itself what happened.
GRACE = 0.5

# What proves that nothing answers. A port is closed where a firewall keeps it silent, too; that a server refuses to
# speak without encryption is only proven by its saying so.
CLOSED = {"tcp": ("refused", "timeout", "unreachable"), "h2c": ("refused", "closed", "protocol")}


def run(checks: list[Check], workers: int) -> list[dict]:
    """Return what came of each check, in order.

    A thread that is stuck where no timeout reaches, such as in a name server's silence, is left behind.

    Args:
        checks: the checks.
        workers: how many run at a time.
    """
    results: list[dict] = [{} for _check in checks]
    waiting = list(range(len(checks)))[::-1]
    deadlines: dict[int, float] = {}
    finished: queue.Queue = queue.Queue()
    while waiting or deadlines:
        while waiting and len(deadlines) < workers:
            index = waiting.pop()
            deadlines[index] = time.monotonic() + checks[index].timeout + GRACE
            threading.Thread(target=_work, args=(index, checks[index], finished), daemon=True).start()
        try:
            index, result = finished.get(timeout=max(0.0, min(deadlines.values()) - time.monotonic()))
        except queue.Empty:
            for index in [index for index, deadline in deadlines.items() if deadline <= time.monotonic()]:
                del deadlines[index]
                results[index] = _late(checks[index])
        else:
            # One that was given up may come in late.
            if deadlines.pop(index, None) is not None:
                results[index] = result
    return results


def _work(index: int, check: Check, finished: queue.Queue) -> None:
    started = time.monotonic()
    try:
        result = outcome(check)
    except Exception as error:
        # A thread that died would look like a server that is silent. The message could hold anything.
        result = _result(check, False, "failure", f"the check itself failed: {type(error).__name__}")
    result["seconds"] = round(time.monotonic() - started, 3)
    finished.put((index, result))


def outcome(check: Check) -> dict:
    """Return what comes of a check."""
    closed = check.target.is_bare and not check.options["open"]
    try:
        answer = ask(check)
    except Unanswered as failure:
        if closed and failure.reason in CLOSED[check.target.scheme]:
            return _result(check, True, "", f"{check.target.place} is closed")
        return _result(check, False, failure.reason, failure.what)
    if closed:
        return _result(check, False, "open", f"{check.target.place} accepts connections")
    verdict = judge(check, answer)
    good = f"status {answer.status}" if answer.status else f"{check.target.place} accepts connections"
    words = "; ".join(verdict.words) or good
    return {
        **_result(check, not verdict.words, (verdict.reasons or [""])[0], words),
        "status": answer.status,
        "certificate_days": answer.certificate_days,
    }


def _late(check: Check) -> dict:
    words = f"no whole answer from {check.target.place} within {check.timeout:g} s"
    closed = not check.options["open"] and "timeout" in CLOSED.get(check.target.scheme, ())
    result = _result(check, closed, "" if closed else "timeout", words)
    return {**result, "seconds": round(check.timeout + GRACE, 3)}


def _result(check: Check, ok: bool, reason: str, what: str) -> dict:
    return {"name": check.name, "ok": ok, "reason": reason, "what": what, "status": None, "certificate_days": None}
