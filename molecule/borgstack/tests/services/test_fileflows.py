"""FileFlows has no login of its own, so nobody gets to it without the password at the edge."""

from __future__ import annotations

import pytest
from conftest import DOMAIN

URL = f"https://fileflows.{DOMAIN}"


def test_nobody_gets_to_it_without_the_password(web, secrets):
    for path in ("/", "/api/status", "/api/flow", "/initial-config"):
        assert web.get(f"{URL}{path}").status_code == 401
    assert web.get(f"{URL}/api/flow", auth=("fileflows", "wrong")).status_code == 401
    answer = web.get(f"{URL}/api/status", auth=("fileflows", secrets["fileflows_basic_auth_password"]))
    assert answer.status_code == 200


def test_its_first_steps_are_taken(web, secrets):
    answer = web.get(f"{URL}/api/settings", auth=("fileflows", secrets["fileflows_basic_auth_password"]))
    assert (answer.json()["EulaAccepted"], answer.json()["InitialConfigDone"]) == (True, True)


@pytest.mark.parametrize("service", ["fileflows", "n8n", "n8n-worker"])
def test_it_and_n8n_share_folders_that_both_may_write(server, container, service):
    listed = server.check_output(f"docker exec {container(service)} stat -c '%u %a' /media/input /media/output")
    assert listed.splitlines() == ["1000 770", "1000 770"]
