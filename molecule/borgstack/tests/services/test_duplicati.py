"""Duplicati on the deployed platform: who is let in, what it can see, where its settings lie."""

from __future__ import annotations

import json

import pytest

SITE = "https://duplicati.demo.example.com"


@pytest.fixture(scope="module")
def mounts(server, container) -> dict[str, dict]:
    """The container's mounts by destination."""
    shown = json.loads(server.check_output(f"docker inspect {container('duplicati')}"))[0]
    return {mount["Destination"]: mount for mount in shown["Mounts"]}


def test_it_answers_under_its_public_name(web):
    assert web.get(f"{SITE}/").status_code == 200


def test_only_who_knows_the_password_sees_jobs(web, secrets):
    assert web.get(f"{SITE}/api/v1/backups").status_code == 401
    wrong = web.post(f"{SITE}/api/v1/auth/login", json={"Password": "Wrong-password-1"})
    assert wrong.status_code == 401
    right = web.post(f"{SITE}/api/v1/auth/login", json={"Password": secrets["duplicati_web_password"]})
    headers = {"Authorization": f"Bearer {right.json()['AccessToken']}"}
    assert web.get(f"{SITE}/api/v1/backups", headers=headers).status_code == 200


def test_it_sees_the_dumps_and_cannot_change_them(server, container, mounts):
    assert mounts["/backups"]["RW"] is False
    server.check_output("install -m 600 -o 999 /etc/hostname %s/of-somebody-else", mounts["/backups"]["Source"])
    assert server.run(f"docker exec {container('duplicati')} cat /backups/of-somebody-else").succeeded
    assert server.run(f"docker exec {container('duplicati')} rm /backups/of-somebody-else").failed
    server.check_output("rm %s/of-somebody-else", mounts["/backups"]["Source"])


def test_it_sees_no_live_data_of_another_service(mounts):
    assert set(mounts) == {"/data", "/backups"}
    assert mounts["/data"]["Name"].endswith("_duplicati_data")


def test_its_settings_lie_on_its_volume(server, container):
    assert server.run(f"docker exec {container('duplicati')} test -s /data/Duplicati/Duplicati-server.sqlite").succeeded
