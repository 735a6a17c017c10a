"""Whatever a person says or sends reaches the other side; what is not understood is queued, and nothing is both."""

from __future__ import annotations

import pytest
from integration.n8n.messages import INSTANCE, TOKENS, eventually

pytestmark = pytest.mark.integration

VCARD = "BEGIN:VCARD\nFN:Bia\nitem1.TEL;waid=5511999990001:+55 11 99999-0001\nEND:VCARD"
PLACE = {"degreesLatitude": -23.5, "degreesLongitude": -46.6}
MAP = "https://www.google.com/maps?q=-23.5,-46.6"
OPTIONS = [{"optionName": "sim"}, {"optionName": "não"}]
SAID = {
    "conversation": ("de *negrito* e _itálico_ a 2*3*4", "de **negrito** e *itálico* a 2*3*4"),
    "ephemeralMessage": ({"message": {"extendedTextMessage": {"text": "some depois"}}}, "some depois"),
    "viewOnceMessageV2": ({"message": {"imageMessage": {"caption": "uma vez"}}}, "uma vez"),
    "locationMessage": ({**PLACE, "name": "Loja"}, f"Loja\n{MAP}"),
    "liveLocationMessage": ({**PLACE, "caption": "a caminho"}, f"a caminho\n{MAP}"),
    "contactMessage": ({"displayName": "Bia", "vcard": VCARD}, "Bia\n+55 11 99999-0001"),
    "contactsArrayMessage": ({"contacts": [{"displayName": "Bia", "vcard": VCARD}]}, "Bia\n+55 11 99999-0001"),
    "buttonsResponseMessage": ({"selectedButtonId": "1", "selectedDisplayText": "Quero"}, "Quero"),
    "templateButtonReplyMessage": ({"selectedId": "1", "selectedDisplayText": "Confirmo"}, "Confirmo"),
    "listResponseMessage": ({"title": "Plano A", "description": "mensal"}, "Plano A\nmensal"),
    "pollCreationMessageV3": ({"name": "Vem?", "options": OPTIONS}, "Vem?\n- sim\n- não"),
    "pollUpdateMessage": ({"vote": {"selectedOptions": ["sim"]}}, "- sim"),
    "reactionMessage": ({"text": "👍"}, "👍"),
    "newsFromWhatsAppMessage": ({"anything": 1}, "[newsFromWhatsApp]"),
}
NOTHING = {
    "a reaction taken back": {"reactionMessage": {"text": ""}},
    "an album's head": {"albumMessage": {"expectedImageCount": 2}},
    "a key": {"senderKeyDistributionMessage": {"groupId": "x"}},
}


def conversation(messages, **contact) -> int:
    """There is a contact with an open conversation; return that."""
    known = {"id": 51, "phone_number": "+5511987654321", "identifier": "5511987654321@s.whatsapp.net", **contact}
    messages.chatwoot.contacts[51] = known
    messages.chatwoot.conversations[52] = {"id": 52, "contact_id": 51, "inbox_id": 7, "status": "open"}
    return 52


def errors(messages) -> str:
    return messages.estate.query("SELECT workflow, step, error FROM integration.error_queue")


def test_each_kind_of_message_says_what_was_said(messages):
    for number, (kind, (content, _text)) in enumerate(SAID.items()):
        one = messages.evolution.message(f"K{number}", "", message={kind: content}, messageType=kind)
        messages.comes_in(one)
    for content in NOTHING.values():
        messages.comes_in(messages.evolution.message("N", "", message=content, messageType=next(iter(content))))
    eventually(lambda: len(messages.texts(message_type="incoming")) >= len(SAID), 180)
    assert sorted(messages.texts()) == sorted(text for _content, text in SAID.values())
    assert errors(messages) == ""


def test_a_wrapped_picture_is_fetched_from_evolution_api(messages):
    picture = {"caption": "some depois", "mimetype": "image/png", "mediaKey": "x"}
    content = {"ephemeralMessage": {"message": {"imageMessage": picture}}}
    messages.comes_in(messages.evolution.message("E1", "", message=content, messageType="ephemeralMessage"))
    eventually(lambda: messages.texts(content="some depois"))
    (written,) = messages.chatwoot.messages.values()
    assert written["attachments[]"] == b"\x89PNG kept"


def test_a_round_video_is_a_file(messages):
    content = {"ptvMessage": {"mimetype": "video/mp4"}, "mediaUrl": f"{messages.evolution.url}/files/v.mp4"}
    messages.comes_in(messages.evolution.message("P1", "", message=content, messageType="ptvMessage"))
    (written,) = eventually(lambda: list(messages.chatwoot.messages.values()))
    assert written["attachments[]"].startswith(b"\x89PNG")


def test_a_customer_of_whom_only_the_lid_is_known_is_answered_by_it(messages):
    lid = "137180000000001@lid"
    message = messages.evolution.message("L1", "Quero comprar")
    message["key"] |= {"remoteJid": lid, "senderPn": ""}
    messages.comes_in(message)
    eventually(lambda: messages.texts(content="Quero comprar"))
    (contact,) = messages.chatwoot.contacts.values()
    assert contact["identifier"] == lid and "phone_number" not in contact
    messages.chatwoot.agent_writes(next(iter(messages.chatwoot.conversations)), "Pois não?")
    eventually(lambda: messages.evolution.sent == [{"number": lid, "text": "Pois não?"}])


def test_a_number_beside_an_empty_field_is_found(messages):
    message = messages.evolution.message("L2", "Olá")
    message["key"] |= {
        "remoteJid": "137180000000001@lid",
        "senderPn": "",
        "remoteJidAlt": "5511987654321@s.whatsapp.net",
    }
    messages.comes_in(message)
    eventually(lambda: messages.texts(content="Olá"))
    assert [one["phone_number"] for one in messages.chatwoot.contacts.values()] == ["+5511987654321"]


def test_a_sender_of_an_unknown_kind_is_queued_and_not_called_done(messages):
    message = messages.evolution.message("U1", "Olá")
    message["key"]["remoteJid"] = "someone@newkind"
    messages.comes_in(message)
    assert "neither a number nor a LID" in eventually(lambda: errors(messages))
    assert messages.operator("replay", all=True) == {"replayed": 1, "delivered": 0}
    assert messages.estate.query("SELECT status FROM integration.error_queue") == "pending"


def test_an_edit_and_a_deletion_are_told_beside_the_message(messages):
    message = messages.evolution.message("C1", "São 10")
    messages.comes_in(message)
    eventually(lambda: messages.texts(content="São 10"))
    (original,) = messages.chatwoot.messages
    key = {**message["key"], "fromMe": True}
    edit = {"key": key, "type": "MESSAGE_EDIT", "editedMessage": {"conversation": "São 12"}, "timestampMs": "1"}
    assert messages.event("messages-edited", edit) == 200
    eventually(lambda: messages.texts(content="Editada:\nSão 12", message_type="incoming"))
    messages.event("messages-edited", {"key": key, "type": "REVOKE"})
    messages.event("messages-delete", message["key"])
    eventually(lambda: messages.texts(content="Apagada.", private=True))
    messages.rest()
    assert len(messages.chatwoot.messages) == 3
    told = [one for one in messages.chatwoot.messages.values() if one["id"] != original]
    assert all(one["content_attributes"] == {"in_reply_to": original} for one in told)
    assert errors(messages) == ""


def test_chatwoots_own_words_reach_the_customer_formatted(messages):
    place = conversation(messages)
    text = "Olá **Ana**, *hoje* não; ~~amanhã~~ [aqui](https://a.example)"
    with messages.chatwoot.lock:
        messages.chatwoot.write(place, {"content": text, "message_type": "template"})
    eventually(lambda: messages.evolution.sent)
    said = "Olá *Ana*, _hoje_ não; ~amanhã~ aqui (https://a.example)"
    assert messages.evolution.sent == [{"number": "5511987654321", "text": said}]


def test_an_agents_recording_is_a_voice_note_after_its_text(messages):
    place = conversation(messages)
    recording = [{"file_type": "audio", "data_url": "https://chatwoot.example.com/rails/1/voz.mp3"}]
    messages.chatwoot.agent_writes(place, "Ouça", attachments=recording)
    eventually(lambda: len(messages.evolution.sent) == 2)
    voice = {"number": "5511987654321", "audio": "http://chatwoot.internal:3000/rails/1/voz.mp3"}
    assert voice in messages.evolution.sent
    assert {"number": "5511987654321", "text": "Ouça"} in messages.evolution.sent


def test_a_reply_to_nobody_is_marked_and_queued(messages):
    place = conversation(messages, phone_number="", identifier="")
    reply = messages.chatwoot.agent_writes(place, "Para quem?")
    assert "neither a number nor an identifier" in eventually(lambda: errors(messages))
    messages.rest()
    assert messages.chatwoot.messages[reply["id"]]["status"] == "failed"


def test_while_the_phone_is_disconnected_a_reply_waits(messages):
    place = conversation(messages)
    messages.evolution.state = "close"
    messages.chatwoot.agent_writes(place, "Volto já")
    waits = "SELECT status FROM integration.failed_messages"
    eventually(lambda: messages.estate.query(waits) == "rate_limited")
    eventually(lambda: messages.texts(private=True) == ["O WhatsApp está desconectado."])
    assert errors(messages) == ""
    messages.evolution.state = "open"
    messages.estate.query("UPDATE integration.failed_messages SET next_attempt_at = now()")
    messages.operator("replay-limited")
    eventually(lambda: messages.evolution.sent == [{"number": "5511987654321", "text": "Volto já"}])


def test_a_status_that_comes_before_its_message_is_known_is_kept(messages):
    place = conversation(messages)
    number = next(messages.evolution.ids) + 1
    messages.event("messages-update", {"keyId": f"OUT{number}", "status": "DELIVERY_ACK", "fromMe": True})
    eventually(lambda: messages.estate.query("SELECT message_id FROM integration.sent_messages") == "0")
    reply = messages.chatwoot.agent_writes(place, "Rápido")
    eventually(lambda: messages.chatwoot.messages[reply["id"]]["status"] == "delivered")


def test_an_instance_that_is_named_by_a_number_gets_its_replies(messages):
    place = conversation(messages)
    messages.configure(instances_json="[5511900000000]")
    messages.chatwoot.inbox["name"] = messages.evolution.instance = "5511900000000"
    try:
        messages.chatwoot.agent_writes(place, "Pois não?")
        eventually(lambda: messages.evolution.sent)
    finally:
        messages.chatwoot.inbox["name"] = messages.evolution.instance = INSTANCE
        messages.configure()


def test_no_token_stays_behind_in_the_executions(messages):
    messages.comes_in(messages.evolution.message("T1", "Olá"))
    eventually(lambda: messages.texts(content="Olá"))
    messages.chatwoot.agent_writes(next(iter(messages.chatwoot.conversations)), "Pois não?")
    eventually(lambda: messages.evolution.sent)
    messages.operator("platform-probe")
    held = " OR ".join(f"data LIKE '%{token}%'" for token in TOKENS.values())
    kept = f"""SELECT count(*) FROM execution_data d JOIN execution_entity e ON e.id = d."executionId"
               WHERE e.status = 'success' AND ({held})"""
    eventually(lambda: messages.estate.query(kept) == "0", 30)
