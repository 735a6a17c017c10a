"""Messages between WhatsApp and Chatwoot on the deployed platform: n8n, PostgreSQL and Redis are real, both ends are
the stand-ins of Evolution API and Chatwoot."""

from __future__ import annotations

import json
import time
import uuid

import pytest
from conftest import PROJECT, eventually

INSTANCE = "atendimento"
ACCOUNT = "/api/v1/accounts/1"
ASK = """
import json, sys, urllib.error, urllib.request
url, method, headers, body, seconds = sys.argv[1:]
request = urllib.request.Request(url, body.encode() if body else None, json.loads(headers), method=method)
try:
    answer = urllib.request.urlopen(request, timeout=float(seconds))
except urllib.error.HTTPError as error:
    answer = error
text = answer.read().decode()
print(json.dumps([answer.status, json.loads(text) if text[:1] in "{[" else text]))
"""


class Platform:
    """Both ends and n8n, asked from the server itself.

    Args:
        server: the server from inside.
        secrets: the platform's secrets.
    """

    def __init__(self, server, secrets: dict[str, str]):
        self._server, self._secrets = server, secrets
        # A customer of its own for each test.
        self.number = f"55119{uuid.uuid4().int % 10**8:08d}"

    def ask(self, service: str, port: int, method: str, path: str, body=None, headers=None, seconds: int = 120):
        """Send a request to a container; return its answer, which has to come within some seconds."""
        network = f'{{{{(index .NetworkSettings.Networks "{PROJECT}_internal").IPAddress}}}}'
        address = self._server.check_output(f"docker inspect --format '{network}' {PROJECT}-{service}-1").strip()
        shown = {"Content-Type": "application/json", **(headers or {})}
        sent = "" if body is None else json.dumps(body)
        url = f"http://{address}:{port}{path}"
        status, answer = json.loads(
            self._server.check_output(
                "python3 -c %s %s %s %s %s %s", ASK, url, method, json.dumps(shown), sent, str(seconds)
            )
        )
        assert status < 400, (status, answer)
        return answer

    def evolution(self, method: str, path: str, body=None):
        """Ask the stand-in of Evolution API what a phone would do."""
        return self.ask("evolution-api", 8080, method, f"/_standin/{path}", body)

    def chatwoot(self, method: str, path: str, body=None):
        """Ask Chatwoot's API as the automation does."""
        token = self._secrets["chatwoot_api_token"]
        return self.ask("chatwoot", 3000, method, path, body, {"api_access_token": token})

    def operator(self, path: str, seconds: int = 120, **body):
        """Call a webhook for operators."""
        token = self._secrets["integration_operator_token"]
        return self.ask("n8n", 5678, "POST", f"/webhook/{path}", body, {"X-Webhook-Token": token}, seconds)

    def query(self, statement: str) -> str:
        """Ask n8n's database."""
        return self._server.check_output(
            f"docker exec {PROJECT}-postgresql-1 psql -U postgres -d n8n_db -tAc %s", statement
        ).strip()

    def write(self, text: str, **more) -> str:
        """The customer writes; return WhatsApp's id."""
        body = {"instance": INSTANCE, "number": self.number, "name": "Maria", "text": text, **more}
        return self.evolution("POST", "incoming", body)["id"]

    def contacts(self) -> list[dict]:
        """Return the customer's contacts."""
        found = self.chatwoot("GET", f"{ACCOUNT}/contacts/search?q={self.number[-8:]}")["payload"]
        return [one for one in found if one["phone_number"] == f"+{self.number}"]

    def conversations(self) -> list[dict]:
        """Return the customer's conversations."""
        return [
            one
            for contact in self.contacts()
            for one in self.chatwoot("GET", f"{ACCOUNT}/contacts/{contact['id']}/conversations")["payload"]
        ]

    def messages(self) -> list[dict]:
        """Return the customer's messages."""
        return [
            one
            for place in self.conversations()
            for one in self.chatwoot("GET", f"{ACCOUNT}/conversations/{place['id']}/messages")["payload"]
        ]

    def texts(self) -> list[str]:
        """Return the texts that the customer wrote, as Chatwoot has them."""
        return sorted(one["content"] for one in self.messages() if one.get("source_id"))

    def answer(self, text: str) -> dict:
        """An agent answers."""
        place = self.conversations()[0]["id"]
        body = {"content": text, "message_type": "outgoing"}
        return self.chatwoot("POST", f"{ACCOUNT}/conversations/{place}/messages", body)

    def sent(self) -> list[str]:
        """Return what reached the customer's phone."""
        return [one["text"] for one in self.evolution("GET", "sent") if self.number[-8:] in one["number"]]


@pytest.fixture
def platform(server, secrets):
    made = Platform(server, secrets)
    made.evolution("POST", "connect", {"instance": INSTANCE, "state": "open"})
    yield made
    made.evolution("DELETE", "faults")
    made.ask("chatwoot", 3000, "DELETE", "/_standin/faults")


def test_a_message_becomes_one_contact_one_conversation_and_one_message(platform):
    id = platform.write("Bom dia")
    eventually(lambda: platform.texts() == ["Bom dia"])
    assert (len(platform.contacts()), len(platform.conversations())) == (1, 1)
    assert [one["source_id"] for one in platform.messages()] == [id]


def test_two_first_messages_at_once_become_one_contact_and_one_conversation(platform, server):
    # From one process there, so that nothing lies between them.
    body = json.dumps({"instance": INSTANCE, "number": platform.number, "name": "Maria", "text": "agora"})
    both = (
        "import sys, threading, urllib.request as u\n"
        "def one(): u.urlopen(u.Request(sys.argv[1], sys.argv[2].encode(), {'Content-Type': 'application/json'}))\n"
        "all = [threading.Thread(target=one) for _ in range(2)]\n"
        "[one.start() for one in all]; [one.join() for one in all]"
    )
    network = f'{{{{(index .NetworkSettings.Networks "{PROJECT}_internal").IPAddress}}}}'
    address = server.check_output(f"docker inspect --format '{network}' {PROJECT}-evolution-api-1").strip()
    server.check_output("python3 -c %s %s %s", both, f"http://{address}:8080/_standin/incoming", body)
    eventually(lambda: platform.texts() == ["agora", "agora"])
    assert (len(platform.contacts()), len(platform.conversations())) == (1, 1)


def test_three_failures_and_one_more_queue_the_message_and_a_replay_delivers_it(platform):
    fault = {"path": f"^{ACCOUNT}/conversations$", "method": "POST", "status": 500, "times": 4}
    platform.ask("chatwoot", 3000, "POST", "/_standin/faults", fault)
    id = platform.write("não se perde")
    row = f"FROM integration.error_queue WHERE message_key = '{INSTANCE}:{id}'"
    eventually(lambda: platform.query(f"SELECT status {row}") == "pending")
    assert platform.texts() == []
    number = int(platform.query(f"SELECT id {row}"))
    assert platform.operator("replay", id=number) == {"replayed": 1, "delivered": 1}
    assert platform.texts() == ["não se perde"]
    assert platform.query(f"SELECT status {row}") == "delivered"


def test_messages_that_came_while_n8n_was_down_are_found_by_reconciliation(platform, server):
    # Evolution API's own tries are made so rare that they cannot be what delivers them.
    platform.evolution("POST", "retries", {"delay_seconds": 3600})
    server.check_output(f"docker stop {PROJECT}-n8n-1")
    try:
        for number in range(3):
            platform.write(f"perdida {number}")
    finally:
        server.check_output(f"docker start {PROJECT}-n8n-1")
        platform.evolution("POST", "retries", {})
    # An n8n that is asked while it starts may take the question and never answer it.
    eventually(lambda: platform.operator("platform-probe", seconds=20)["wires"], seconds=240)
    eventually(lambda: platform.operator("reconcile")["failed"] == 0)
    assert platform.texts() == [f"perdida {number}" for number in range(3)]
    platform.operator("reconcile")
    assert len(platform.texts()) == 3


def test_a_reply_reaches_whatsapp_once_and_is_read(platform):
    platform.write("Olá")
    eventually(platform.texts)
    reply = platform.answer("Pois não?")
    eventually(lambda: platform.sent() == ["Pois não?"])
    whatsapp_id = eventually(
        lambda: platform.query(f"SELECT whatsapp_id FROM integration.sent_messages WHERE message_id = {reply['id']}")
    )
    platform.evolution("POST", "status", {"instance": INSTANCE, "id": whatsapp_id, "status": "READ"})
    eventually(lambda: [one["status"] for one in platform.messages() if one["id"] == reply["id"]] == ["read"])
    time.sleep(3)
    assert platform.sent() == ["Pois não?"]


def test_over_the_limit_the_reply_is_kept_the_agent_told_and_it_is_sent_later(platform):
    platform.write("Olá")
    eventually(platform.texts)
    fault = {"path": "/message/sendText", "status": 429, "times": 2, "headers": {"Retry-After": "1"}}
    platform.evolution("POST", "faults", fault)
    reply = platform.answer("mais tarde")
    row = f"integration.failed_messages WHERE message_key = '{reply['id']}.0'"
    eventually(lambda: platform.query(f"SELECT status FROM {row}") == "rate_limited")
    eventually(lambda: any(one["private"] and "adiada" in one["content"] for one in platform.messages()))
    assert platform.sent() == []
    platform.query(f"UPDATE {row.replace(' WHERE', ' SET next_attempt_at = now() WHERE')}")
    platform.operator("replay-limited")
    eventually(lambda: platform.sent() == ["mais tarde"])
    eventually(lambda: platform.query(f"SELECT status FROM {row}") == "delivered")


def test_n8n_finds_all_of_its_wires_sound(platform):
    wires = platform.operator("platform-probe")["wires"]
    assert [name for name, one in wires.items() if not one["ok"]] == [], wires
    assert f"Chatwoot's webhook of {INSTANCE} to n8n" in wires
    assert f"Evolution API's webhook of {INSTANCE} to n8n" in wires
