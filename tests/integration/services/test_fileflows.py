"""FileFlows (a stand-in, see tests/images/fileflows) as its role runs it: set up, shared folders, what it refuses."""

from __future__ import annotations

import json

import pytest
from integration.conftest import VERSIONS, docker
from integration.services.conftest import eventually

pytestmark = pytest.mark.integration
IMAGE = f"revenz/fileflows:{VERSIONS['fileflows_version']}"


@pytest.fixture(scope="module")
def fileflows(deploy):
    return deploy(platform_datastores=[], platform_applications=["fileflows"])


def settings(fileflows) -> dict:
    return fileflows.ask("fileflows", 5000, "/api/settings").json()


def test_nobody_meets_its_first_steps(fileflows):
    assert fileflows.ask("fileflows", 5000, "/").status_code == 200
    assert (settings(fileflows)["EulaAccepted"], settings(fileflows)["InitialConfigDone"]) == (True, True)
    # Of each wanted DockerMod one, and no other.
    assert [mod["Name"] for mod in settings(fileflows)["DockerMods"]] == ["FFmpeg 7"]


def test_a_second_run_changes_nothing(fileflows):
    again = fileflows.converge()
    assert (again.returncode, again.changed) == (0, 0), again.output


def test_it_runs_as_the_user_that_n8n_is_and_shares_folders_with_it(fileflows):
    folders = fileflows.run("fileflows", "stat", "-c", "%n %u:%g %a", "/media/input", "/media/output")
    assert folders.splitlines() == ["/media/input 1000:1000 770", "/media/output 1000:1000 770"]
    assert fileflows.run("fileflows", "stat", "-c", "%u:%g", "/app/Data/FileFlows.sqlite").strip() == "1000:1000"


def test_it_has_no_more_rights_than_its_entry_point_needs(fileflows):
    host = fileflows.inspect("fileflows")["HostConfig"]
    assert host["CapDrop"] == ["ALL"] and not host["Privileged"]
    capabilities = {name.removeprefix("CAP_") for name in host["CapAdd"]}
    assert capabilities == {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}
    assert not host["PortBindings"]


def test_lost_folders_come_back_with_the_container(fileflows):
    fileflows.run("fileflows", "rm", "-rf", "/media/input")
    docker("rm", "--force", fileflows.container("fileflows"))
    run = fileflows.converge()
    assert run.returncode == 0, run.output
    assert fileflows.run("fileflows", "stat", "-c", "%u", "/media/input").strip() == "1000"
    # What it knew has survived: its first steps are not taken twice.
    posts = [one["path"] for one in fileflows.ask("fileflows", 5000, "/_standin/requests").json()]
    assert "/api/settings/initial-config" not in posts


def test_the_password_of_the_edge_is_not_its_business(fileflows):
    password = fileflows.secrets["fileflows_basic_auth_password"]
    assert password and password not in json.dumps(fileflows.inspect("fileflows"))


def test_what_fileflows_refuses_is_said_with_a_way_out(deploy):
    refused = deploy(converge=False, platform_applications=["fileflows"], fileflows_environment={"BaseUrl": "x"})
    run = refused.converge(platform_start_timeout=20)
    assert run.returncode != 0 and "[4] service startup error" in run.output
    eventually(lambda: "does not know BaseUrl" in refused.logs("fileflows"), 10)


def test_without_a_set_up_it_waits_for_a_person(deploy):
    manual = deploy(platform_applications=["fileflows"], fileflows_configure=False)
    answer = manual.ask("fileflows", 5000, "/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/initial-config")
    assert manual.run("fileflows", "stat", "-c", "%u", "/media/output").strip() == "1000"
