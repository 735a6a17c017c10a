"""An upload travels: Directus, n8n, FileFlows and back. All real but FileFlows, whose image cannot be had."""

from __future__ import annotations

import json

import pytest
import requests
from integration.conftest import docker
from integration.services.conftest import Deployment, eventually

pytestmark = pytest.mark.integration
ADMIN = "admin@demo.example.com"
FIELDS = "id,type,processing_status,processed_file,processing_error"
SECONDS = 180


@pytest.fixture(scope="module")
def platform(deploy):
    return deploy(
        platform_datastores=["postgresql", "redis", "seaweedfs"],
        platform_applications=["n8n", "directus", "fileflows"],
        platform_integrations=["media_pipeline"],
        fileflows_accept_license=True,
        platform_start_timeout=400,
    )


def ask_once(platform: Deployment, path: str, method: str = "GET", **keywords) -> requests.Response:
    """Ask Directus as an editor would, once."""
    body = {"email": ADMIN, "password": platform.secrets["directus_admin_password"]}
    token = platform.ask("directus", 8055, "/auth/login", "POST", json=body).json()["data"]["access_token"]
    return platform.ask("directus", 8055, path, method, headers={"Authorization": f"Bearer {token}"}, **keywords)


def ask(platform: Deployment, path: str, method: str = "GET", **keywords) -> requests.Response:
    """Ask Directus as an editor would, again where it has no time (503)."""

    def patiently(*arguments, **others) -> requests.Response:
        def answer() -> list[requests.Response]:
            got = platform.ask("directus", 8055, *arguments, **others)
            return [got] if got.status_code != 503 else []

        return eventually(answer, 60)[0]

    body = {"email": ADMIN, "password": platform.secrets["directus_admin_password"]}
    token = patiently("/auth/login", "POST", json=body).json()["data"]["access_token"]
    # Directus may keep an answer that was under way while the record changed.
    headers = {"Authorization": f"Bearer {token}", "Cache-Control": "no-store"}
    return patiently(path, method, headers=headers, **keywords)


def upload(platform: Deployment, name: str, content: bytes, kind: str) -> str:
    """Upload a file; return its id."""
    return ask(platform, "/files", "POST", files={"file": (name, content, kind)}).json()["data"]["id"]


def record(platform: Deployment, id: str) -> dict:
    return ask(platform, f"/files/{id}?fields={FIELDS}").json()["data"]


def ended(platform: Deployment, id: str, status: str) -> dict:
    """Return a file's record once it has a status."""

    def reached() -> dict | None:
        found = record(platform, id)
        return found if found["processing_status"] == status else None

    return eventually(reached, SECONDS)


def queued(platform: Deployment, id: str) -> list[str]:
    statement = "select workflow, step, status, error from integration.error_queue where message_key = '{}'"
    return platform.query("n8n_db", statement.format(id)).splitlines()


def left_behind(platform: Deployment) -> str:
    return platform.run("fileflows", "find", "/media", "-type", "f").strip()


def test_an_upload_is_processed_and_its_record_names_the_result(platform):
    original = upload(platform, "proof.png", b"a picture", "image/png")
    result = ended(platform, original, "processed")["processed_file"]
    assert record(platform, result)["processing_status"] == "result"
    content = ask(platform, f"/assets/{result}").content
    assert content.startswith(b"stand-in of ffmpeg: ") and content.endswith(b"a picture") and b"1920" in content
    eventually(lambda: not left_behind(platform), 60)
    assert queued(platform, original) == []


def test_its_result_is_not_taken_for_another_upload(platform):
    ids = [one["id"] for one in ask(platform, "/files?filter[processing_status][_eq]=result").json()["data"]]
    requests = platform.ask("fileflows", 5000, "/_standin/requests").json()
    handed_over = [one["body"]["Files"][0] for one in requests if one["path"].endswith("/manually-add")]
    assert ids and not [path for path in handed_over if any(id in path for id in ids)]


def test_other_files_are_left_alone(platform):
    other = upload(platform, "proof.txt", b"text", "text/plain")
    media = upload(platform, "proof.wav", b"sound", "audio/wav")
    ended(platform, media, "processed")
    assert record(platform, other)["processing_status"] is None


def test_a_large_file_goes_over_the_disk(platform):
    large = upload(platform, "proof.mp4", b"v" * 60_000_000, "video/mp4")
    result = ended(platform, large, "processed")["processed_file"]
    assert len(ask(platform, f"/assets/{result}").content) > 60_000_000
    # What n8n had on disk for it is gone with the execution.
    kept = ("find", "/home/node/.n8n/binaryData", "-type", "f")
    eventually(lambda: not platform.run("n8n", *kept, check=False).strip(), 60)


def test_a_file_that_cannot_be_processed_is_noted_and_queued(platform):
    broken = upload(platform, "proof.png", b"unprocessable", "image/png")
    assert "Invalid data" in ended(platform, broken, "failed")["processing_error"]
    (row,) = eventually(lambda: queued(platform, broken), 30)
    assert row.startswith("media-error|FileFlows|pending|FFmpeg ended with")
    eventually(lambda: not left_behind(platform), 60)


def test_webhooks_want_their_tokens_and_proper_ids(platform):
    for path in ("directus-upload", "fileflows-complete", "fileflows-error"):
        assert platform.ask("n8n", 5678, f"/webhook/{path}", "POST", json={"key": "x"}).status_code == 403
    headers = {"X-Webhook-Token": platform.secrets["fileflows_webhook_token"]}
    hostile = {"id": "x", "input": "/media/input/x", "output": "/media/output/'; touch /media/output/hacked; '"}
    answer = platform.ask("n8n", 5678, "/webhook/fileflows-complete", "POST", headers=headers, json=hostile)
    assert answer.status_code == 200
    marker = upload(platform, "proof.wav", b"sound", "audio/wav")
    ended(platform, marker, "processed")
    assert "hacked" not in left_behind(platform)


def test_no_token_is_in_what_n8n_and_fileflows_keep_openly(platform):
    tokens = [platform.secrets[name] for name in ("directus_api_token", "fileflows_webhook_token")]
    workflows = platform.query("n8n_db", "select nodes::text from workflow_entity")
    flows = json.dumps(platform.ask("fileflows", 5000, "/api/flow").json())
    assert "media" in workflows and not [token for token in tokens if token in workflows + flows]


def test_no_workflow_may_run_a_command(platform):
    session = requests.Session()
    session.trust_env = False
    site = f"http://{platform.address('n8n')}:5678"
    login = {"emailOrLdapLoginId": ADMIN, "password": platform.secrets["n8n_owner_password"]}
    # Its cookie is for TLS only; the proxy has that.
    cookie = session.post(f"{site}/rest/login", json=login, timeout=30).headers["Set-Cookie"].split(";")[0]
    known = session.get(f"{site}/types/nodes.json", headers={"Cookie": cookie}, timeout=60).text
    assert '"n8n-nodes-base.httpRequest"' in known
    assert "executeCommand" not in known and "localFileTrigger" not in known


@pytest.mark.parametrize(
    "url",
    [
        "http://fileflows:5000/api/variable",
        "http://n8n:5678/healthz",
        "http://n8n:5678/rest/settings",
        "http://seaweedfs:8181/",
    ],
)
def test_an_editor_cannot_have_directus_read_other_services(platform, url):
    answer = ask_once(platform, "/files/import", "POST", json={"url": url})
    assert answer.status_code == 503 and url in answer.text
    # FileFlows has no address there at all, the others are refused.
    reason = "getaddrinfo" if "fileflows" in url else "denied IP address"
    assert any(url in line and reason in line for line in platform.logs("directus").splitlines())


def test_only_n8n_and_the_proxy_can_reach_fileflows(platform):
    shares = {name: name in network_members(platform) for name in ("n8n", "n8n-worker", "directus", "postgresql")}
    assert shares == {"n8n": True, "n8n-worker": True, "directus": False, "postgresql": False}


def network_members(platform) -> list[str]:
    """Return the services on FileFlows' network."""
    network = f"{platform.project}_fileflows-external"
    names = platform.compose["services"]
    return [name for name in names if network in platform.inspect(name)["NetworkSettings"]["Networks"]]


def test_two_default_failure_flows_are_refused(platform):
    flows = platform.ask("fileflows", 5000, "/api/flow").json()
    ours = next(flow for flow in flows if flow["Type"] == 1)
    other = {**ours, "Uid": "", "Name": "Somebody's own"}
    made = platform.ask("fileflows", 5000, "/api/flow", "PUT", json=other).json()
    docker("rm", "--force", platform.container("fileflows"))
    refused = platform.converge()
    assert refused.returncode != 0 and "two failure flows are the default" in refused.output, refused.output
    platform.ask("fileflows", 5000, "/api/flow", "PUT", json={**made, "Default": False})
    assert platform.converge().returncode == 0


def test_a_second_run_changes_nothing(platform):
    again = platform.converge()
    assert (again.returncode, again.changed) == (0, 0), again.output
