"""The module message_path: whatever is broken, that wire is named."""

from __future__ import annotations

import pytest
from integration.n8n.messages import INSTANCE, TOKENS

pytestmark = pytest.mark.integration


def tried(module, messages, **changes):
    """Try the path as `verify` does."""
    return module(
        "message_path",
        {
            "n8n_url": messages.estate.url,
            "operator_token": TOKENS["operator"],
            "evolution_webhook_token": TOKENS["incoming"],
            "chatwoot_url": messages.chatwoot.url,
            "chatwoot_token": TOKENS["chatwoot"],
            "instances": [INSTANCE],
            **changes,
        },
    )


def test_a_message_goes_the_whole_way_and_nothing_is_sent_to_whatsapp(messages, module):
    told = tried(module, messages)
    assert told["unmet"] == [], told["wires"]
    assert [one["wire"] for one in told["wires"]] == [
        "n8n",
        "n8n to Chatwoot",
        "n8n to Evolution API",
        f"Chatwoot's inbox {INSTANCE}",
        f"Chatwoot's webhook of {INSTANCE} to n8n",
        f"Evolution API's instance {INSTANCE}",
        f"Evolution API's webhook of {INSTANCE} to n8n",
        "n8n to PostgreSQL",
        "n8n to Redis",
        f"a message in through {INSTANCE}",
        f"a reply out through {INSTANCE}",
    ]
    assert told["wires"][-1]["detail"] == "connection of the number: open"
    assert messages.evolution.sent == []
    assert [one["status"] for one in messages.chatwoot.conversations.values()] == ["resolved"]
    assert "Unseen" not in str(told)


def set_key(end):
    """Return how to change what an end demands, and back."""

    def change(messages):
        part = getattr(messages, end)
        before, part.key = part.key, "another"
        return lambda: setattr(part, "key", before)

    return change


def put(end, holder, name, value):
    """Return how to change something that an end tells, and back."""

    def change(messages):
        told = getattr(getattr(messages, end), holder)
        before, told[name] = told[name], value
        return lambda: told.update({name: before})

    return change


def tables(messages):
    messages.estate.query("ALTER TABLE integration.failed_messages RENAME TO lost")
    return lambda: messages.estate.query("ALTER TABLE integration.lost RENAME TO failed_messages")


def redis(messages):
    messages.redis("ACL", "SETUSER", "whatsapp_chatwoot", "resetkeys", "~nothing")
    return messages._user


@pytest.mark.parametrize(
    ("breaks", "wire"),
    [
        (set_key("chatwoot"), "n8n to Chatwoot"),
        (set_key("evolution"), "n8n to Evolution API"),
        (put("chatwoot", "inbox", "name", "other"), f"Chatwoot's inbox {INSTANCE}"),
        (
            put("chatwoot", "inbox", "webhook_url", "http://chatwoot:x@n8n:5678/"),
            f"Chatwoot's webhook of {INSTANCE} to n8n",
        ),
        (put("evolution", "webhook", "enabled", False), f"Evolution API's webhook of {INSTANCE} to n8n"),
        (
            put("evolution", "webhook", "headers", {"X-Webhook-Token": "old"}),
            f"Evolution API's webhook of {INSTANCE} to n8n",
        ),
        (tables, "n8n to PostgreSQL"),
        (redis, "n8n to Redis"),
    ],
    ids=["token of Chatwoot", "key of Evolution", "inbox", "reply hook", "hook", "hook's token", "tables", "Redis"],
)
def test_a_broken_wire_is_named_alone_and_with_a_remedy(messages, module, breaks, wire):
    mend = breaks(messages)
    try:
        told = tried(module, messages)
    finally:
        mend()
    assert told["unmet"] == [wire]
    (broken,) = [one for one in told["wires"] if not one["ok"]]
    assert broken["category"] == 5 and broken["detail"] and broken["remedy"]


@pytest.mark.parametrize(
    ("workflow", "wire"),
    [
        ("platform-probe", "n8n"),
        ("whatsapp-incoming", f"a message in through {INSTANCE}"),
        ("chatwoot-reply", f"a reply out through {INSTANCE}"),
    ],
)
def test_a_workflow_that_somebody_switched_off_is_found(messages, editor, module, workflow, wire):
    id = editor.workflow(workflow)["id"]
    editor.call("PATCH", f"/rest/workflows/{id}", {"active": False})
    try:
        assert tried(module, messages, timeout=20)["unmet"] == [wire]
    finally:
        editor.call("PATCH", f"/rest/workflows/{id}", {"active": True})


def test_what_does_not_answer_is_told(messages, module):
    (only,) = tried(module, messages, n8n_url="http://127.0.0.1:1")["wires"]
    assert (only["wire"], only["ok"]) == ("n8n", False) and "no connection" in only["detail"]
    assert tried(module, messages, operator_token="wrong")["wires"][0]["detail"] == "n8n refuses the operator's token"
