"""Chatwoot keeps strangers out and what people say out of its log, also after a first set-up that failed half-way.

The stand-in does what Chatwoot's source does: its seed stores sign-up as the boolean false, which leaves it open.
"""

from __future__ import annotations

import pytest
from integration.conftest import docker
from integration.services.conftest import eventually

pytestmark = pytest.mark.integration

ACCOUNTS = ("/api/v1/accounts", "/api/v2/accounts")
STRANGER = {"account_name": "x", "email": "x@example.org", "user_full_name": "x", "password": "Stranger-2026"}
SAID = "Meu-CPF-e-segredo"


@pytest.fixture(scope="module")
def platform(deploy):
    """Deployed by a second run: the first one failed in the middle of the set-up."""
    started = deploy(
        converge=False,
        platform_datastores=["postgresql", "redis", "seaweedfs"],
        platform_applications=["chatwoot"],
        platform_whatsapp_instances=["atendimento"],
        chatwoot_automation_email="nobody",
    )
    failed = started.converge()
    assert failed.returncode != 0 and "Email" in failed.output, failed.output
    del started.variables["chatwoot_automation_email"]
    started.open_before = started.ask("chatwoot", 3000, "/api/v2/accounts", "POST", json={}).status_code
    finished = started.converge()
    assert finished.returncode == 0, finished.output
    return started


def query(platform, statement: str) -> str:
    return platform.query("chatwoot_db", statement)


def sign_up(platform, path: str) -> int:
    return platform.ask("chatwoot", 3000, path, "POST", json=STRANGER).status_code


def test_a_failed_first_set_up_does_not_break_the_next(platform):
    assert query(platform, "select string_agg(id::text, ',') from accounts") == "1"
    # Whoever makes the next account by hand gets the next number.
    assert query(platform, "select nextval(pg_get_serial_sequence('accounts', 'id'))") == "2"


def test_sign_up_is_open_until_it_is_closed_by_the_word(platform):
    assert platform.open_before != 404
    assert [sign_up(platform, path) for path in ACCOUNTS] == [404, 404]
    stored = "select serialized_value from installation_configs where name = 'ENABLE_ACCOUNT_SIGNUP'"
    assert query(platform, stored) == '{"value": "false"}'


def test_whoever_opens_sign_up_past_the_platform_is_found_and_closed_out(platform):
    query(platform, "update installation_configs set serialized_value = '{\"value\": true}'")
    forget(platform)
    opened = platform.ask("chatwoot", 3000, "/api/v2/accounts", "POST", json={}).status_code
    assert opened == 403
    assert platform.converge().changed >= 1
    assert [sign_up(platform, path) for path in ACCOUNTS[1:]] == [404]
    assert query(platform, "select count(*) from accounts") == "1"


def forget(platform) -> None:
    """Let Chatwoot forget its cached settings, as it does after a day."""
    login = f"--env=REDISCLI_AUTH={platform.secrets['redis_admin_password']}"
    words = ["redis-cli", "--user", "platform", "-n", "1", "del", "alfred:V1:GLOBAL_CONFIG:ENABLE_ACCOUNT_SIGNUP"]
    docker("exec", login, platform.container("redis"), *words)


def test_its_migrations_may_take_longer_than_its_requests(platform):
    assert "statement_timeout: 10min" in platform.logs("chatwoot")
    environment = platform.inspect("chatwoot")["Config"]["Env"]
    assert not [one for one in environment if one.startswith("POSTGRES_STATEMENT_TIMEOUT")]


def test_what_people_say_and_the_webhooks_password_are_not_in_its_log(platform):
    headers = {"api_access_token": platform.secrets["chatwoot_api_token"]}

    def ask(method: str, path: str, body: dict | None = None) -> dict:
        answer = platform.ask("chatwoot", 3000, f"/api/v1/accounts/1/{path}", method, headers=headers, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    # Nobody answers there, so the webhook fails, which the published one tells with the whole address.
    url = f"http://chatwoot:{platform.secrets['chatwoot_webhook_token']}@127.0.0.1:9/hook"
    query(platform, f"update channel_api set webhook_url = '{url}'")
    inbox = ask("GET", "inboxes")["payload"][0]["id"]
    person = ask(
        "POST", "contacts", {"inbox_id": inbox, "name": SAID, "phone_number": "+5511987650001", "source_id": "1"}
    )
    contact = person["payload"]["contact"]["id"]
    place = ask("POST", "conversations", {"inbox_id": inbox, "contact_id": contact, "source_id": "1"})["id"]
    path = f"conversations/{place}/messages"
    ask("POST", path, {"content": SAID, "message_type": "incoming"})
    sent = ask("POST", path, {"content": SAID, "message_type": "outgoing"})["id"]
    eventually(lambda: status_of(ask("GET", path), sent) == "failed")
    for service in ("chatwoot", "chatwoot-worker"):
        log = platform.logs(service)
        assert SAID not in log and platform.secrets["chatwoot_webhook_token"] not in log, log


def status_of(told: dict, number: int) -> str:
    return next(one["status"] for one in told["payload"] if one["id"] == number)
