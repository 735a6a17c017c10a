"""The declaration of Chatwoot, its hook and its site, on real PostgreSQL, Redis, S3 and Caddy.

Chatwoot itself is our stand-in (tests/standins/chatwoot): its own code has not been tried here.
"""

from __future__ import annotations

import base64
import http.server
import json
import re
import socket
import ssl
import threading
import uuid

import pytest
import requests
from integration.conftest import VERSIONS, Container, docker
from integration.services.conftest import eventually

pytestmark = pytest.mark.integration

IMAGE = f"chatwoot/chatwoot:{VERSIONS['chatwoot_version']}"
CADDY = f"caddy:{VERSIONS['caddy_version']}"
DATASTORES = ["postgresql", "redis", "seaweedfs"]
DOMAIN = "demo.example.com"
ADMIN = f"admin@{DOMAIN}"
HOST = f"chatwoot.{DOMAIN}"
INBOXES = ["atendimento", "Vendas 2"]


class Receiver(http.server.ThreadingHTTPServer):
    """What Chatwoot's webhooks are sent to; stands for n8n."""

    def __init__(self, address: str):
        self.received: list[tuple[str, dict]] = []
        self.status = 200
        super().__init__((address, 0), ReceiverHandler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class ReceiverHandler(http.server.BaseHTTPRequestHandler):
    """Keeps what was posted, and by whom."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        login = base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode()
        self.server.received.append((login, json.loads(body)))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *arguments):
        """Say nothing."""


@pytest.fixture(scope="module")
def platform(deploy):
    return deploy(
        platform_datastores=DATASTORES, platform_applications=["chatwoot"], platform_whatsapp_instances=INBOXES
    )


@pytest.fixture(scope="module")
def receiver(platform):
    """Started, and declared as the place that webhooks go to."""
    network = docker(
        "network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", f"{platform.project}_external"
    )
    server = Receiver(network.strip())
    url = "http://{}:{}/webhook/chatwoot-message-created".format(*server.server_address)
    declared = platform.converge(chatwoot_webhook_url=url)
    assert declared.returncode == 0, declared.output
    yield server
    server.shutdown()


def ask(platform, method: str, path: str, **keywords) -> requests.Response:
    """Speak to the API as the automation user."""
    headers = {"api_access_token": platform.secrets["chatwoot_api_token"]}
    return platform.ask("chatwoot", 3000, f"/api/v1/accounts/1/{path}", method, headers=headers, **keywords)


def sign_in(platform, password: str) -> requests.Response:
    return platform.ask("chatwoot", 3000, "/auth/sign_in", "POST", json={"email": ADMIN, "password": password})


def query(platform, statement: str) -> str:
    return platform.query("chatwoot_db", statement)


def test_the_image_refuses_what_the_published_one_does_not_read():
    environment = {"SECRET_KEY_BASE": "a", "FRONTEND_URL": "https://x", "POSTGRES_HOST": "p", "POSTGRES_DATABASE": "d"}
    environment |= {"POSTGRES_USERNAME": "u", "POSTGRES_PASSWORD": "p", "REDIS_URL": "redis://r"}
    wrong = [
        {"SMTP_HOST": "mail"},
        {"POSTGRES_RETRY_COUNT": "3"},
        {"REDIS_URL": ""},
        {"ACTIVE_STORAGE_SERVICE": "s3_compatible"},
    ]
    for extra, named in zip(wrong, ["SMTP_HOST", "POSTGRES_RETRY_COUNT", "REDIS_URL", "STORAGE_BUCKET_NAME"]):
        options = tuple(f"--env={name}={value}" for name, value in {**environment, **extra}.items())
        container = Container(IMAGE, "bundle", "exec", "rails", "s", options=options)
        try:
            assert docker("wait", container.name).strip() == "1"
            assert named in container.logs()
        finally:
            container.remove()


def test_all_is_made_without_a_browser_and_once(platform):
    claimed = platform.ask("chatwoot", 3000, "/installation/onboarding")
    assert (claimed.status_code, claimed.headers["Location"]) == (302, f"http://{platform.address('chatwoot')}:3000/")
    inboxes = ask(platform, "GET", "inboxes").json()["payload"]
    assert {(item["name"], item["lock_to_single_conversation"]) for item in inboxes} == {
        (name, True) for name in INBOXES
    }
    assert platform.converge().changed == 0


def test_the_administrator_owns_the_account_and_the_automation_user_does_not(platform):
    admin = sign_in(platform, platform.secrets["chatwoot_admin_password"]).json()["data"]
    assert (admin["type"], admin["role"], admin["accounts"][0]["name"]) == ("SuperAdmin", "administrator", DOMAIN)
    headers = {"api_access_token": platform.secrets["chatwoot_api_token"]}
    automation = platform.ask("chatwoot", 3000, "/api/v1/profile", headers=headers).json()
    assert (automation["type"], automation["role"], automation["email"]) == (None, "agent", f"automation@{DOMAIN}")
    assert automation["accounts"][0]["availability"] == "offline"


def test_a_conversation_goes_in_and_the_answer_goes_out(platform, receiver):
    inbox = next(item for item in ask(platform, "GET", "inboxes").json()["payload"] if item["name"] == INBOXES[0])
    number = "+5511" + str(uuid.uuid4().int)[:9]
    person = {"inbox_id": inbox["id"], "name": "João", "phone_number": number, "source_id": number[1:]}
    made = ask(platform, "POST", "contacts", json=person).json()["payload"]
    again = ask(platform, "POST", "contacts", json=person)
    taken = {"message": "Phone number has already been taken", "attributes": ["phone_number"]}
    assert (again.status_code, again.json()) == (422, taken)
    found = ask(platform, "GET", "contacts/search", params={"q": number}).json()
    assert [item["id"] for item in found["payload"]] == [made["contact"]["id"]]
    wanted = {"inbox_id": inbox["id"], "contact_id": made["contact"]["id"], "source_id": number[1:]}
    conversation = ask(platform, "POST", "conversations", json=wanted).json()["id"]
    assert ask(platform, "POST", "conversations", json=wanted).json()["id"] == conversation
    messages = f"conversations/{conversation}/messages"
    ask(platform, "POST", messages, json={"content": "oi", "message_type": "incoming"})
    ask(platform, "POST", messages, json={"content": "olá", "message_type": "outgoing"})
    login, payload = eventually(lambda: next((item for item in receiver.received if item[1]["content"] == "olá"), None))
    assert login == f"chatwoot:{platform.secrets['chatwoot_webhook_token']}"
    assert (payload["event"], payload["message_type"], payload["private"]) == ("message_created", "outgoing", False)
    assert payload["conversation"]["meta"]["sender"]["phone_number"] == number
    receiver.status = 500
    lost = ask(platform, "POST", messages, json={"content": "perdida"}).json()["id"]
    eventually(lambda: status_of(platform, messages, lost) == "failed")
    receiver.status = 200


def status_of(platform, messages: str, number: int) -> str:
    shown = ask(platform, "GET", messages).json()["payload"]
    return next(item["status"] for item in shown if item["id"] == number)


def test_what_somebody_changed_or_removed_is_brought_back(platform, receiver):
    query(
        platform,
        "update channel_api set webhook_url = 'http://elsewhere/'; delete from inbox_members where inbox_id = 1",
    )
    query(platform, f"update users set type = null where email = '{ADMIN}'")
    query(platform, "update installation_configs set serialized_value = '{\"value\": true}'")
    assert platform.converge().changed >= 1
    assert query(platform, f"select type from users where email = '{ADMIN}'") == "SuperAdmin"
    assert query(platform, "select count(*) from channel_api where webhook_url like 'http://chatwoot:%@%'") == "2"
    assert len(ask(platform, "GET", "inboxes").json()["payload"]) == 2
    stranger = {"account_name": "x", "email": "x@example.org", "user_full_name": "x", "password": "Stranger-2026"}
    assert platform.ask("chatwoot", 3000, "/api/v1/accounts", "POST", json=stranger).status_code == 404
    assert query(platform, "select count(*) from accounts") == "1"


def test_rotated_secrets_replace_the_old_ones_and_are_nowhere_in_the_output(platform):
    old = platform.secrets
    new = {"chatwoot_admin_password": "Rotated-password.2026", "chatwoot_api_token": "R" * 48}
    rotated = platform.converge("-vvv", platform_supplied_secrets=new)
    assert rotated.returncode == 0 and rotated.changed >= 1
    assert not [name for name, value in {**old, **new}.items() if value in rotated.output]
    passwords = (old["chatwoot_admin_password"], new["chatwoot_admin_password"])
    assert [sign_in(platform, password).status_code for password in passwords] == [401, 200]
    tokens = [{"api_access_token": values["chatwoot_api_token"]} for values in (old, new)]
    profiles = [platform.ask("chatwoot", 3000, "/api/v1/profile", headers=headers) for headers in tokens]
    assert [profile.status_code for profile in profiles] == [401, 200]
    # From here on they are the vault's alone.
    platform.variables["platform_supplied_secrets"] = {}


def test_settings_that_cannot_work_are_named_and_nothing_is_changed(platform):
    counted = "select (select count(*) from users), (select count(*) from accounts)"
    before = query(platform, counted)
    for name, wrong, told in (
        ("chatwoot_admin_email", "nobody", "Email"),
        ("chatwoot_account_id", 7, "there is no account 7"),
    ):
        refused = platform.converge(**{name: wrong})
        assert refused.returncode != 0 and told in refused.output and "integration error" in refused.output
        assert query(platform, counted) == before
        del platform.variables[name]
    assert platform.converge().returncode == 0


@pytest.fixture(scope="module")
def caddy(platform):
    """Caddy with the rendered site, on the networks that it shares with Chatwoot and the storage; no port of ours."""
    folder = platform.folder / "edge"
    rendered = platform.converge(
        playbook="render.yml",
        platform_edge=["caddy"],
        caddy_certificates="internal",
        chatwoot_console_addresses=["203.0.113.7/32"],
        rendered="caddy",
        rendered_to=str(folder),
    )
    assert rendered.returncode == 0, rendered.output
    platform.variables["platform_edge"] = []
    options = ("--network", f"{platform.project}_external", "--volume", f"{folder}/caddy:/etc/caddy:ro")
    server = Container(CADDY, options=options)
    docker("network", "connect", f"{platform.project}_files", server.name)
    server.wait("wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/healthz")
    yield server
    server.remove()


@pytest.fixture(scope="module")
def web(platform, caddy):
    """A browser: `web("GET", "/path")` gives the answer; no redirect is followed."""
    template = f'{{{{(index .NetworkSettings.Networks "{platform.project}_external").IPAddress}}}}'
    address = docker("inspect", "--format", template, caddy.name).strip()
    place = _ByName(address, caddy.run("cat", "/data/caddy/pki/authorities/local/root.crt"))
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", place)

    def browse(method: str, path: str) -> requests.Response:
        return session.request(method, f"https://{HOST}{path}", timeout=15, allow_redirects=False)

    browse.place = place
    return browse


class _ByName(requests.adapters.HTTPAdapter):
    """Connects to Caddy's address and trusts Caddy's own authority, for Chatwoot's name."""

    def __init__(self, address: str, authority: str):
        self.address = address
        self.context = ssl.create_default_context(cadata=authority)
        super().__init__()

    def get_connection_with_tls_context(self, request, verify, proxies=None, cert=None):
        pool = {"ssl_context": self.context, "server_hostname": HOST, "assert_hostname": HOST}
        return self.poolmanager.connection_from_host(self.address, 443, "https", pool_kwargs=pool)

    def send(self, request, **keywords):
        request.headers["Host"] = HOST
        return super().send(request, **keywords)


def test_an_attachment_reaches_a_browser_and_nothing_else_of_the_bucket_does(platform, web):
    content = f"<script>alert('{uuid.uuid4()}')</script>".encode()
    file = {"attachments[]": ("page.html", content, "text/html")}
    sent = ask(platform, "POST", "conversations/1/messages", data={"content": "file"}, files=file).json()
    address = sent["attachments"][0]["data_url"]
    assert address.startswith(f"https://{HOST}/rails/")
    redirect = web("GET", address.removeprefix(f"https://{HOST}"))
    assert redirect.status_code == 302
    signed = redirect.headers["Location"]
    assert signed.startswith("/_storage/chatwoot/")
    answer = web("GET", signed)
    assert (answer.status_code, answer.content) == (200, content)
    # What a stranger sent never runs as a page of this site.
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert "script-src 'none'" in answer.headers["Content-Security-Policy"]
    statuses = [web(method, signed).status_code for method in ("PUT", "DELETE", "POST")]
    statuses += [web("GET", signed.partition("?")[0]).status_code]
    statuses += [web("GET", signed.replace("/_storage/chatwoot/", "/_storage/directus/")).status_code]
    statuses += [web("GET", re.sub("Signature=...", "Signature=000", signed)).status_code]
    assert not [status for status in statuses if status < 400], statuses


def test_the_site_is_closed_where_it_must_be_and_framed_where_it_may_be(web):
    closed = ("/installation/onboarding", "/super_admin/sign_in", "/monitoring/sidekiq")
    assert [web("GET", path).status_code for path in closed] == [404, 404, 404]
    page, widget = web("GET", "/").headers, web("GET", "/widget").headers
    assert (page["X-Frame-Options"], "X-Frame-Options" in widget) == ("SAMEORIGIN", False)
    assert "frame-ancestors 'self'" in page["Content-Security-Policy"]
    assert "frame-ancestors *" in widget["Content-Security-Policy"]
    assert widget["X-Content-Type-Options"] == "nosniff"


def test_events_are_pushed_through_the_proxy(web):
    plain = socket.create_connection((web.place.address, 443), timeout=10)
    with web.place.context.wrap_socket(plain, server_hostname=HOST) as secured:
        lines = ["GET /cable HTTP/1.1", f"Host: {HOST}", "Connection: Upgrade", "Upgrade: websocket"]
        lines += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", f"Origin: https://{HOST}"]
        secured.sendall("\r\n".join([*lines, "Sec-WebSocket-Protocol: actioncable-v1-json", "", ""]).encode())
        seen = b""
        while b'{"type":"welcome"}' not in seen:
            received = secured.recv(4096)
            assert received, seen
            seen += received
    assert seen.startswith(b"HTTP/1.1 101")


def healthy(platform, service: str) -> bool:
    """Carry a service's own health check out, now."""
    check = platform.compose["services"][service]["healthcheck"]["test"][1]
    return (
        platform.run(service, "sh", "-c", f"({check}) >/dev/null 2>&1 && echo healthy", check=False).strip()
        == "healthy"
    )


@pytest.mark.parametrize("datastore", DATASTORES)
def test_it_is_healthy_only_with_its_database_its_queue_and_its_bucket(platform, datastore):
    assert healthy(platform, "chatwoot")
    docker("stop", "--time", "5", platform.container(datastore))
    try:
        eventually(lambda: not healthy(platform, "chatwoot"))
    finally:
        docker("start", platform.container(datastore))
    eventually(lambda: healthy(platform, "chatwoot") and healthy(platform, "chatwoot-worker"), 120)


def test_redis_refused_nothing_to_chatwoot_and_the_keys_of_others_are_closed_to_it(platform):
    password = platform.secrets["redis_admin_password"]
    words = ["exec", f"--env=REDISCLI_AUTH={password}", platform.container("redis"), "redis-cli", "--user", "platform"]
    log = docker(*words, "acl", "log")
    assert "chatwoot" not in log, log
    for number, allowed in {"1": True, "0": False}.items():
        assert (docker(*words, "acl", "dryrun", "chatwoot", "select", number).strip() == "OK") == allowed, number
    for key, allowed in {"queue:default": True, "n8n:bull:jobs": False, "evolution:instance": False}.items():
        assert (docker(*words, "acl", "dryrun", "chatwoot", "get", key).strip() == "OK") == allowed, key
