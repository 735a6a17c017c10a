"""Lowcoder on the deployed platform, from a browser's side."""

from __future__ import annotations

import pytest

SITE = "https://lowcoder.demo.example.com"
ADMIN = "admin@demo.example.com"


def login(web, user: str, password: str, register: bool = False):
    body = {"loginId": user, "password": password, "register": register, "source": "EMAIL", "authId": "EMAIL"}
    return web.post(f"{SITE}/api/auth/form/login", json=body)


def test_it_reaches_its_database_and_its_sessions(web):
    answer = web.get(f"{SITE}/api/status/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "UP")


def test_the_administrator_logs_in_with_what_the_platform_chose(web, secrets):
    answer = login(web, ADMIN, secrets["lowcoder_admin_password"])
    assert (answer.status_code, answer.json()["success"]) == (200, True), answer.text
    cookie = {"LOWCODER_CE_SELFHOST_TOKEN": answer.cookies["LOWCODER_CE_SELFHOST_TOKEN"]}
    assert web.get(f"{SITE}/api/users/me", cookies=cookie).json()["data"]["name"] == ADMIN
    assert login(web, ADMIN, "Wrong-password-1").status_code == 403


def test_nobody_can_make_an_account(web):
    assert login(web, "stranger@example.com", "Some-password-1", register=True).status_code == 400


@pytest.mark.parametrize(
    "path", ["/api/status/prometheus", "/api/status/metrics", "/api/status/metrics/jvm.memory.used"]
)
def test_its_figures_are_not_public(web, path):
    assert web.get(f"{SITE}{path}").status_code == 404


def test_its_figures_exist_inside(server, container):
    # Or the test before would prove nothing.
    inside = f"docker exec {container('lowcoder')} curl -fsS http://127.0.0.1:3000/api/status/prometheus"
    assert server.run(inside).succeeded


def test_it_runs_no_datastore_of_its_own(server, container):
    processes = server.check_output(f"docker top {container('lowcoder')}")
    assert "mongod" not in processes and "redis-server" not in processes
