"""The declaration of Chatwoot, its hook and its site, on real PostgreSQL, Redis, S3 and Caddy.

Chatwoot itself is our stand-in (tests/standins/chatwoot): its own code has not been tried here.
"""

from __future__ import annotations

import http.server
import json
import re
import socket
import ssl
import subprocess
import threading
import uuid

import pytest
import requests
from integration.conftest import VERSIONS, Container, docker
from integration.services.deployment import DOMAIN, Deployment, eventually, take_compose

pytestmark = pytest.mark.integration

IMAGE = f"chatwoot/chatwoot:{VERSIONS['chatwoot_version']}"
DATASTORES = ("postgresql", "redis", "seaweedfs")
ADMIN = f"admin@{DOMAIN}"
HOST = f"chatwoot.{DOMAIN}"


class Receiver(http.server.ThreadingHTTPServer):
    """What Chatwoot's webhooks are sent to; stands for n8n."""

    def __init__(self, address: str):
        self.received: list[tuple[str, dict]] = []
        self.status = 200
        super().__init__((address, 0), ReceiverHandler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class ReceiverHandler(http.server.BaseHTTPRequestHandler):
    """Keeps what was posted."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.path, json.loads(body)))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *arguments):
        """Say nothing."""


@pytest.fixture(scope="module")
def platform(tmp_path_factory, module):
    """Datastores with what Chatwoot needs, and Chatwoot, not configured yet."""
    folder = tmp_path_factory.mktemp("chatwoot")
    made = Deployment(
        folder, take_compose(folder), ["chatwoot"], platform_whatsapp_instances=["atendimento", "Vendas 2"]
    )
    made.render()
    try:
        made.up(*DATASTORES)
        made.provision(module)
        made.up("chatwoot", "chatwoot-worker")
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="module")
def receiver(platform):
    server = Receiver(platform.gateway())
    yield server
    server.shutdown()


@pytest.fixture(scope="module")
def webhook_url(receiver) -> str:
    return f"http://{receiver.server_address[0]}:{receiver.server_address[1]}/webhook/chatwoot-message-created"


@pytest.fixture(scope="module")
def base(platform) -> str:
    return f"http://{platform.address('chatwoot')}:3000"


def changes(finished: subprocess.CompletedProcess) -> int:
    assert finished.returncode == 0, finished.stdout
    return int(re.findall(r"changed=(\d+)", finished.stdout)[-1])


def failed_checks(platform, module) -> set[str]:
    """Ask Chatwoot's checks as the platform does; return the names of those that fail."""
    declared = platform.declared["declarations"]["chatwoot"]["checks"]
    address = platform.address("chatwoot")
    asked = [
        {"url": f"http://{address}:{check['port']}{check['path']}"}
        | {key: check[key] for key in ("name", "headers", "json", "contains") if key in check}
        for check in declared
    ]
    outcome = module("http_checks", {"checks": asked})
    return {item["name"] for item in outcome["results"] if not item["ok"]}


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


def test_before_the_hook_anybody_could_claim_it_and_no_check_of_it_passes(platform, base, module):
    assert requests.get(f"{base}/installation/onboarding", timeout=10).status_code == 200
    failed = failed_checks(platform, module)
    assert failed == {
        check["name"] for check in platform.declared["declarations"]["chatwoot"]["checks"] if check.get("configured")
    }


def test_the_hook_makes_everything_once(platform, base, module, webhook_url):
    first = platform.configure("chatwoot", chatwoot_webhook_url=webhook_url)
    assert changes(first) >= 1 and "closed the page that makes a first administrator" in first.stdout
    assert changes(platform.configure("chatwoot", chatwoot_webhook_url=webhook_url)) == 0
    assert failed_checks(platform, module) == set()
    assert requests.get(f"{base}/installation/onboarding", timeout=10, allow_redirects=False).status_code == 302
    inboxes = ask(platform, base, "get", "inboxes").json()["payload"]
    token = platform.secrets["chatwoot_webhook_token"]
    assert {(item["name"], item["webhook_url"], item["lock_to_single_conversation"]) for item in inboxes} == {
        (name, f"{webhook_url}?token={token}", True) for name in ("atendimento", "Vendas 2")
    }


def ask(platform, base, method: str, path: str, **keywords) -> requests.Response:
    """Speak to the API as the automation user."""
    headers = {"api_access_token": platform.secrets["chatwoot_api_token"]}
    return requests.request(method, f"{base}/api/v1/accounts/1/{path}", headers=headers, timeout=15, **keywords)


def test_the_administrator_owns_the_account_and_the_automation_user_does_not(platform, base):
    login = {"email": ADMIN, "password": platform.secrets["chatwoot_admin_password"]}
    admin = requests.post(f"{base}/auth/sign_in", json=login, timeout=10).json()["data"]
    assert (admin["type"], admin["role"], admin["accounts"][0]["name"]) == ("SuperAdmin", "administrator", DOMAIN)
    headers = {"api_access_token": platform.secrets["chatwoot_api_token"]}
    automation = requests.get(f"{base}/api/v1/profile", headers=headers, timeout=10).json()
    assert (automation["type"], automation["role"], automation["email"]) == (None, "agent", f"automation@{DOMAIN}")
    assert automation["accounts"][0]["availability"] == "offline"


def test_sign_up_is_closed_even_where_it_was_once_opened(platform, base, webhook_url):
    setting = (
        "update installation_configs set serialized_value = '{\"value\": true}' where name = 'ENABLE_ACCOUNT_SIGNUP'"
    )
    query(platform, setting)
    stranger = {"account_name": "x", "email": "x@example.org", "user_full_name": "x", "password": "Stranger-2026"}
    assert changes(platform.configure("chatwoot", chatwoot_webhook_url=webhook_url)) >= 1
    assert requests.post(f"{base}/api/v1/accounts", json=stranger, timeout=10).status_code == 404
    assert query(platform, "select count(*) from accounts") == "1"


def query(platform, statement: str) -> str:
    return docker(
        "exec", platform.container("postgresql"), "psql", "-U", "postgres", "-d", "chatwoot_db", "-tAc", statement
    ).strip()


def test_a_conversation_goes_in_and_the_answer_goes_out(platform, base, receiver, webhook_url):
    inbox = next(
        item for item in ask(platform, base, "get", "inboxes").json()["payload"] if item["name"] == "atendimento"
    )
    number = "+5511" + str(uuid.uuid4().int)[:9]
    person = {"inbox_id": inbox["id"], "name": "João", "phone_number": number, "source_id": number[1:]}
    made = ask(platform, base, "post", "contacts", json=person).json()["payload"]
    again = ask(platform, base, "post", "contacts", json=person)
    assert (again.status_code, again.json()) == (
        422,
        {"message": "Phone number has already been taken", "attributes": ["phone_number"]},
    )
    found = ask(platform, base, "get", "contacts/search", params={"q": number}).json()
    assert [item["id"] for item in found["payload"]] == [made["contact"]["id"]]
    wanted = {"inbox_id": inbox["id"], "contact_id": made["contact"]["id"], "source_id": number[1:]}
    conversation = ask(platform, base, "post", "conversations", json=wanted).json()["id"]
    assert ask(platform, base, "post", "conversations", json=wanted).json()["id"] == conversation
    messages = f"conversations/{conversation}/messages"
    ask(platform, base, "post", messages, json={"content": "oi", "message_type": "incoming"})
    ask(platform, base, "post", messages, json={"content": "olá", "message_type": "outgoing"})
    path, payload = eventually(lambda: next((item for item in receiver.received if item[1]["content"] == "olá"), None))
    assert path == f"/webhook/chatwoot-message-created?token={platform.secrets['chatwoot_webhook_token']}"
    assert (payload["event"], payload["message_type"], payload["private"]) == ("message_created", "outgoing", False)
    assert payload["conversation"]["meta"]["sender"]["phone_number"] == number
    receiver.status = 500
    lost = ask(platform, base, "post", messages, json={"content": "perdida"}).json()["id"]
    eventually(lambda: status_of(platform, base, messages, lost) == "failed")
    receiver.status = 200


def status_of(platform, base, messages: str, number: int) -> str:
    shown = ask(platform, base, "get", messages).json()["payload"]
    return next(item["status"] for item in shown if item["id"] == number)


def test_what_somebody_changed_or_removed_is_brought_back(platform, base, module, webhook_url):
    query(platform, "update channel_api set webhook_url = 'http://elsewhere/'")
    query(platform, "delete from inbox_members where inbox_id = 1")
    query(platform, f"update users set type = null where email = '{ADMIN}'")
    assert len(failed_checks(platform, module)) >= 2
    assert changes(platform.configure("chatwoot", chatwoot_webhook_url=webhook_url)) >= 1
    assert failed_checks(platform, module) == set()
    assert query(platform, f"select type from users where email = '{ADMIN}'") == "SuperAdmin"


def test_rotated_secrets_replace_the_old_ones_and_are_nowhere_in_the_output(platform, base, webhook_url):
    old = platform.secrets
    new = {"chatwoot_admin_password": "Rotated-password.2026", "chatwoot_api_token": "R" * 48}
    rotated = platform.configure("chatwoot", "-vvv", chatwoot_webhook_url=webhook_url, platform_supplied_secrets=new)
    assert changes(rotated) >= 1
    assert not [name for name, value in {**old, **new}.items() if value in rotated.stdout]
    statuses = [
        requests.post(f"{base}/auth/sign_in", json={"email": ADMIN, "password": password}, timeout=10).status_code
        for password in (old["chatwoot_admin_password"], new["chatwoot_admin_password"])
    ]
    assert statuses == [401, 200]
    profiles = [
        requests.get(f"{base}/api/v1/profile", headers={"api_access_token": token}, timeout=10).status_code
        for token in (old["chatwoot_api_token"], new["chatwoot_api_token"])
    ]
    assert profiles == [401, 200]
    assert changes(platform.configure("chatwoot", chatwoot_webhook_url=webhook_url)) >= 1


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"chatwoot_locale": "xx_YY"}, "locale"),
        ({"chatwoot_admin_email": "nobody"}, "Email"),
        ({"chatwoot_account_id": 7}, "there is no account 7"),
    ],
)
def test_a_setting_that_cannot_work_is_named_and_nothing_is_changed(platform, webhook_url, wrong, told):
    finished = platform.configure("chatwoot", chatwoot_webhook_url=webhook_url, **wrong)
    assert finished.returncode != 0
    assert told in finished.stdout and "integration" in finished.stdout.lower()
    assert changes(platform.configure("chatwoot", chatwoot_webhook_url=webhook_url)) == 0


@pytest.fixture(scope="module")
def web(platform, base):
    """A browser before the rendered Caddy: `web("GET", "/path")` gives the answer; no redirect is followed."""
    platform.render(platform_edge=["caddy"], chatwoot_console_addresses=["203.0.113.7/32"])
    platform.up("caddy")
    authority = docker("exec", platform.container("caddy"), "cat", "/data/caddy/pki/authorities/local/root.crt")
    address = platform.address("caddy", "external")

    def browse(method: str, path: str, **headers) -> requests.Response:
        session = requests.Session()
        session.trust_env = False
        session.mount("https://", _ByName(address, authority))
        url = f"https://{HOST}{path}"
        return session.request(method, url, headers=headers, timeout=15, allow_redirects=False)

    return browse


class _ByName(requests.adapters.HTTPAdapter):
    """Connects to Caddy's address and trusts Caddy's own authority, for Chatwoot's name."""

    def __init__(self, address: str, authority: str):
        self._address = address
        self._context = ssl.create_default_context(cadata=authority)
        super().__init__()

    def get_connection_with_tls_context(self, request, verify, proxies=None, cert=None):
        pool = {"ssl_context": self._context, "server_hostname": HOST, "assert_hostname": HOST}
        return self.poolmanager.connection_from_host(self._address, 443, "https", pool_kwargs=pool)

    def send(self, request, **keywords):
        request.headers["Host"] = HOST
        return super().send(request, **keywords)


def test_an_attachment_reaches_a_browser_and_nothing_else_of_the_bucket_does(platform, base, web):
    content = f"<script>alert('{uuid.uuid4()}')</script>".encode()
    file = {"attachments[]": ("page.html", content, "text/html")}
    sent = ask(platform, base, "post", "conversations/1/messages", data={"content": "file"}, files=file).json()
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
    unsigned = signed.partition("?")[0]
    statuses = [web("GET", unsigned).status_code, web("PUT", signed).status_code, web("DELETE", signed).status_code]
    statuses += [web("GET", signed.replace("/_storage/chatwoot/", "/_storage/directus/")).status_code]
    statuses += [web("GET", re.sub("Signature=...", "Signature=000", signed)).status_code]
    assert not [status for status in statuses if status < 400], statuses


def test_the_site_is_closed_where_it_must_be_and_framed_where_it_may_be(web):
    assert [web("GET", path).status_code for path in ("/installation/onboarding", "/super_admin/sign_in")] == [404, 404]
    page, widget = web("GET", "/").headers, web("GET", "/widget").headers
    assert (page["X-Frame-Options"], "X-Frame-Options" in widget) == ("SAMEORIGIN", False)
    assert "frame-ancestors 'self'" in page["Content-Security-Policy"]
    assert "frame-ancestors *" in widget["Content-Security-Policy"]
    assert widget["X-Content-Type-Options"] == "nosniff"


def test_events_are_pushed_through_the_proxy(platform, web):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    plain = socket.create_connection((platform.address("caddy", "external"), 443), timeout=10)
    with context.wrap_socket(plain, server_hostname=HOST) as secured:
        lines = ["GET /cable HTTP/1.1", f"Host: {HOST}", "Connection: Upgrade", "Upgrade: websocket"]
        lines += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", f"Origin: https://{HOST}"]
        secured.sendall("\r\n".join([*lines, "Sec-WebSocket-Protocol: actioncable-v1-json", "", ""]).encode())
        seen = b""
        while b'{"type":"welcome"}' not in seen:
            received = secured.recv(4096)
            assert received, seen
            seen += received
    assert seen.startswith(b"HTTP/1.1 101")


@pytest.mark.parametrize("datastore", DATASTORES)
def test_it_is_healthy_only_with_its_database_its_cache_and_its_bucket(platform, datastore):
    assert platform.healthy("chatwoot")
    docker("stop", "--time", "5", platform.container(datastore))
    try:
        eventually(lambda: not platform.healthy("chatwoot"), 40)
        assert datastore != "redis" or not platform.healthy("chatwoot-worker")
    finally:
        platform.up(datastore)
    eventually(lambda: platform.healthy("chatwoot") and platform.healthy("chatwoot-worker"), 60)


def test_nothing_was_refused_by_redis_and_the_keys_of_others_are(platform):
    admin = platform.declared["declarations"]["redis"]["provides"]
    environment = f"--env=REDISCLI_AUTH={admin['password']}"
    words = ["docker", "exec", environment, platform.container("redis"), "redis-cli", "--user", admin["user"]]
    log = subprocess.run([*words, "acl", "log"], check=True, capture_output=True, text=True).stdout
    assert "chatwoot" not in log, log
    for key, allowed in {"queue:default": True, "n8n:bull:jobs": False, "evolution:instance": False}.items():
        dry = subprocess.run(
            [*words, "acl", "dryrun", "chatwoot", "get", key], check=True, capture_output=True, text=True
        )
        assert (dry.stdout.strip() == "OK") == allowed, key
