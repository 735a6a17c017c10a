"""Small stand-ins of Chatwoot and Evolution API for the workflows' tests: their state and faults are Python objects."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import re
import threading
import time
import typing as t
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from urllib.parse import parse_qs, unquote, urlsplit

# Where containers reach this machine.
GATEWAY = "172.17.0.1"
PICTURE = base64.b64encode(b"\x89PNG kept").decode()


class Fault(t.NamedTuple):
    """What a request is answered with instead."""

    status: int
    headers: t.Mapping = MappingProxyType({})
    body: t.Mapping = MappingProxyType({"error": "as the test wants"})


class Counterpart:
    """An HTTP server that knows one key; `faults` holds, by method and part of the path, what to answer next."""

    key_header = ""

    def __init__(self, key: str):
        self.key, self.requests, self.lock = key, [], threading.Lock()
        self.faults: list[tuple[str, str, Fault]] = []
        self.delay = 0.0
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                length = int(self.headers.get("Content-Length") or 0)
                raw = self.rfile.read(length)
                status, body, headers = owner.answer(self.command, self.path, self.headers, raw)
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json" if not isinstance(body, bytes) else "image/png")
                self.send_header("Content-Length", str(len(data)))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = handle_any

            def log_message(self, *_arguments):
                pass

        self._server = ThreadingHTTPServer((GATEWAY, 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{GATEWAY}:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop it."""
        self._server.shutdown()
        self._server.server_close()

    def fail(self, method: str, part: str, status: int, times: int = 1, body: dict | None = None, **headers) -> None:
        """Answer the next requests whose path holds `part` with a status."""
        shown = {name.replace("_", "-"): value for name, value in headers.items()}
        fault = Fault(status, shown, body) if body else Fault(status, shown)
        self.faults += [(method, part, fault)] * times

    def answer(self, method: str, path: str, headers: t.Any, raw: bytes) -> tuple[int, t.Any, dict]:
        """Return status, body and headers."""
        time.sleep(self.delay)
        parts = urlsplit(path)
        kind = headers.get("Content-Type") or ""
        body = _multipart(raw, kind) if kind.startswith("multipart/") else json.loads(raw or b"{}")
        with self.lock:
            self.requests.append((method, parts.path, body))
            for fault in self.faults:
                if fault[0] == method and fault[1] in parts.path:
                    self.faults.remove(fault)
                    return fault[2].status, dict(fault[2].body), fault[2].headers
            if parts.path.startswith("/files/"):
                return 200, b"\x89PNG picture", {}
            if headers.get(self.key_header) != self.key:
                return 401, {"error": "Unauthorized"}, {}
            status, answer = self.serve(method, unquote(parts.path), parse_qs(parts.query), body)
        return status, answer, {}

    def serve(self, method: str, path: str, query: dict, body: dict) -> tuple[int, t.Any]:
        """Return status and body of a request with the right key."""
        raise NotImplementedError

    def count(self, method: str, part: str) -> int:
        """Return how many requests there were."""
        return sum(1 for asked in self.requests if asked[0] == method and part in asked[1])


def _multipart(raw: bytes, kind: str) -> dict:
    boundary = b"--" + kind.split("boundary=")[1].encode()
    found: dict[str, t.Any] = {}
    for part in raw.split(boundary)[1:-1]:
        head, _, value = part.partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]*)"', head).group(1).decode()
        found[name] = value[:-2] if b"filename=" in head else value[:-2].decode()
    return found


def _shown(message: dict) -> dict:
    return {key: value for key, value in message.items() if not isinstance(value, bytes)}


class Chatwoot(Counterpart):
    """Contacts, conversations and messages of one account, and the webhook of one inbox."""

    key_header = "api_access_token"

    def __init__(self, key: str, inbox: str):
        self.ids = itertools.count(1)
        self.inbox = {"id": 7, "name": inbox, "channel_type": "Channel::Api", "webhook_url": ""}
        self.contacts: dict[int, dict] = {}
        self.conversations: dict[int, dict] = {}
        self.messages: dict[int, dict] = {}
        self._tellers: list[threading.Thread] = []
        super().__init__(key)

    def serve(self, method, path, query, body):
        place = path.removeprefix("/api/v1/accounts/1")
        numbers = [int(one) for one in re.findall(r"/(\d+)", place)]
        shape = f"{method} {re.sub(r'/[0-9]+', '/N', place)}"
        handlers = {
            "GET /inboxes": lambda: {"payload": [self.inbox]},
            "GET /contacts/search": lambda: {"payload": self._search(query["q"][0])},
            "POST /contacts": lambda: self._contact(body),
            "GET /contacts/N/conversations": lambda: {
                "payload": [one for one in self.conversations.values() if one["contact_id"] == numbers[0]]
            },
            "POST /conversations": lambda: self._conversation(body),
            "GET /conversations/N/messages": lambda: {"payload": self.of(numbers[0])},
            "POST /conversations/N/messages": lambda: self.write(numbers[0], body),
            "PUT /conversations/N/messages/N": lambda: self.messages[numbers[1]].update(body) or {},
            "POST /conversations/N/toggle_status": lambda: self.conversations[numbers[0]].update(body) or {},
        }
        found = handlers.get(shape)
        if place.startswith("/conversations/") and numbers[0] not in self.conversations:
            return 404, {"error": "Resource could not be found"}
        answer = found() if found else None
        return (
            (404, {"error": shape})
            if found is None
            else (422, {"message": "taken"})
            if answer is None
            else (200, answer)
        )

    def of(self, conversation: int) -> list[dict]:
        """Return a conversation's messages."""
        return [_shown(one) for one in self.messages.values() if one["conversation_id"] == conversation]

    def _search(self, text: str) -> list[dict]:
        found = self.contacts.values()
        return [one for one in found if text in one.get("phone_number", "") or text in one.get("identifier", "")]

    def _contact(self, body: dict) -> dict | None:
        unique = [name for name in ("phone_number", "identifier") if body.get(name)]
        if any(one.get(name) == body[name] for one in self.contacts.values() for name in unique):
            return None
        one = {"id": next(self.ids), **body}
        self.contacts[one["id"]] = one
        return {"payload": {"contact": one, "contact_inbox": {}}}

    def _conversation(self, body: dict) -> dict:
        one = {"id": next(self.ids), "status": "open", **body}
        self.conversations[one["id"]] = one
        return one

    def write(self, conversation: int, body: dict) -> dict:
        """Write a message, and tell the inbox' webhook."""
        private = str(body.get("private", False)).lower() == "true"
        one = {"id": next(self.ids), "conversation_id": conversation, "status": "sent", **body, "private": private}
        self.messages[one["id"]] = one
        if self.inbox["webhook_url"]:
            self.tell(one)
        return _shown(one)

    def tell(self, message: dict) -> None:
        """Tell the inbox' webhook of a message as it is now, once more if it was told before."""
        conversation = self.conversations[message["conversation_id"]]
        told = {
            "event": "message_created",
            **_shown(message),
            "inbox": {"id": 7, "name": self.inbox["name"]},
            "account": {"id": 1},
            "conversation": {"id": conversation["id"], "meta": {"sender": self.contacts[conversation["contact_id"]]}},
        }
        self._tellers = [one for one in self._tellers if one.is_alive()]
        self._tellers.append(threading.Thread(target=self._send, args=(json.dumps(told),), daemon=True))
        self._tellers[-1].start()

    def has_told(self) -> bool:
        """Tell whether the webhook has answered all that it was told."""
        return not any(one.is_alive() for one in self._tellers)

    def _send(self, told: str) -> None:
        # As Chatwoot's HTTP client does with user and password of an address.
        parts = urlsplit(self.inbox["webhook_url"])
        login = base64.b64encode(f"{parts.username}:{parts.password}".encode()).decode()
        request = urllib.request.Request(
            f"http://{parts.hostname}:{parts.port}{parts.path}",
            data=told.encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Basic {login}"},
        )
        # As Chatwoot does, which tells nobody that a webhook was refused, or took longer than it waits.
        with contextlib.suppress(OSError):
            urllib.request.urlopen(request, timeout=5).read()

    def agent_writes(self, conversation: int, text: str, **more: t.Any) -> dict:
        """An agent answers."""
        with self.lock:
            return self.write(conversation, {"content": text, "message_type": "outgoing", **more})


class Evolution(Counterpart):
    """One instance: the messages that it has, those that it sent, and its webhook."""

    key_header = "apikey"

    def __init__(self, key: str, instance: str):
        self.instance, self.ids = instance, itertools.count(1)
        self.stored: list[dict] = []
        self.sent: list[dict] = []
        self.webhook: dict = {}
        self.state = "open"
        # n8n may still be at work on a message of the test before: each test has ids of its own.
        self.round = 0
        super().__init__(key)

    def serve(self, method, path, query, body):
        shape = f"{method} {path.rsplit('/', 1)[0]}" if path.endswith(f"/{self.instance}") else f"{method} {path}"
        if shape in ("POST /message/sendText", "POST /message/sendMedia", "POST /message/sendWhatsAppAudio"):
            if self.state != "open":
                return 400, {"status": 400, "response": {"message": ["Error: Connection Closed"]}}
            place = urlsplit(body.get("media") or body.get("audio") or "http://a.b").hostname
            if "." not in place:
                return 400, {"status": 400, "response": {"message": ["Owned media must be a url or base64"]}}
            self.sent.append(body)
            return 201, {"key": {"id": f"OUT{next(self.ids)}", "fromMe": True}}
        if shape == "POST /chat/findMessages":
            newest = sorted(self.stored, key=lambda one: -one["messageTimestamp"])
            first = (body.get("page", 1) - 1) * body["offset"]
            return 200, {"messages": {"records": newest[first : first + body["offset"]]}}
        answers = {
            "POST /verify-creds": {"status": 200, "message": "Credentials are valid"},
            "POST /chat/getBase64FromMediaMessage": {"mimetype": "image/png", "base64": PICTURE},
            "GET /webhook/find": self.webhook,
            "GET /instance/connectionState": {"instance": {"instanceName": self.instance, "state": self.state}},
        }
        return (200, answers[shape]) if shape in answers else (404, {"error": shape})

    def message(self, id: str, text: str, phone: str = "5511987654321", **more: t.Any) -> dict:
        """Return a message as it comes in, and keep it."""
        one = {
            "key": {"id": f"{id}-{self.round}", "remoteJid": f"{phone}@s.whatsapp.net", "fromMe": False},
            "pushName": "Maria",
            "message": {"conversation": text},
            "messageType": "conversation",
            "messageTimestamp": int(time.time()),
            **more,
        }
        self.stored.append(one)
        return one
