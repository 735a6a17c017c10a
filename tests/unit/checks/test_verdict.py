"""What is said about an answer."""

from __future__ import annotations

import json

import pytest
from unit.checks.test_declaration import OPTIONS

from ansible_collections.borgstack.platform.plugins.module_utils.checks.declaration import parsed
from ansible_collections.borgstack.platform.plugins.module_utils.checks.exchange import Answer
from ansible_collections.borgstack.platform.plugins.module_utils.checks.verdict import MISSING, judge, same, value_at

EXPECTATIONS = {"location": None, "json": None, "contains": None, "certificate_days": None, "open": True}


def verdict(answer: Answer, **options):
    return judge(parsed({**OPTIONS, **EXPECTATIONS, **options}), answer)


def test_a_good_answer_meets_no_objection():
    body = json.dumps({"data": [{"active": True}], "queue": "ok"}).encode()
    answer = Answer(200, "https://a.example/next", body, True, 30)
    assert not verdict(
        answer,
        json={"data.0.active": True, "queue": "ok"},
        contains="queue",
        location="https://a.example/",
        certificate_days=30,
    ).reasons


@pytest.mark.parametrize(
    ("answer", "options", "reason", "words"),
    [
        (Answer(503), {}, "status", "status 503, not 200"),
        (Answer(503), {"status": [204, "400-499"]}, "status", "status 503, not 204 or 400-499"),
        (Answer(200), {"location": "https://a.example/"}, "location", "redirects nowhere, not to https://a.example/"),
        (
            Answer(200, "http://u:pw@b.example/?token=x"),
            {"location": "https://a.example/"},
            "location",
            "redirects to http://b.example, not to https://a.example/",
        ),
        (Answer(200, certificate_days=3), {"certificate_days": 14}, "certificate", "expires in 3 days"),
        (Answer(200, body=b"abc"), {"contains": "secret-text"}, "contains", "expected text is not in the answer of 3"),
        (Answer(200, body=b"\xff\x00"), {"json": {"a": 1}}, "json", "the answer of 2 bytes is not JSON"),
        (Answer(200, body=b"[" * 100000), {"json": {"a": 1}}, "json", "is not JSON"),
        (Answer(200, body=b"{", whole=False), {"json": {"a": 1}}, "json", "larger than"),
        (Answer(200, body=b"{}"), {"json": {"a.b": 1}}, "json", "a.b is missing, not 1"),
        (Answer(200, body=b'{"a": 1}'), {"json": {"a": True}}, "json", "a is 1, not true"),
        (Answer(200, body=b'{"a": "not_ready"}'), {"json": {"a": "ok"}}, "json", "a is 'not_ready', not 'ok'"),
    ],
)
def test_an_objection_says_what_was_expected_and_what_came(answer, options, reason, words):
    said = verdict(answer, **options)
    assert reason in said.reasons and any(words in one for one in said.words)


@pytest.mark.parametrize(
    "secret", ["hunter2", "Str0ng-Passw0rd!x", "a" * 48, "5fceb66ffc86f38d952786c6d696c79c", "https://u:p@h/"]
)
def test_texts_that_could_be_secrets_are_not_shown(secret):
    for body, expected in ((secret, "other-" + secret), ("ok", secret)):
        said = verdict(Answer(200, body=json.dumps({"a": body}).encode()), json={"a": expected})
        assert said.reasons == ["json"] and secret not in said.words[0]


def test_paths_and_comparison():
    document = {"a": [{"b": 1}], "0": "key", "list": [[1]]}
    assert [value_at(document, path) for path in ("a.0.b", "0", "list.0.0")] == [1, "key", 1]
    assert all(value_at(document, path) is MISSING for path in ("a.1", "a.-1", "a.b", "a.0.b.c", "", "list.0.9"))
    assert same({"a": [1.0]}, {"a": [1]}) and not same([True], [1]) and not same({"a": 0}, {"a": False})
    assert not same(MISSING, None)
