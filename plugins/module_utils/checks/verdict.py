# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Whether an answer is what a check expects, in words that hold nothing of the answer but harmless values."""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ansible_collections.borgstack.platform.plugins.module_utils.checks.declaration import Check
from ansible_collections.borgstack.platform.plugins.module_utils.checks.exchange import LARGEST_BODY, Answer

# Texts that say a state, such as `ok` or `not_ready`. No secret looks like this: they are longer, or more mixed.
STATE = re.compile(r"[A-Za-z]?[a-z]*(?:[ _-][a-z]+){0,3}|[A-Z]{2,10}")
LONGEST_STATE = 24
MISSING = object()


@dataclass
class Verdict:
    """What is said about an answer.

    Attributes:
        reasons: why it is not good, one word each; empty when it is.
        words: what was expected and what came.
    """

    reasons: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def against(self, reason: str, words: str) -> None:
        """Add an objection."""
        self.reasons.append(reason)
        self.words.append(words)


def judge(check: Check, answer: Answer) -> Verdict:
    """Return what is to be said about an answer."""
    verdict = Verdict()
    if check.target.is_bare:
        return verdict
    _judge_status(check, answer, verdict)
    _judge_location(check.options["location"], answer, verdict)
    _judge_certificate(check.options["certificate_days"], answer, verdict)
    text = answer.body.decode("utf-8", "replace")
    if check.options["contains"] is not None and check.options["contains"] not in text:
        verdict.against("contains", f"the expected text is not in the {_size(answer)}")
    if check.options["json"] is not None:
        _judge_json(check.options["json"], text, answer, verdict)
    return verdict


def _judge_status(check: Check, answer: Answer, verdict: Verdict) -> None:
    if not any(first <= (answer.status or 0) <= last for first, last in check.statuses):
        expected = " or ".join(str(first) if first == last else f"{first}-{last}" for first, last in check.statuses)
        verdict.against("status", f"status {answer.status}, not {expected}")


def _judge_location(expected: str | None, answer: Answer, verdict: Verdict) -> None:
    if expected is not None and not answer.location.startswith(expected):
        parts = urlsplit(answer.location)
        came = f"to {parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts.netloc else "nowhere"
        verdict.against("location", f"redirects {came}, not to {urlsplit(expected)._replace(query='').geturl()}")


def _judge_certificate(least: int | None, answer: Answer, verdict: Verdict) -> None:
    if least is None or answer.certificate_days is None or answer.certificate_days >= least:
        return
    verdict.against("certificate", f"its certificate expires in {answer.certificate_days} days; {least} are expected")


def _judge_json(expected: dict[str, t.Any], text: str, answer: Answer, verdict: Verdict) -> None:
    if not answer.whole:
        verdict.against("json", f"the answer is larger than {LARGEST_BODY} bytes")
        return
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        verdict.against("json", f"the {_size(answer)} is not JSON")
        return
    for path, value in expected.items():
        came = value_at(document, str(path))
        if not same(came, value):
            verdict.against("json", f"{path} is {shown(came)}, not {shown(value)}")


def value_at(document: t.Any, path: str) -> t.Any:
    """Return what lies at a dotted path, or `MISSING`; a number is an item of a list, or a key."""
    for step in path.split("."):
        if isinstance(document, dict) and step in document:
            document = document[step]
        elif isinstance(document, list) and re.fullmatch(r"[0-9]{1,9}", step) and int(step) < len(document):
            document = document[int(step)]
        else:
            return MISSING
    return document


def same(one: t.Any, other: t.Any) -> bool:
    """Tell whether two JSON values are equal; to Python alone, true is 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return set(one) == set(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(*pair) for pair in zip(one, other))
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def shown(value: t.Any) -> str:
    """Return a value for people, or what kind of value it is where it could be a secret."""
    if value is MISSING:
        return "missing"
    if value is None or isinstance(value, (bool, int, float)):
        return json.dumps(value)
    if isinstance(value, str):
        return repr(str(value)) if len(value) <= LONGEST_STATE and STATE.fullmatch(value) else "another text"
    return f"{'a list' if isinstance(value, list) else 'an object'} of {len(value)}"


def _size(answer: Answer) -> str:
    return f"answer of {len(answer.body)} bytes" if answer.whole else f"first {LARGEST_BODY} bytes of the answer"
