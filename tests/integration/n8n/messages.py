"""The workflows between WhatsApp and Chatwoot as they are deployed, with small stand-ins at both ends."""

from __future__ import annotations

import hashlib
import json
import time

from integration.conftest import ROOT, rows_of
from integration.n8n.counterparts import Chatwoot, Evolution
from integration.n8n.servers import ADMIN, redis_rights

from ansible_collections.borgstack.platform.plugins.plugin_utils.workflows import n8n_workflows

ROLE = ROOT / "roles/whatsapp_chatwoot"
TOKENS = {name: f"Unseen-{name}-token" for name in ("chatwoot", "evolution", "incoming", "replies", "operator")}
INSTANCE = "atendimento"
EVOLUTION_WEBHOOK = "http://n8n:5678/webhook/whatsapp"
CHATWOOT_WEBHOOK = "http://chatwoot:{}@{}:5678/webhook/chatwoot-message-created"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Messages:
    """Both ends and what is between them."""

    def __init__(self, estate, module):
        self.estate, self.module = estate, module
        self.chatwoot = Chatwoot(TOKENS["chatwoot"], INSTANCE)
        self.evolution = Evolution(TOKENS["evolution"], INSTANCE)
        self.chatwoot.inbox["webhook_url"] = CHATWOOT_WEBHOOK.format(TOKENS["replies"], estate.main.address)
        self.evolution.webhook = {
            "enabled": True,
            "url": EVOLUTION_WEBHOOK,
            "webhookByEvents": True,
            "events": ["MESSAGES_UPSERT", "MESSAGES_UPDATE", "MESSAGES_EDITED", "MESSAGES_DELETE"],
            "headers": {"X-Webhook-Token": TOKENS["incoming"]},
        }
        self._tables()
        self._user()
        self.configure()

    def close(self) -> None:
        """Stop both ends."""
        self.chatwoot.close()
        self.evolution.close()

    def _tables(self) -> None:
        if self.estate.query("SELECT 1 FROM pg_namespace WHERE nspname = 'integration'"):
            return
        migration = (ROOT / "roles/n8n/files/migrations/001-error-queue-and-failed-messages.sql").read_text()
        self.estate.query(f"CREATE ROLE integration_user LOGIN PASSWORD '{ADMIN}'")
        self.estate.query("CREATE SCHEMA integration AUTHORIZATION integration_user")
        self.estate.query(f"SET ROLE integration_user; {migration}")

    def _user(self) -> None:
        rules = redis_rights("whatsapp_chatwoot", "whatsapp_chatwoot")
        self.redis("ACL", "SETUSER", "whatsapp_chatwoot", "on", f">{ADMIN}", *rules)

    def redis(self, *command: str) -> str:
        """Run a command as the administrator."""
        return self.estate.ask_redis(*command)

    def configure(self, **changes) -> dict:
        """Bring credentials and workflows in, as the role n8n does."""
        settings = {
            "chatwoot_url": self.chatwoot.url,
            "evolution_url": self.evolution.url,
            "files_url": "http://chatwoot.internal:3000",
            "chatwoot_account_id": 1,
            "chatwoot_webhook_hash": digest(self.chatwoot.inbox["webhook_url"]),
            "evolution_webhook_hash": digest(f"{EVOLUTION_WEBHOOK} {TOKENS['incoming']}"),
            "instances_json": json.dumps([INSTANCE]),
            "request_timeout_ms": 30000,
            "lock_seconds": 5,
            "claim_seconds": 600,
            "remember_seconds": 172800,
            "hourly_limit": 80,
            "reconcile_minutes": 15,
            "reconcile_window_minutes": 30,
            "note_delayed": "A mensagem foi adiada.",
            "note_disconnected": "O WhatsApp está desconectado.",
            "note_edited": "Editada:",
            "note_deleted": "Apagada.",
            "probe_phone": "550000000000",
            **changes,
        }
        redis = {"host": self.estate.redis.address, "port": 6379, "user": "whatsapp_chatwoot", "password": ADMIN}
        database = {"host": self.estate.postgresql.address, "port": 5432, "database": "n8n_db", "ssl": "disable"}
        data = {
            ("chatwoot", "httpHeaderAuth"): {"name": "api_access_token", "value": TOKENS["chatwoot"]},
            ("evolution", "httpHeaderAuth"): {"name": "apikey", "value": TOKENS["evolution"]},
            ("evolution webhook", "httpHeaderAuth"): {"name": "X-Webhook-Token", "value": TOKENS["incoming"]},
            ("operator", "httpHeaderAuth"): {"name": "X-Webhook-Token", "value": TOKENS["operator"]},
            ("chatwoot webhook", "httpBasicAuth"): {"user": "chatwoot", "password": TOKENS["replies"]},
            ("redis", "redis"): {**redis, "database": 0, "ssl": False},
            ("postgresql", "postgres"): {**database, "user": "integration_user", "password": ADMIN},
        }
        declared = {
            "credentials": [
                {"name": f"whatsapp-chatwoot {name}", "type": kind, "data": one} for (name, kind), one in data.items()
            ],
            "workflows": n8n_workflows(str(ROLE / "files/workflows"), settings)
            + n8n_workflows(str(ROLE / "files/alert-by-nobody")),
            "rewrite_credentials": True,
        }
        done = self.module("n8n_workflows", {**self.estate.login, **declared})
        assert not done.get("failed"), done["msg"]
        return done

    def comes_in(self, message: dict, token: str = TOKENS["incoming"]) -> int:
        """Evolution API tells n8n of a message; return n8n's status."""
        return self.event("messages-upsert", message, token)

    def event(self, name: str, data: dict, token: str = TOKENS["incoming"]) -> int:
        """Evolution API tells n8n of something; return n8n's status."""
        body = {"event": name.replace("-", "."), "instance": INSTANCE, "data": data, "apikey": "not-to-be-kept"}
        return self.estate.ask("POST", f"/webhook/whatsapp/{name}", body, {"X-Webhook-Token": token})[0]

    def operator(self, path: str, **body) -> dict:
        """Call one of the operator's webhooks."""
        status, answer = self.estate.ask("POST", f"/webhook/{path}", body, {"X-Webhook-Token": TOKENS["operator"]})
        assert status == 200, answer
        return answer

    def texts(self, **wanted) -> list[str]:
        """Return the texts of Chatwoot's messages with these properties."""
        return [
            one["content"]
            for one in self.chatwoot.messages.values()
            if all(one.get(key) == value for key, value in wanted.items())
        ]

    def rest(self) -> None:
        """Wait until n8n has done all that it was told: it goes on after what a test saw of it."""
        unfinished = "SELECT count(*) FROM execution_entity WHERE status IN ('new', 'running')"
        login = {"host": self.estate.postgresql.address, "user": "postgres", "password": ADMIN, "dbname": "n8n_db"}
        looks = [False]

        def rests() -> bool:
            looks.append(self.chatwoot.has_told() and rows_of(unfinished, **login) == [(0,)])
            # n8n answers a webhook a moment before it notes the execution.
            return all(looks[-2:])

        eventually(rests)

    def clear(self) -> None:
        """Forget everything that was written."""
        self.chatwoot.delay = 0.0
        self.rest()
        self.evolution.state = "open"
        for end in (self.chatwoot, self.evolution):
            end.faults.clear()
            end.requests.clear()
        for kept in (self.chatwoot.contacts, self.chatwoot.conversations, self.chatwoot.messages):
            kept.clear()
        self.evolution.round += 1
        self.evolution.stored.clear()
        self.evolution.sent.clear()
        self.redis("EVAL", "for _, k in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', k) end", "0", "*:*:*")
        self.redis("EVAL", "for _, k in ipairs(redis.call('KEYS', 'rate:*')) do redis.call('DEL', k) end", "0")
        self.estate.query("TRUNCATE integration.error_queue, integration.failed_messages, integration.sent_messages")


def eventually(condition, seconds: float = 90):
    """Return what `condition` gives as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.2)
    return result
