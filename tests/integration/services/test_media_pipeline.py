"""An upload travels: Directus, n8n, FileFlows and back. All real but FileFlows, whose image cannot be had."""

from __future__ import annotations

import json

import pytest
import requests
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
        platform_start_timeout=400,
    )


def ask(platform: Deployment, path: str, method: str = "GET", **keywords) -> requests.Response:
    """Ask Directus as an editor would, again where it has no time (503)."""

    def patiently(*arguments, **others) -> requests.Response:
        def answer() -> list[requests.Response]:
            got = platform.ask("directus", 8055, *arguments, **others)
            return [got] if got.status_code != 503 else []

        return eventually(answer, 60)[0]

    body = {"email": ADMIN, "password": platform.secrets["directus_admin_password"]}
    token = patiently("/auth/login", "POST", json=body).json()["data"]["access_token"]
    return patiently(path, method, headers={"Authorization": f"Bearer {token}"}, **keywords)


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


def test_a_second_run_changes_nothing(platform):
    again = platform.converge()
    assert (again.returncode, again.changed) == (0, 0), again.output
