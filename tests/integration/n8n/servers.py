"""n8n as it is deployed: main process and worker, with real PostgreSQL and Redis."""

from __future__ import annotations

import http.client
import json
import time
import typing as t

import yaml
from integration.conftest import ROOT, VERSIONS, Container

from ansible_collections.borgstack.platform.plugins.plugin_utils.redis import redis_users_of

EMAIL = "owner@example.com"
PASSWORD = "Owner-password-1"
ADMIN = "Administrator-1"
IMAGE = f"n8nio/n8n:{VERSIONS['n8n_version']}"


def redis_rights(role: str, user: str) -> list[str]:
    """Return the rules of a user of Redis as a role declares them, and as the role redis makes them."""
    declared = yaml.safe_load((ROOT / "roles" / role / "vars/main.yml").read_text(encoding="utf-8"))
    needs = declared[f"{role}_declaration"]["needs"]
    found = next(need for need in needs if need.get("user", {}).get("name") == user and need["kind"] == "redis")
    made = redis_users_of([found])[0]
    return [
        *(f"~{key}" for key in made["keys"]),
        *(f"&{channel}" for channel in made.get("channels", [])),
        *made["commands"],
    ]


class Estate:
    """PostgreSQL, Redis, and n8n in queue mode.

    Args:
        limits_logins: whether n8n limits logins as in production; tests log in more often than five times.
    """

    def __init__(self, limits_logins: bool = False):
        self.postgresql = Container(
            f"pgvector/pgvector:{VERSIONS['postgresql_version']}",
            options=("--env", f"POSTGRES_PASSWORD={ADMIN}", "--env", "POSTGRES_DB=n8n_db"),
        )
        # Protected mode would refuse others than this machine.
        self.redis = Container(f"redis:{VERSIONS['redis_version']}", "redis-server", "--requirepass", ADMIN, options=())
        self.postgresql.wait("pg_isready", "-h", "127.0.0.1", "-U", "postgres")
        self.redis.wait("redis-cli", "--no-auth-warning", "-a", ADMIN, "ping")
        self.ask_redis("ACL", "SETUSER", "n8n", "on", f">{ADMIN}", *redis_rights("n8n", "n8n"))
        self._options = tuple(
            part
            for name, value in {
                "NODE_ENV": "production" if limits_logins else "development",
                "DB_TYPE": "postgresdb",
                "DB_POSTGRESDB_HOST": self.postgresql.address,
                "DB_POSTGRESDB_DATABASE": "n8n_db",
                "DB_POSTGRESDB_USER": "postgres",
                "DB_POSTGRESDB_PASSWORD": ADMIN,
                "EXECUTIONS_MODE": "queue",
                "QUEUE_BULL_REDIS_HOST": self.redis.address,
                "QUEUE_BULL_REDIS_USERNAME": "n8n",
                "QUEUE_BULL_REDIS_PASSWORD": ADMIN,
                "QUEUE_BULL_PREFIX": "n8n:bull",
                "N8N_REDIS_KEY_PREFIX": "n8n",
                "QUEUE_HEALTH_CHECK_ACTIVE": "true",
                "N8N_ENCRYPTION_KEY": "k" * 32,
                "N8N_RUNNERS_ENABLED": "true",
                "N8N_DIAGNOSTICS_ENABLED": "false",
                "N8N_VERSION_NOTIFICATIONS_ENABLED": "false",
                "N8N_BLOCK_ENV_ACCESS_IN_NODE": "true",
                "OFFLOAD_MANUAL_EXECUTIONS_TO_WORKERS": "true",
            }.items()
            for part in ("--env", f"{name}={value}")
        )
        self.main = Container(IMAGE, options=self._options)
        self.wait()
        self.worker = Container(IMAGE, "worker", "--concurrency=10", options=self._options)
        status, _answer = self.ask(
            "POST",
            "/rest/owner/setup",
            {"email": EMAIL, "firstName": "Platform", "lastName": "Owner", "password": PASSWORD},
        )
        assert status == 200

    def wait(self) -> None:
        """Wait until the main process answers as itself; routes come a little after readiness."""
        deadline = time.monotonic() + 300
        while True:
            try:
                status, answer = self.ask("GET", "/rest/settings")
                if status == 200 and isinstance(answer, dict):
                    return
            except OSError:
                pass
            assert time.monotonic() < deadline, self.main.logs()[-2000:]
            time.sleep(0.5)

    @property
    def url(self) -> str:
        """The main process' address."""
        return f"http://{self.main.address}:5678"

    @property
    def login(self) -> dict:
        """The module's connection options."""
        return {"url": self.url, "email": EMAIL, "password": PASSWORD}

    def ask(self, method: str, path: str, body: t.Any = None, headers: dict | None = None) -> tuple[int, t.Any]:
        """Send a request past our modules; return status and answer."""
        connection = http.client.HTTPConnection(self.main.address, 5678, timeout=60)
        try:
            data = None if body is None else json.dumps(body)
            connection.request(method, path, data, {"Content-Type": "application/json", **(headers or {})})
            answer = connection.getresponse()
            text = answer.read().decode()
            self.cookie = (answer.getheader("Set-Cookie") or "").split(";")[0]
        finally:
            connection.close()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text

    def ask_redis(self, *command: str) -> str:
        """Run a command in Redis as the administrator."""
        return self.redis.run("redis-cli", "--no-auth-warning", "-a", ADMIN, *command).strip()

    def query(self, sql: str) -> str:
        """Ask n8n's database; rows are lines, columns are separated by bars."""
        return self.postgresql.run("psql", "-U", "postgres", "-d", "n8n_db", "-Atc", sql).strip()

    def remove(self) -> None:
        """Remove all of it."""
        for container in (self.main, getattr(self, "worker", None), self.redis, self.postgresql):
            if container:
                container.remove()


class Editor:
    """A person who uses n8n's editor: one login, then any request."""

    def __init__(self, estate: Estate):
        self._estate = estate
        status, _answer = estate.ask("POST", "/rest/login", {"emailOrLdapLoginId": EMAIL, "password": PASSWORD})
        assert status == 200
        self._cookie = estate.cookie

    def call(self, method: str, path: str, body: t.Any = None) -> t.Any:
        """Send a request and return its data."""
        status, answer = self._estate.ask(method, path, body, {"Cookie": self._cookie})
        assert status == 200, answer
        return answer["data"]

    def workflow(self, name: str) -> dict:
        """Return a workflow by name."""
        found = [item for item in self.call("GET", "/rest/workflows") if item["name"] == name]
        assert len(found) == 1, found
        return self.call("GET", f"/rest/workflows/{found[0]['id']}")

    def clear(self) -> None:
        """Remove all workflows, credentials and tags."""
        for item in self.call("GET", "/rest/workflows"):
            if not item["isArchived"]:
                self.call("POST", f"/rest/workflows/{item['id']}/archive", {})
            self.call("DELETE", f"/rest/workflows/{item['id']}")
        for kind in ("credentials", "tags"):
            for item in self.call("GET", f"/rest/{kind}"):
                self.call("DELETE", f"/rest/{kind}/{item['id']}")
