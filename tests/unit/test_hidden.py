"""A failure that is hidden says its category and place, and nothing that may hold a secret."""

from __future__ import annotations

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils.hidden import error_in, hidden_failure

MARK = "Marker-7-seen-nowhere"
HIDDEN = {"_ansible_no_log": True, "failed": True, "msg": f"Status code was 500: {MARK}", "content": MARK}


def told(result: dict) -> str:
    return hidden_failure(result, "Make the owner", "n8n", "read its log")


@pytest.mark.parametrize(
    ("result", "category", "reason"),
    [
        ({"status": 500}, "[5] integration error", "it was answered with HTTP status 500"),
        ({"status": -1}, "[3] network error", "there was no answer"),
        ({"rc": 3, "stderr": MARK}, "[5] integration error", "the command ended with 3"),
        ({}, "[5] integration error", "its output is hidden, because it may hold secrets"),
    ],
)
def test_what_is_hidden_tells_how_it_was_answered(result, category, reason):
    failed = {**HIDDEN, **result}
    message = f'{category} at n8n: "Make the owner" failed: {reason}. What to do: read its log.'
    assert told(failed) == message
    loop = {"msg": "One or more items failed", "results": [{"failed": False}, failed], "_ansible_no_log": True}
    assert told(loop) == message


def test_what_is_not_hidden_is_told_whole():
    assert "failed: no such file" in told({"failed": True, "msg": "no such file"})


def test_what_explains_itself_is_told_as_it_is():
    message = "[10] data error at x: y. What to do: z."
    assert told({**HIDDEN, "msg": message}) == message


def test_a_message_is_read_back_whatever_stands_before_it():
    failure = PlatformError(10, "it is lost: all of it", "restore it; or not", "/a/vault.yml")
    expected = {key: failure.as_result()["error"][key] for key in ("category", "where", "what", "remedy")}
    assert error_in(failure.message) == expected
    assert error_in(f"Task failed: The lookup failed:\n{failure.message}") == expected
    assert error_in(PlatformError(1, "a", "b").message) == {"category": 1, "where": "", "what": "a", "remedy": "b"}
    assert error_in("something else") == {}
