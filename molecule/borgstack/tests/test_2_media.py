"""An upload in Directus is processed by FileFlows and comes back, on the deployed platform."""

from __future__ import annotations

import uuid

import pytest
from conftest import DOMAIN, eventually

DIRECTUS = f"https://directus.{DOMAIN}"


@pytest.fixture(scope="module")
def editor(web, secrets):
    """Headers of somebody who works in Directus."""
    login = {"email": f"admin@{DOMAIN}", "password": secrets["directus_admin_password"]}
    token = web.post(f"{DIRECTUS}/auth/login", json=login).json()["data"]["access_token"]
    # Directus may keep an answer that was under way while the record changed.
    return {"Authorization": f"Bearer {token}", "Cache-Control": "no-store"}


def upload(web, editor, content: bytes) -> str:
    files = {"file": ("proof.png", content, "image/png")}
    return web.post(f"{DIRECTUS}/files", headers=editor, files=files).json()["data"]["id"]


def ended(web, editor, id: str, status: str) -> dict:
    def reached():
        answer = web.get(f"{DIRECTUS}/files/{id}", headers=editor)
        assert answer.ok
        found = answer.json()["data"]
        return found if found["processing_status"] == status else None

    return eventually(reached)


def test_an_upload_is_processed_and_its_record_names_the_result(web, editor):
    content = f"picture {uuid.uuid4()}".encode()
    result = ended(web, editor, upload(web, editor, content), "processed")["processed_file"]
    processed = web.get(f"{DIRECTUS}/assets/{result}", headers=editor).content
    assert processed.endswith(content) and processed != content


def test_what_cannot_be_processed_is_noted_and_queued(web, editor, server, container):
    broken = upload(web, editor, b"unprocessable")
    assert ended(web, editor, broken, "failed")["processing_error"]
    statement = f"select workflow, status from integration.error_queue where message_key = '{broken}'"
    query = f"docker exec {container('postgresql')} psql -U postgres -d n8n_db -tAc %s"
    assert eventually(lambda: server.check_output(query, statement).strip()) == "media-error|pending"
