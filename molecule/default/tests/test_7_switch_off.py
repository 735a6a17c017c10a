"""A service that is switched off is not there, keeps its data, and is as before when it is switched on again."""

from __future__ import annotations

import pytest
from conftest import PROJECT, eventually
from switching import ADMIN, SERVICE, SITE, Estate, is_served, switched_off


@pytest.fixture(scope="module")
def estate(server, secrets):
    return Estate(server, secrets)


def login(web, secrets) -> dict[str, str]:
    # A server that is busy answers 503.
    return eventually(lambda: _login(web, secrets))


def _login(web, secrets) -> dict[str, str]:
    answer = web.post(f"{SITE}/auth/login", json={"email": ADMIN, "password": secrets["directus_admin_password"]})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['data']['access_token']}"}


def uploaded(web, headers) -> str:
    answer = web.post(f"{SITE}/files", headers=headers, files={"file": ("a.txt", b"kept", "text/plain")})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["id"]


def containers(server) -> list[str]:
    return server.check_output("docker ps --all --format '{{.Names}}'").splitlines()


def own(snapshot: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return what the service owns, apart from containers and files, which are made anew."""
    kinds = ("volume", "database", "role", "user of redis-cache", "bucket")
    return {kind: {line for line in snapshot[kind] if SERVICE in line} for kind in kinds}


def test_off_and_on_again(play, inventory, server, web, secrets, estate):
    identity = eventually(lambda: uploaded(web, login(web, secrets)))
    before = estate.snapshot()

    off = switched_off(inventory)
    predicted, run = play("--check", **off), play(**off)
    # What an application is told while it runs is one prediction a service, and several changes when it is done.
    assert predicted.returncode == run.returncode == 0, predicted.output + run.output
    assert 0 < predicted.changed <= run.changed
    assert f"{PROJECT}-{SERVICE}-1" not in containers(server)
    assert not is_served(web)
    assert all(own(before).values()) and own(estate.snapshot()) == own(before)
    assert not any("secrets/directus.env" in line for line in estate.snapshot()["file"])
    again = play(**off)
    assert (again.returncode, again.changed) == (0, 0), again.output

    run = play()
    assert run.returncode == 0, run.output
    eventually(lambda: is_served(web))
    headers = login(web, secrets)
    assert eventually(lambda: web.get(f"{SITE}/assets/{identity}", headers=headers).content == b"kept")
    after = estate.snapshot()
    assert (own(after), after["file"]) == (own(before), before["file"])
    again = play()
    assert (again.returncode, again.changed) == (0, 0), again.output
