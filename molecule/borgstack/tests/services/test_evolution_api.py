"""Evolution API on the deployed platform (a stand-in, see tests/standins/evolution)."""

from __future__ import annotations

import json

import pytest

SITE = "https://evolution.demo.example.com"

ASK = """
const [method, path] = process.argv.slice(1);
const headers = { apikey: process.env.AUTHENTICATION_API_KEY };
fetch(`http://127.0.0.1:8080${path}`, { method, headers })
  .then(async (answer) => console.log(JSON.stringify({ status: answer.status, body: await answer.json() })));
"""


@pytest.fixture(scope="module")
def api(server, container):
    """Ask Evolution API from inside of its container, which knows its key."""

    def ask(method: str, path: str):
        command = f"docker exec {container('evolution-api')} node -e %s %s %s"
        answer = json.loads(server.check_output(command, ASK, method, path))
        assert answer["status"] == 200, answer
        return answer["body"]

    return ask


def test_each_declared_number_is_an_instance_whose_events_go_to_n8n(api, secrets):
    assert [instance["name"] for instance in api("GET", "/instance/fetchInstances")] == ["atendimento"]
    webhook = api("GET", "/webhook/find/atendimento")
    assert (webhook["enabled"], webhook["webhookByEvents"]) == (True, True)
    assert webhook["url"] == "http://n8n:5678/webhook/whatsapp"
    assert webhook["headers"] == {"X-Webhook-Token": secrets["evolution_webhook_token"]}


def test_its_site_opens_to_the_key_alone(web, secrets):
    assert web.get(f"{SITE}/instance/fetchInstances").status_code == 401
    assert web.get(f"{SITE}/instance/fetchInstances", headers={"apikey": "guess"}).status_code == 401
    public = {"apikey": "429683C4C977415CAAFCCE10F7D57E11"}
    assert web.get(f"{SITE}/instance/fetchInstances", headers=public).status_code == 401
    key = {"apikey": secrets["evolution_api_key"]}
    assert web.post(f"{SITE}/verify-creds", headers=key).json()["status"] == 200


@pytest.mark.parametrize("path", ["/", "/manager", "/metrics", "/store/file", "/_standin/sent"])
def test_its_site_does_not_serve(web, secrets, path):
    assert web.get(SITE + path, headers={"apikey": secrets["evolution_api_key"]}).status_code in (401, 404)


def test_its_media_are_closed_to_others(secrets, s3):
    own = secrets["evolution_api_s3_secret_key"]
    name = "evolution-api/proof"
    assert s3("evolution_api", own, "get", "evolution", name) == "kept"
    assert s3("evolution_api", own, "put", "evolution", "outside") == "AccessDenied"
    assert s3("directus", secrets["directus_s3_secret_key"], "get", "evolution", name) == "AccessDenied"
    assert s3("evolution_api", own, "get", "directus", name) == "AccessDenied"


def test_its_database_belongs_to_it(query):
    owner = "select pg_get_userbyid(datdba) from pg_database where datname = 'evolution_db'"
    assert query("evolution_db", owner) == "evolution_user"
    assert query("evolution_db", 'select name from "Instance"') == "atendimento"
