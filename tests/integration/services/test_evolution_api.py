"""The role evolution_api with its datastores; Evolution API itself is a stand-in (tests/standins/evolution)."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from integration.conftest import VERSIONS, Container, docker
from integration.services.conftest import eventually

pytestmark = pytest.mark.integration

OLD = f"atendai/evolution-api:{VERSIONS['evolution_api_2_2_version']}"
NEW = f"evoapicloud/evolution-api:{VERSIONS['evolution_api_version']}"


@pytest.fixture(scope="module")
def platform(deploy):
    return deploy(
        platform_datastores=["postgresql", "redis", "seaweedfs"],
        platform_applications=["evolution_api"],
        evolution_api_webhook_url="http://n8n:5678/webhook/whatsapp",
    )


@pytest.fixture
def api(platform):
    """Ask Evolution API with the platform's key, or another: `api("GET", "/webhook/find/x")`."""

    def ask(method: str, path: str, key: str | None = None, **keywords) -> requests.Response:
        headers = {"apikey": key or platform.secrets["evolution_api_key"]}
        return platform.ask("evolution-api", 8080, path, method, headers=headers, **keywords)

    return ask


@pytest.fixture
def control(platform):
    """Ask the stand-in for what only WhatsApp or a test can do."""

    def ask(method: str, what: str, **body):
        answer = platform.ask("evolution-api", 8080, f"/_standin/{what}", method, json=body or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return ask


def test_the_declared_instance_exists_and_its_events_go_to_n8n(platform, api):
    found = api("GET", "/instance/fetchInstances").json()
    assert [(item["name"], item["integration"]) for item in found] == [("atendimento", "WHATSAPP-BAILEYS")]
    # The published one tells tokens in its listing, whatever its setting says: nothing of ours asks for that.
    assert found[0]["token"]
    webhook = api("GET", "/webhook/find/atendimento").json()
    assert (webhook["enabled"], webhook["url"]) == (True, "http://n8n:5678/webhook/whatsapp")
    assert (webhook["webhookByEvents"], webhook["webhookBase64"]) == (True, False)
    assert webhook["events"] == ["MESSAGES_UPSERT", "MESSAGES_UPDATE", "MESSAGES_EDITED", "MESSAGES_DELETE"]
    assert webhook["headers"] == {"X-Webhook-Token": platform.secrets["evolution_webhook_token"]}


def test_nothing_is_left_at_the_examples_that_the_image_ships(platform, control):
    effective = control("GET", "configuration")["effective"]
    assert effective["AUTHENTICATION_EXPOSE_IN_FETCH_INSTANCES"] == "false"
    assert (effective["CORS_ORIGIN"], effective["CORS_CREDENTIALS"]) == ("*", "false")
    assert effective["LOG_LEVEL"] == "ERROR,WARN"
    assert effective["WA_BUSINESS_TOKEN_WEBHOOK"] == platform.secrets["evolution_api_meta_token"]
    assert effective["TELEMETRY_ENABLED"] == "false"
    assert (effective["CHATWOOT_ENABLED"], effective["WEBHOOK_GLOBAL_ENABLED"]) == ("false", "false")
    assert platform.ask("evolution-api", 8080, "/manager").status_code != 200


def test_secrets_are_in_files_of_root_alone(platform):
    secret = platform.secrets["evolution_api_key"]
    project = platform.folder / "project"
    holders = [path for path in project.rglob("*") if path.is_file() and secret in path.read_text(errors="replace")]
    assert holders and all(path.stat().st_mode & 0o077 == 0 for path in holders)
    container = platform.inspect("evolution-api")
    assert secret not in json.dumps(
        [container["Args"], container["Config"]["Healthcheck"], container["Config"]["Labels"]]
    )
    for value in platform.secrets.values():
        assert value not in platform.logs("evolution-api")


def test_the_container_has_only_what_it_needs(platform):
    host = platform.inspect("evolution-api")["HostConfig"]
    assert (host["CapDrop"], host["CapAdd"] or [], host["Privileged"]) == (["ALL"], [], False)
    assert (host["Init"], host["SecurityOpt"]) == (True, ["no-new-privileges:true"])
    assert (host["Memory"], host["NanoCpus"]) == (640 * 1024**2, int(1.5e9))
    assert host["PortBindings"] == {}
    mounts = platform.inspect("evolution-api")["Mounts"]
    assert sorted(mount["Destination"] for mount in mounts) == ["/evolution/instances", "/usr/local/etc/platform"]


def test_its_database_and_cache_are_its_own(platform):
    owner = "select pg_get_userbyid(datdba) from pg_database where datname = 'evolution_db'"
    assert platform.query("postgres", owner) == "evolution_user"
    assert platform.query("evolution_db", 'select name from "Instance"') == "atendimento"
    assert "NOPERM" in redis(platform, "get", "directus:x")
    assert "NOPERM" in redis(platform, "flushdb")
    assert "NOPERM" in redis(platform, "config", "get", "*")
    assert "NOPERM" in redis(platform, "select", "5") and "NOPERM" in redis(platform, "dbsize")


def redis(platform, *command: str) -> str:
    """Run a command in its cache as its own user."""
    login = f"REDISCLI_AUTH={platform.secrets['evolution_api_redis_password']}"
    container = platform.container("redis-cache")
    return docker(
        "exec", "--env", login, container, "redis-cli", "--user", "evolution", "-n", "6", *command, check=False
    )


def test_a_message_reaches_the_database_and_media_the_bucket_which_stays_closed(platform, api, control):
    content = "iVBORw0KGgo="
    media = {"type": "image", "mimetype": "image/png", "fileName": "photo.png", "caption": "look", "base64": content}
    sent = control("POST", "incoming", instance="atendimento", number="+55 11 99999-0001", name="Ana", media=media)
    records = api("POST", "/chat/findMessages/atendimento", json={"where": {"key": {"id": sent["id"]}}}).json()[
        "messages"
    ]
    assert records["total"] == 1
    url = records["records"][0]["message"]["mediaUrl"]
    assert url.startswith("http://seaweedfs:8333/evolution/evolution-api/")
    path = url.removeprefix("http://seaweedfs:8333")
    host = {"Host": "seaweedfs:8333"}
    assert platform.ask("seaweedfs", 8333, path, headers=host).content == b"\x89PNG\r\n\x1a\n"
    assert platform.ask("seaweedfs", 8333, path.split("?")[0], headers=host).status_code == 403


def test_what_people_write_is_not_in_its_log_but_failures_are(platform, api, control):
    said = "Meu-CPF-e-segredo"
    sent = control("POST", "incoming", instance="atendimento", number="5511999990009", name="Eva", text=said)
    reply = api("POST", "/message/sendText/atendimento", json={"number": "5511999990009", "text": said}).json()
    control("POST", "status", instance="atendimento", id=reply["key"]["id"], status="READ")
    # Nobody is n8n here, so the webhook fails; its failure is told, and where to, but not what was in it.
    control("POST", "retries", delay_seconds=0)
    late = control("POST", "incoming", instance="atendimento", number="5511999990009", name="Eva", text=f"{said} 2")
    eventually(lambda: delivery(control, late["id"])["state"] == "dropped", 60)
    eventually(lambda: "dropped after" in platform.logs("evolution-api"))
    log = platform.logs("evolution-api")
    assert "/webhook/whatsapp/messages-upsert" in log
    assert not [word for word in (said, "5511999990009", "Eva", sent["id"]) if word in log], log
    control("POST", "retries")


def delivery(control, id: str) -> dict:
    return next(one for one in control("GET", "deliveries") if one.get("id") == id)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("sendMedia", {"mediatype": "image", "media": "http://chatwoot:3000/a.png", "fileName": "a.png"}),
        ("sendWhatsAppAudio", {"audio": "http://chatwoot:3000/a.mp3"}),
    ],
)
def test_a_file_at_a_name_without_a_dot_is_refused_and_one_at_the_role_s_alias_is_not(api, control, path, body):
    control("POST", "connect", instance="atendimento", state="open")
    refused = api("POST", f"/message/{path}/atendimento", json={"number": "5511999990008", **body})
    assert (refused.status_code, "Owned media must be a url" in refused.text) == (400, True)
    dotted = {key: value.replace("chatwoot:", "chatwoot.internal:") for key, value in body.items()}
    # Nobody is there to be asked for the file in this deployment, so it gets as far as asking.
    assert api("POST", f"/message/{path}/atendimento", json={"number": "5511999990008", **dotted}).status_code == 500


def test_a_lost_connection_is_told_as_a_bad_request(api, control):
    control("POST", "connect", instance="atendimento", state="close")
    answer = api("POST", "/message/sendText/atendimento", json={"number": "5511999990008", "text": "x"})
    assert (answer.status_code, "Connection Closed" in answer.text) == (400, True)


def test_messages_are_found_by_time_with_both_ends_only(api, control):
    for minute in (0, 10, 20):
        control(
            "POST",
            "incoming",
            instance="atendimento",
            number="5511999990002",
            text="x",
            timestamp=1700000000 + minute * 60,
        )
    where = {"messageTimestamp": {"gte": "2023-11-14T22:13:20Z", "lte": "2023-11-14T22:24:00Z"}}
    found = api("POST", "/chat/findMessages/atendimento", json={"where": where, "offset": 1, "page": 2}).json()[
        "messages"
    ]
    assert (found["total"], found["pages"], found["currentPage"]) == (2, 2, 2)
    assert [record["messageTimestamp"] for record in found["records"]] == [1700000000]
    del where["messageTimestamp"]["lte"]
    assert api("POST", "/chat/findMessages/atendimento", json={"where": where}).json()["messages"]["total"] >= 4


def test_a_webhook_carries_the_token_and_is_tried_again(platform, api, control):
    calls = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            calls.append((self.path, self.headers["X-Webhook-Token"], body))
            self.send_response(200 if len(calls) > 2 else 404)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("0.0.0.0", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    gateway = platform.inspect("evolution-api")["NetworkSettings"]["Networks"][f"{platform.project}_external"][
        "Gateway"
    ]
    before = api("GET", "/webhook/find/atendimento").json()
    webhook = {
        "enabled": True,
        "byEvents": True,
        "base64": False,
        "events": before["events"],
        "headers": before["headers"],
    }
    try:
        away = {**webhook, "url": f"http://{gateway}:{server.server_port}/webhook/whatsapp"}
        assert api("POST", "/webhook/set/atendimento", json={"webhook": away}).status_code == 201
        control("POST", "retries", delay_seconds=0.1)
        sent = control("POST", "incoming", instance="atendimento", number="5511999990003", name="Bia", text="oi")
        eventually(lambda: len(calls) == 3)
        assert {path for path, _, _ in calls} == {"/webhook/whatsapp/messages-upsert"}
        assert {token for _, token, _ in calls} == {platform.secrets["evolution_webhook_token"]}
        body = calls[0][2]
        assert (body["event"], body["instance"], body["apikey"]) == ("messages.upsert", "atendimento", None)
        assert body["data"]["key"] == {"remoteJid": "5511999990003@s.whatsapp.net", "fromMe": False, "id": sent["id"]}
        assert body["data"]["message"] == {"conversation": "oi"}
        delivery = [item for item in control("GET", "deliveries") if item.get("id") == sent["id"]]
        assert [(item["attempts"], item["state"]) for item in delivery] == [([404, 404, 200], "delivered")]
        # The webhook that somebody moved is put back by the next run, and by that alone.
        again = platform.converge()
        assert (again.returncode, again.changed) == (0, 1), again.output
        assert api("GET", "/webhook/find/atendimento").json()["url"] == before["url"]
    finally:
        server.shutdown()


def test_a_reply_is_recorded_once_and_faults_are_what_was_asked_for(api, control):
    fault = {"path": "/message/sendText", "status": 429, "times": 1, "headers": {"Retry-After": "1"}}
    control("POST", "faults", **fault)
    reply = {"number": "5511999990004", "text": "resposta"}
    refused = api("POST", "/message/sendText/atendimento", json=reply)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    accepted = api("POST", "/message/sendText/atendimento", json=reply)
    assert (accepted.status_code, accepted.json()["status"]) == (201, "PENDING")
    mine = [item for item in control("GET", "sent") if item["number"] == "5511999990004"]
    assert [(item["id"], item["text"]) for item in mine] == [(accepted.json()["key"]["id"], "resposta")]


def test_a_number_is_added_while_all_secrets_are_rotated(platform, api):
    old = platform.secrets["evolution_api_key"]
    supplied = {
        "evolution_api_key": "R0tated" * 7,
        "evolution_webhook_token": "T0ken" * 8,
        "evolution_api_database_password": "Dat@b/se%:?#[é]2-Äx",
        "evolution_api_redis_password": "C@che/%:?#[] $x'\"\\7-Aa",
    }
    rotated = platform.converge(
        platform_whatsapp_instances=["atendimento", "vendas 2"], platform_supplied_secrets=supplied
    )
    assert rotated.returncode == 0, rotated.output
    assert api("POST", "/verify-creds", key=old).status_code == 401
    key = supplied["evolution_api_key"]
    assert api("POST", "/verify-creds", key=key).status_code == 200
    assert {item["name"] for item in api("GET", "/instance/fetchInstances", key=key).json()} == {
        "atendimento",
        "vendas 2",
    }
    for path in ("/webhook/find/atendimento", "/webhook/find/vendas%202"):
        webhook = api("GET", path, key=key).json()
        assert webhook["headers"] == {"X-Webhook-Token": supplied["evolution_webhook_token"]}
    assert platform.query("evolution_db", 'select count(*) from "Message"') != "0"
    for value in supplied.values():
        assert value not in rotated.output


def test_a_number_that_is_taken_away_is_reported_and_left_alone(platform, api):
    key = platform.variables["platform_supplied_secrets"]["evolution_api_key"]
    # A name that YAML takes for a number, made by hand before: it is the declared one, and made once.
    assert api("POST", "/instance/create", key=key, json={"instanceName": "5511", "integration": "WHATSAPP-BAILEYS"}).ok
    removed = platform.converge(platform_whatsapp_instances=["atendimento", "5511"])
    assert removed.returncode == 0 and "vendas 2" in removed.output, removed.output
    assert api("GET", "/webhook/find/vendas%202", key=key).status_code == 200
    again = platform.converge()
    assert (again.returncode, again.changed) == (0, 0), again.output


def test_the_old_version_gets_what_it_knows_and_cannot_open_its_bucket(platform, control):
    old = platform.converge(
        evolution_api_image=OLD.split(":")[0],
        evolution_api_version=OLD.split(":")[1],
        platform_image_changes="force",
    )
    assert old.returncode == 0, old.output
    assert platform.ask("evolution-api", 8080, "/").json()["version"] == "2.2.3"
    configuration = control("GET", "configuration")
    assert "S3_SKIP_POLICY" not in configuration["effective"]
    assert configuration["policyRefused"] is True
    assert platform.ask("seaweedfs", 8333, "/evolution/evolution-api/proof").status_code == 403


VARIABLES = {
    "AUTHENTICATION_API_KEY": "k" * 48,
    "DATABASE_PROVIDER": "postgresql",
    "DATABASE_CONNECTION_URI": "postgresql://u:p@127.0.0.1:1/d?schema=public",
    "CACHE_REDIS_ENABLED": "true",
    "CACHE_REDIS_URI": "redis://u:p@127.0.0.1:1/6",
    "S3_ENABLED": "true",
    "S3_ENDPOINT": "127.0.0.1",
    "SERVER_URL": "https://evolution.example.com",
}


@pytest.mark.parametrize(
    ("image", "changes", "words"),
    [
        (NEW, {"AUTHENTICATION_API_KEY": None}, "public example"),
        (NEW, {"AUTHENTICATION_API_KEY": ""}, "is empty"),
        (NEW, {"DATABASE_CONNECTION_URI": None}, "DATABASE_CONNECTION_URI is not set"),
        (NEW, {"CACHE_REDIS_ENABLED": "false"}, "CACHE_REDIS_ENABLED is not true"),
        (NEW, {"DATABASE_ENABLED": "true"}, "DATABASE_ENABLED is not a variable that version 2.3.7 reads"),
        (NEW, {"EVOLUTION_API_KEY": "x"}, "EVOLUTION_API_KEY is not a variable"),
        (NEW, {"CONFIG_SESSION_PHONE_VERSION": "2.3"}, "CONFIG_SESSION_PHONE_VERSION is not a variable"),
        (OLD, {"S3_SKIP_POLICY": "true"}, "S3_SKIP_POLICY is not a variable that version 2.2.3 reads"),
        (NEW, {}, "Migration failed"),
    ],
)
def test_the_stand_in_refuses(image, changes, words):
    variables = {name: value for name, value in {**VARIABLES, **changes}.items() if value is not None}
    options = tuple(f"--env={name}={value}" for name, value in variables.items())
    container = Container(image, options=options)
    try:
        assert docker("wait", container.name).strip() == "1"
        assert words in container.logs()
    finally:
        container.remove()
