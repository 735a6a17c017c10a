"""Chatwoot on the deployed platform (a stand-in, see tests/standins/chatwoot)."""

from __future__ import annotations

import re
import uuid

import pytest

HOST = "chatwoot.demo.example.com"
SITE = f"https://{HOST}"
ADMIN = "admin@demo.example.com"


@pytest.fixture(scope="module")
def api(web, secrets):
    """Speak to the API as the automation user, from outside."""

    def ask(method: str, path: str, **keywords):
        headers = {"api_access_token": secrets["chatwoot_api_token"]}
        return web.request(method, f"{SITE}/api/v1/accounts/1/{path}", headers=headers, **keywords)

    return ask


def test_web_and_worker_are_healthy(server, container):
    for name in ("chatwoot", "chatwoot-worker"):
        assert server.check_output("docker inspect -f '{{.State.Health.Status}}' %s", container(name)) == "healthy"
    assert web_status(server, container) == {"queue_services": "ok", "data_services": "ok"}


def web_status(server, container) -> dict[str, str]:
    answer = server.check_output(f"docker exec {container('chatwoot')} wget -q -O - http://127.0.0.1:3000/api")
    return dict(re.findall(r'"(queue_services|data_services)":"(\w+)"', answer))


def test_a_stranger_can_neither_claim_it_nor_sign_up(web):
    person = {"name": "x", "company": "x", "email": "x@example.org", "password": "Stranger-2026"}
    assert web.post(f"{SITE}/installation/onboarding", json={"user": person}).status_code == 404
    stranger = {"account_name": "x", "user_full_name": "x", "email": "x@example.org", "password": "Stranger-2026"}
    assert web.post(f"{SITE}/api/v1/accounts", json=stranger).status_code == 404
    assert web.get(f"{SITE}/api/v1/profile").status_code == 401


def test_the_administrator_logs_in_and_the_automation_user_has_its_inboxes(web, secrets, api):
    login = {"email": ADMIN, "password": secrets["chatwoot_admin_password"]}
    admin = web.post(f"{SITE}/auth/sign_in", json=login).json()["data"]
    assert (admin["type"], admin["role"]) == ("SuperAdmin", "administrator")
    [inbox] = api("GET", "inboxes").json()["payload"]
    assert inbox["name"] == "atendimento"
    token = secrets["chatwoot_webhook_token"]
    assert inbox["webhook_url"] == f"http://chatwoot:{token}@n8n:5678/webhook/chatwoot-message-created"


def test_an_attachment_is_an_object_in_its_bucket_and_reaches_a_browser(web, api, server, container, secrets, s3):
    number = "+5511" + str(uuid.uuid4().int)[:9]
    [inbox] = api("GET", "inboxes").json()["payload"]
    person = {"inbox_id": inbox["id"], "name": "Proof", "phone_number": number, "source_id": number[1:]}
    contact = api("POST", "contacts", json=person).json()["payload"]["contact"]
    wanted = {"inbox_id": inbox["id"], "contact_id": contact["id"], "source_id": number[1:]}
    conversation = api("POST", "conversations", json=wanted).json()["id"]
    content = f"proof {uuid.uuid4()}".encode()
    sent = api(
        "POST",
        f"conversations/{conversation}/messages",
        data={"content": "file", "private": "true"},
        files={"attachments[]": ("proof.txt", content, "text/plain")},
    ).json()
    redirect = web.get(sent["attachments"][0]["data_url"], allow_redirects=False)
    signed = redirect.headers["Location"]
    assert signed.startswith("/_storage/chatwoot/")
    assert web.get(SITE + signed).content == content
    key = signed.partition("?")[0].removeprefix("/_storage/chatwoot/")
    assert s3("chatwoot", secrets["chatwoot_s3_secret_key"], "get", "chatwoot", key).encode() == content
    assert s3("directus", secrets["directus_s3_secret_key"], "get", "chatwoot", key) == "AccessDenied"
    assert web.get(f"{SITE}/_storage/chatwoot/{key}").status_code == 403
    assert web.put(SITE + signed, data=b"other").status_code == 403


def test_its_widget_may_be_framed_and_its_pages_may_not(web):
    page, widget = web.get(f"{SITE}/").headers, web.get(f"{SITE}/widget").headers
    assert (page["X-Frame-Options"], "X-Frame-Options" in widget) == ("SAMEORIGIN", False)
    assert "frame-ancestors *" in widget["Content-Security-Policy"]


def test_its_database_has_the_extensions_that_its_schema_asks_for(server, container):
    found = server.check_output(
        f"docker exec {container('postgresql')} psql -U postgres -d chatwoot_db -tAc %s",
        "select string_agg(extname, ' ' order by extname) from pg_extension",
    ).strip()
    assert found == "pg_stat_statements pg_trgm pgcrypto plpgsql vector"
