# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A message that travels the whole way: what each wire of it said."""

from __future__ import annotations

import time
import typing as t
from urllib.parse import quote

from ansible_collections.borgstack.platform.plugins.module_utils.errors import INTEGRATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.http_json import Endpoint

SITE = "run the site playbook: it brings addresses and tokens of both ends in again"
# By the beginning of a wire's name.
REMEDIES = {
    "n8n": "read the logs of the containers n8n and n8n-worker, then " + SITE,
    "n8n to Chatwoot": "look whether the container chatwoot is healthy, then " + SITE,
    "n8n to Evolution API": "look whether the container evolution-api is healthy, then " + SITE,
    "n8n to PostgreSQL": "look whether the container postgresql is healthy, then " + SITE,
    "n8n to Redis": "look whether the container redis is healthy, then " + SITE,
    "a message in": "read the table integration.error_queue in n8n_db and n8n's executions, then " + SITE,
    "a reply out": "look whether the container chatwoot-worker is healthy, and read n8n's executions; then " + SITE,
}
PAUSE = 0.5


class Door:
    """An HTTP service as one client of it.

    Args:
        service: its name.
        url: its address.
        headers: what each request carries.
        timeout: seconds until a request is given up.

    Raises:
        PlatformError: the URL cannot be meant.
    """

    def __init__(self, service: str, url: str, headers: dict, timeout: float):
        self._endpoint, self._headers = Endpoint(service, url, timeout, timeout), headers

    def call(self, method: str, path: str, body: dict | None = None) -> tuple[int, t.Any]:
        """Send a request; return status and answer, or 0 and what kept it from being answered."""
        try:
            answer = self._endpoint.exchange(method, path, body, self._headers)
        except PlatformError as error:
            return 0, error.what
        return answer.status, answer.document


def row(wire: str, ok: bool, detail: str = "") -> dict:
    """Return what is known of one wire."""
    fitting = max((name for name in REMEDIES if wire.startswith(name)), key=len, default="")
    return {
        "wire": wire,
        "ok": ok,
        "detail": detail,
        "category": INTEGRATION,
        "remedy": "" if ok else REMEDIES.get(fitting, SITE),
    }


class Path:
    """The path between one WhatsApp number and its inbox.

    Args:
        options: the module's options.
        nonce: makes this try another than all before.

    Raises:
        PlatformError: a URL cannot be meant.
    """

    def __init__(self, options: dict, nonce: str):
        self._options, self._nonce = options, nonce
        timeout = options["request_timeout"]
        evolution = {"X-Webhook-Token": options["evolution_webhook_token"]}
        operator = {"X-Webhook-Token": options["operator_token"]}
        self._n8n = Door("n8n", options["n8n_url"], evolution, timeout)
        self._operator = Door("n8n", options["n8n_url"], operator, timeout)
        agent = {"api_access_token": options["chatwoot_token"]}
        self._chatwoot = Door("Chatwoot", options["chatwoot_url"], agent, timeout)
        self._account = f"/api/v1/accounts/{options['account_id']}"

    def rows(self, whole_way: bool) -> t.Iterator[dict]:
        """Yield what is known of each wire; the whole way is gone, if at all, only where no wire is broken."""
        told = list(self._wires())
        yield from told
        if whole_way and all(one["ok"] for one in told):
            for instance in self._options["instances"]:
                yield from self._there_and_back(instance)

    def _wires(self) -> t.Iterator[dict]:
        status, answer = self._operator.call("POST", "/webhook/platform-probe", {})
        meanings = {
            0: answer,
            403: "n8n refuses the operator's token",
            404: "the workflow platform-probe is not active",
        }
        if status != 200 or not isinstance(answer, dict) or "wires" not in answer:
            yield row("n8n", False, str(meanings.get(status) or f"its probe failed (HTTP {status})"))
            return
        yield row("n8n", True)
        for wire, found in answer["wires"].items():
            yield row(wire, found["ok"], found["detail"])

    def _there_and_back(self, instance: str) -> t.Iterator[dict]:
        wire = f"a message in through {instance}"
        problem = self._send_in(instance)
        place = None if problem else self._eventually(lambda: self._arrived(instance))
        if not place:
            yield row(wire, False, problem or f"it is not in Chatwoot after {self._options['timeout']} s")
            return
        yield row(wire, True)
        wire = f"a reply out through {instance}"
        text = f"probe {self._nonce}"
        messages = f"{self._account}/conversations/{place}/messages"
        status, _answer = self._chatwoot.call("POST", messages, {"content": text, "message_type": "outgoing"})
        note = self._eventually(lambda: self._note(messages, text)) if status == 200 else None
        # Nobody should have to close what only a machine wrote.
        self._chatwoot.call("POST", f"{self._account}/conversations/{place}/toggle_status", {"status": "resolved"})
        if note:
            yield row(wire, True, f"connection of the number: {note}")
        else:
            late = f"Evolution API was not reached by it after {self._options['timeout']} s"
            yield row(wire, False, late if status == 200 else f"Chatwoot does not take it (HTTP {status})")

    def _send_in(self, instance: str) -> str:
        message = {
            "key": {"id": self._id(instance), "fromMe": False, "remoteJid": f"{self._phone}@s.whatsapp.net"},
            "message": {"conversation": f"probe {self._nonce}"},
            "messageType": "conversation",
            "messageTimestamp": int(time.time()),
        }
        body = {"event": "messages.upsert", "instance": instance, "data": message}
        status, answer = self._n8n.call("POST", "/webhook/whatsapp/messages-upsert", body)
        meanings = {
            200: "",
            0: answer,
            403: "n8n refuses Evolution API's token",
            404: "the workflow whatsapp-incoming is not active",
        }
        return str(meanings.get(status, f"n8n does not take it (HTTP {status})"))

    @property
    def _phone(self) -> str:
        return self._options["probe_phone"]

    def _id(self, instance: str) -> str:
        return f"PROBE-{instance}-{self._nonce}"

    def _told(self, path: str) -> list:
        status, answer = self._chatwoot.call("GET", path)
        return answer.get("payload", []) if status == 200 and isinstance(answer, dict) else []

    def _arrived(self, instance: str) -> t.Any:
        for contact in self._told(f"{self._account}/contacts/search?q={quote(self._phone[-8:])}"):
            if contact.get("phone_number") != f"+{self._phone}":
                continue
            for place in self._told(f"{self._account}/contacts/{contact['id']}/conversations"):
                told = self._told(f"{self._account}/conversations/{place['id']}/messages")
                if any(one.get("source_id") == self._id(instance) for one in told):
                    return place["id"]
        return None

    def _note(self, messages: str, text: str) -> str:
        for one in self._told(messages):
            content = one.get("content") or ""
            if one.get("private") and content.startswith(f"{text}: "):
                return content[len(text) + 2 :]
        return ""

    def _eventually(self, condition: t.Callable[[], t.Any]) -> t.Any:
        deadline = time.monotonic() + self._options["timeout"]
        while True:
            found = condition()
            if found or time.monotonic() >= deadline:
                return found
            time.sleep(PAUSE)
