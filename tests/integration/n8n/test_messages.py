"""The workflows between WhatsApp and Chatwoot, in n8n itself; both ends are small stand-ins."""

from __future__ import annotations

import threading
import time

import pytest
from integration.n8n.messages import INSTANCE, TOKENS, eventually

pytestmark = pytest.mark.integration


def conversation(messages) -> int:
    """A customer has written; return the conversation."""
    messages.comes_in(messages.evolution.message("IN0", "Olá"))
    eventually(lambda: messages.texts(message_type="incoming"))
    return next(iter(messages.chatwoot.conversations))


def test_one_message_makes_one_contact_one_conversation_and_one_message(messages):
    message = messages.evolution.message("IN1", "Bom dia")
    assert messages.comes_in(message, "wrong") == 403
    assert messages.comes_in(message) == 200
    eventually(lambda: messages.texts(content="Bom dia"))
    # Evolution API tells again what was not answered in time.
    assert messages.comes_in(message) == 200
    messages.comes_in(messages.evolution.message("IN2", "Alguém?"))
    eventually(lambda: messages.texts(content="Alguém?"))
    assert [one["phone_number"] for one in messages.chatwoot.contacts.values()] == ["+5511987654321"]
    assert len(messages.chatwoot.conversations) == 1
    assert [one["source_id"] for one in messages.chatwoot.messages.values()] == [
        one["key"]["id"] for one in messages.evolution.stored
    ]


def test_what_no_person_sent_to_us_is_ignored(messages):
    ours = messages.evolution.message("IN1", "x")
    ours["key"]["fromMe"] = True
    group = messages.evolution.message("IN2", "x")
    group["key"]["remoteJid"] = "12036304@g.us"
    status = messages.evolution.message("IN3", "x")
    status["key"]["remoteJid"] = "status@broadcast"
    for message in (ours, group, status):
        messages.comes_in(message)
    conversation(messages)
    assert messages.texts() == ["Olá"]


def test_two_first_messages_at_once_make_one_contact_and_one_conversation(messages):
    messages.chatwoot.delay = 0.2
    both = [messages.evolution.message(f"IN{number}", f"ao mesmo tempo {number}") for number in range(2)]
    threads = [threading.Thread(target=messages.comes_in, args=(message,)) for message in both]
    for thread in threads:
        thread.start()
    eventually(lambda: len(messages.texts(message_type="incoming")) == 2)
    assert (len(messages.chatwoot.contacts), len(messages.chatwoot.conversations)) == (1, 1)
    assert messages.chatwoot.count("POST", "/accounts/1/contacts") == 1


def test_a_contact_that_another_made_meanwhile_is_found(messages):
    # The search does not find it yet, and the creation is refused, once.
    messages.chatwoot.contacts[99] = {"id": 99, "phone_number": "+5511987654321", "identifier": "x"}
    hidden, searches = messages.chatwoot._search, []

    def late(text):
        searches.append(text)
        return hidden(text) if len(searches) > 1 else []

    messages.chatwoot._search = late
    try:
        messages.comes_in(messages.evolution.message("IN1", "Olá"))
        eventually(lambda: messages.texts(content="Olá"))
    finally:
        del messages.chatwoot._search
    assert list(messages.chatwoot.contacts) == [99] and len(searches) == 2


def test_a_brazilian_number_is_known_with_and_without_its_ninth_digit(messages):
    messages.chatwoot.contacts[99] = {"id": 99, "phone_number": "+551187654321", "identifier": ""}
    messages.comes_in(messages.evolution.message("IN1", "Olá"))
    eventually(lambda: messages.texts(content="Olá"))
    assert list(messages.chatwoot.contacts) == [99]


def test_a_picture_becomes_an_attachment_and_a_lost_one_a_link(messages):
    url = f"{messages.evolution.url}/files/picture.png"
    content = {"imageMessage": {"caption": "Veja", "mimetype": "image/png"}, "mediaUrl": url}
    messages.comes_in(messages.evolution.message("IN1", "", message=content, messageType="imageMessage"))
    eventually(lambda: messages.texts(content="Veja"))
    (written,) = messages.chatwoot.messages.values()
    assert written["attachments[]"] == b"\x89PNG picture"
    messages.evolution.fail("GET", "/files/", 404, times=4)
    messages.comes_in(messages.evolution.message("IN2", "", message=content, messageType="imageMessage"))
    eventually(lambda: messages.texts(content=f"Veja\n{url}"))


def test_a_passing_failure_is_tried_again_after_one_and_two_seconds(messages):
    messages.chatwoot.fail("POST", "/messages", 500, times=2)
    began = time.monotonic()
    messages.comes_in(messages.evolution.message("IN1", "Olá"))
    eventually(lambda: messages.texts(content="Olá"))
    assert time.monotonic() - began >= 3
    assert messages.estate.query("SELECT count(*) FROM integration.error_queue") == "0"


def test_a_lasting_failure_is_queued_without_the_key_and_delivered_by_a_replay(messages):
    messages.chatwoot.fail("POST", "/accounts/1/conversations", 500, times=4)
    messages.comes_in(messages.evolution.message("IN1", "Olá"))
    row = eventually(lambda: messages.estate.query("SELECT id, step, status, error FROM integration.error_queue"))
    assert "|Create the conversation|pending|HTTP 500" in row
    assert "not-to-be-kept" not in messages.estate.query("SELECT payload FROM integration.error_queue")
    # The lock is not left behind for the next message of the same person.
    assert messages.texts() == []
    assert messages.operator("replay", all=True) == {"replayed": 1, "delivered": 1}
    assert messages.texts() == ["Olá"]
    assert messages.estate.query("SELECT status FROM integration.error_queue") == "delivered"
    assert messages.operator("replay", all=True) == {"replayed": 0, "delivered": 0}


def test_a_replay_that_fails_again_leaves_one_row_that_counts(messages):
    messages.chatwoot.fail("GET", "/inboxes", 404, times=2)
    messages.comes_in(messages.evolution.message("IN1", "Olá"))
    id = eventually(lambda: messages.estate.query("SELECT id FROM integration.error_queue"))
    assert messages.operator("replay", id=int(id)) == {"replayed": 1, "delivered": 0}
    assert messages.estate.query("SELECT status, attempts FROM integration.error_queue") == "pending|2"
    assert messages.operator("replay", id=int(id)) == {"replayed": 1, "delivered": 1}


def test_reconciliation_loses_nothing_and_doubles_nothing(messages):
    conversation(messages)
    missed = [messages.evolution.message(f"MISSED{number}", f"perdida {number}") for number in range(3)]
    old = messages.evolution.message("OLD", "antiga")
    old["messageTimestamp"] -= 3600
    summary = messages.operator("reconcile")
    assert summary == {"checked": 4, "delivered": 3, "known": 1, "ignored": 0, "failed": 0}
    assert sorted(messages.texts()) == ["Olá", *(one["message"]["conversation"] for one in missed)]
    # Whatever Redis has forgotten, Chatwoot knows.
    messages.redis("EVAL", "for _, k in ipairs(redis.call('KEYS', 'message:*')) do redis.call('DEL', k) end", "0")
    messages.operator("reconcile")
    assert len(messages.texts()) == 4


def test_a_reply_reaches_whatsapp_once_and_its_status_comes_back(messages):
    place = conversation(messages)
    reply = messages.chatwoot.agent_writes(place, "Pois não?")
    messages.chatwoot.agent_writes(place, "nota", private=True)
    eventually(lambda: messages.evolution.sent)
    with messages.chatwoot.lock:
        messages.chatwoot.tell(reply)
    eventually(
        lambda: messages.estate.query("SELECT whatsapp_id FROM integration.sent_messages WHERE status <> 'received'")
    )
    messages.rest()
    assert messages.evolution.sent == [{"number": "5511987654321", "text": "Pois não?"}]
    whatsapp_id = messages.estate.query("SELECT whatsapp_id FROM integration.sent_messages WHERE status <> 'received'")
    for status in ("READ", "DELIVERY_ACK"):
        body = {"instance": INSTANCE, "data": {"keyId": whatsapp_id, "status": status, "fromMe": True}}
        token = {"X-Webhook-Token": TOKENS["incoming"]}
        assert messages.estate.ask("POST", "/webhook/whatsapp/messages-update", body, token)[0] == 200
        eventually(lambda: messages.chatwoot.messages[reply["id"]]["status"] == "read")


def test_a_reply_with_files_sends_each_part(messages):
    place = conversation(messages)
    files = [
        {"file_type": "image", "data_url": "https://chatwoot.example.com/rails/1/foto.png"},
        {"file_type": "file", "data_url": "https://chatwoot.example.com/rails/2/contrato%20final.pdf"},
    ]
    messages.chatwoot.agent_writes(place, "Segue", attachments=files)
    eventually(lambda: len(messages.evolution.sent) == 2)
    # By a name with a dot: what has none is no address to Evolution API.
    inside = "http://chatwoot.internal:3000"
    assert messages.evolution.sent == [
        {
            "number": "5511987654321",
            "mediatype": "image",
            "media": f"{inside}/rails/1/foto.png",
            "fileName": "foto.png",
            "caption": "Segue",
        },
        {
            "number": "5511987654321",
            "mediatype": "document",
            "media": f"{inside}/rails/2/contrato%20final.pdf",
            "fileName": "contrato final.pdf",
            "caption": "",
        },
    ]


def test_over_the_limit_of_whatsapp_it_waits_as_told_and_sends_once_more(messages):
    place = conversation(messages)
    messages.evolution.fail("POST", "/message/sendText", 429, Retry_After="2")
    messages.chatwoot.agent_writes(place, "um")
    eventually(lambda: messages.evolution.sent)
    assert messages.evolution.count("POST", "/message/sendText") == 2
    assert messages.estate.query("SELECT count(*) FROM integration.failed_messages") == "0"


def test_still_over_the_limit_it_is_kept_the_agent_is_told_once_and_it_is_sent_later(messages):
    place = conversation(messages)
    messages.evolution.fail("POST", "/message/sendText", 429, times=2, Retry_After="1")
    messages.chatwoot.agent_writes(place, "dois")
    eventually(lambda: messages.estate.query("SELECT status FROM integration.failed_messages") == "rate_limited")
    eventually(lambda: messages.texts(private=True) == ["A mensagem foi adiada."])
    assert messages.evolution.sent == []
    messages.estate.query("UPDATE integration.failed_messages SET next_attempt_at = now()")
    messages.operator("replay-limited")
    eventually(lambda: messages.evolution.sent == [{"number": "5511987654321", "text": "dois"}])
    eventually(lambda: messages.estate.query("SELECT status FROM integration.failed_messages") == "delivered")


def test_our_own_limit_holds_back_what_is_too_much_in_an_hour(messages):
    place = conversation(messages)
    for hour in (time.gmtime(), time.gmtime(time.time() + 3600)):
        messages.redis("SET", f"rate:{INSTANCE}:{time.strftime('%Y%m%d%H', hour)}", "79")
    messages.chatwoot.agent_writes(place, "a octogésima")
    eventually(lambda: messages.evolution.sent)
    messages.chatwoot.agent_writes(place, "uma a mais")
    eventually(lambda: messages.estate.query("SELECT status FROM integration.failed_messages") == "rate_limited")
    messages.rest()
    assert len(messages.evolution.sent) == 1


def test_a_reply_that_cannot_be_sent_is_marked_queued_and_replayed(messages):
    place = conversation(messages)
    nobody = {"status": 400, "response": {"message": [{"exists": False, "number": "5511987654321"}]}}
    messages.evolution.fail("POST", "/message/sendText", 400, body=nobody)
    reply = messages.chatwoot.agent_writes(place, "falhou")
    eventually(lambda: messages.estate.query("SELECT workflow, step FROM integration.error_queue"))
    messages.rest()
    assert messages.estate.query("SELECT workflow, step FROM integration.error_queue") == "chatwoot-reply|Send it"
    assert messages.chatwoot.messages[reply["id"]]["status"] == "failed"
    assert messages.operator("replay", all=True) == {"replayed": 1, "delivered": 1}
    assert [one["text"] for one in messages.evolution.sent] == ["falhou"]
