"""The services do their work, from a browser's side down to the datastore."""

from __future__ import annotations

import uuid

import pytest
import requests
from conftest import DOMAIN, answers, eventually

N8N = f"https://n8n.{DOMAIN}"
DIRECTUS = f"https://directus.{DOMAIN}"
ADMIN = f"admin@{DOMAIN}"


@pytest.fixture(scope="module")
def n8n(web, secrets):
    """An n8n session of the owner whom nobody had to create in a browser."""
    login = {"emailOrLdapLoginId": ADMIN, "password": secrets["n8n_owner_password"]}
    headers = {"browser-id": "proof"}
    answer = web.post(f"{N8N}/rest/login", json=login, headers=headers)
    assert answer.status_code == 200, answer.text
    web.headers.update(headers)
    return web


def test_http_is_redirected_to_https(address):
    answer = requests.get(f"http://{address}/", headers={"Host": f"n8n.{DOMAIN}"}, allow_redirects=False, timeout=10)
    assert (answer.status_code, answer.headers["Location"]) == (308, f"{N8N}/")


@pytest.mark.parametrize("url", [f"{N8N}/", f"{DIRECTUS}/admin/"])
def test_sites_have_security_headers(web, url):
    headers = web.get(url).headers
    assert headers["Strict-Transport-Security"].startswith("max-age=")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    # The application's own, where it sets one.
    assert headers["Referrer-Policy"] in ("strict-origin-when-cross-origin", "no-referrer")
    assert "default-src" in headers["Content-Security-Policy"] or "script-src" in headers["Content-Security-Policy"]
    assert "Server" not in headers


def test_metrics_and_admin_api_are_not_public(web, address):
    assert web.get(f"{N8N}/metrics").status_code == 404
    assert not answers(address, 2019)


def test_n8n_cannot_be_claimed_by_a_stranger(web):
    stranger = {"email": "x@example.org", "firstName": "x", "lastName": "y", "password": "Stranger-2026"}
    assert web.post(f"{N8N}/rest/owner/setup", json=stranger).status_code == 400


def test_a_webhook_workflow_runs_on_a_worker_and_its_result_is_in_postgresql(n8n, query):
    marker = f"proof-{uuid.uuid4()}"
    node = {"typeVersion": 2, "position": [0, 0]}
    hook = {"name": "Hook", "type": "n8n-nodes-base.webhook", "webhookId": marker}
    hook["parameters"] = {"path": marker, "httpMethod": "POST", "responseMode": "lastNode"}
    assign = {
        "assignments": {
            "assignments": [
                {"id": "1", "name": "seen", "type": "string", "value": f"={{{{ $json.body.word }}}}-{marker}"}
            ]
        }
    }
    setter = {"name": "Set", "type": "n8n-nodes-base.set", "parameters": assign}
    workflow = {
        "name": marker,
        "nodes": [{**node, **hook, "id": "1"}, {**node, **setter, "typeVersion": 3.4, "id": "2"}],
        "connections": {"Hook": {"main": [[{"node": "Set", "type": "main", "index": 0}]]}},
        "settings": {},
        "active": False,
    }
    created = n8n.post(f"{N8N}/rest/workflows", json=workflow)
    assert created.status_code == 200, created.text
    made = created.json()["data"]
    activated = n8n.patch(f"{N8N}/rest/workflows/{made['id']}", json={"active": True, "versionId": made["versionId"]})
    assert activated.status_code == 200, activated.text
    answer = eventually(lambda: (a := n8n.post(f"{N8N}/webhook/{marker}", json={"word": "hello"})).ok and a, 30)
    assert answer.json()["seen"] == f"hello-{marker}"

    def stored() -> str:
        return query(
            "n8n_db",
            f'select count(*) from execution_entity e join execution_data d on d."executionId" = e.id '
            f"where e.status = 'success' and d.data like '%hello-{marker}%'",
        )

    eventually(lambda: stored() == "1", 30)


def test_a_file_uploaded_to_directus_is_an_object_in_its_bucket(web, secrets, s3):
    login = web.post(f"{DIRECTUS}/auth/login", json={"email": ADMIN, "password": secrets["directus_admin_password"]})
    assert login.status_code == 200, login.text
    token = {"Authorization": f"Bearer {login.json()['data']['access_token']}"}
    content = f"proof {uuid.uuid4()}".encode()
    uploaded = web.post(f"{DIRECTUS}/files", headers=token, files={"file": ("proof.txt", content, "text/plain")})
    assert uploaded.status_code == 200, uploaded.text
    name = uploaded.json()["data"]["filename_disk"]
    assert web.get(f"{DIRECTUS}/assets/{uploaded.json()['data']['id']}", headers=token).content == content

    assert s3("directus", secrets["directus_s3_secret_key"], "get", "directus", name).encode() == content


def test_databases_have_pgvector_and_their_own_owners(query):
    for database, owner in {"n8n_db": "n8n_user", "directus_db": "directus_user"}.items():
        assert query(database, "select extname from pg_extension where extname = 'vector'") == "vector"
        assert query(database, f"select pg_get_userbyid(datdba) from pg_database where datname = '{database}'") == owner


def test_postgresql_is_tuned_for_the_host(query, server):
    memory_kb = int(server.check_output("grep MemTotal /proc/meminfo").split()[1])
    buffers_kb = int(query("postgres", "select setting from pg_settings where name = 'shared_buffers'")) * 8
    # A host of less than 34 GB has to share more.
    assert abs(buffers_kb / (memory_kb * 0.6) - 2 / 9) < 0.01
