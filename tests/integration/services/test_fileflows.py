"""FileFlows (a stand-in, see tests/images/fileflows) as its role runs it: set up, shared folders, what it refuses."""

from __future__ import annotations

import json

import pytest
from integration.conftest import VERSIONS, docker
from integration.services.conftest import eventually

pytestmark = pytest.mark.integration
IMAGE = f"revenz/fileflows:{VERSIONS['fileflows_version']}"
ACCEPTED = {"platform_applications": ["fileflows"], "fileflows_accept_license": True}
FFMPEG = ("test", "-x", "/usr/local/bin/ffmpeg")


@pytest.fixture(scope="module")
def fileflows(deploy):
    return deploy(**ACCEPTED)


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


def has_ffmpeg(deployment) -> bool:
    return deployment.run("fileflows", "sh", "-c", f"{' '.join(FFMPEG)} && echo yes", check=False).strip() == "yes"


def test_it_is_root_inside_and_shares_folders_with_n8ns_user(fileflows):
    folders = fileflows.run("fileflows", "stat", "-c", "%n %u:%g %a", "/media/input", "/media/output")
    assert folders.splitlines() == ["/media/input 1000:1000 770", "/media/output 1000:1000 770"]
    assert fileflows.run("fileflows", "stat", "-c", "%u:%g", "/app/Data/FileFlows.sqlite").strip() == "0:0"


def test_its_dockermods_are_installed_under_the_rights_that_it_has(fileflows):
    assert "no-new-privileges:true" in fileflows.inspect("fileflows")["HostConfig"]["SecurityOpt"]
    assert has_ffmpeg(fileflows)


def test_as_another_user_it_could_install_nothing(deploy):
    other = deploy(**ACCEPTED, fileflows_environment={"PUID": "1000", "PGID": "1000"})
    assert other.run("fileflows", "stat", "-c", "%u:%g", "/app/Data/FileFlows.sqlite").strip() == "1000:1000"
    assert not has_ffmpeg(other)
    assert "Docker Mod Failed: FFmpeg 7" in other.run("fileflows", "cat", "/app/Logs/FileFlows.log")


def test_nobody_but_the_proxy_and_who_asks_for_it_shares_a_network_with_it(fileflows):
    assert list(fileflows.inspect("fileflows")["NetworkSettings"]["Networks"]) == [
        f"{fileflows.project}_fileflows-external"
    ]


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
    # What it had installed was in the container, and is installed anew.
    assert has_ffmpeg(fileflows)


def test_the_password_of_the_edge_is_not_its_business(fileflows):
    password = fileflows.secrets["fileflows_basic_auth_password"]
    assert password and password not in json.dumps(fileflows.inspect("fileflows"))


def test_what_fileflows_refuses_is_said_with_a_way_out(deploy):
    refused = deploy(converge=False, **ACCEPTED, fileflows_environment={"BaseUrl": "x"})
    run = refused.converge(platform_start_timeout=20)
    assert run.returncode != 0 and "[4] service startup error" in run.output
    eventually(lambda: "does not know BaseUrl" in refused.logs("fileflows"))


def test_without_a_set_up_it_waits_for_a_person(deploy):
    manual = deploy(**ACCEPTED, fileflows_configure=False)
    answer = manual.ask("fileflows", 5000, "/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/initial-config")
    assert manual.run("fileflows", "stat", "-c", "%u", "/media/output").strip() == "1000"


def test_its_licence_is_not_accepted_in_silence_and_follows_the_operators_word(deploy):
    waiting = deploy(converge=False, platform_applications=["fileflows"])
    first = waiting.converge()
    assert first.returncode == 0 and "nobody has accepted its licence agreement" in first.output, first.output
    assert (settings(waiting)["EulaAccepted"], settings(waiting)["InitialConfigDone"]) == (False, False)
    assert waiting.converge().changed == 0
    assert waiting.converge(fileflows_accept_license=True).returncode == 0
    assert (settings(waiting)["EulaAccepted"], settings(waiting)["InitialConfigDone"]) == (True, True)


def test_a_page_that_says_it_is_loading_does_not_pass_for_healthy(fileflows):
    """While it starts every address leads to a page, with status 200."""
    (_, probe) = fileflows.compose["services"]["fileflows"]["healthcheck"]["test"]
    said = "&& echo well || echo refused"
    assert fileflows.run("fileflows", "sh", "-c", f"({probe}) {said}").strip() == "well"
    page = probe.replace("/api/settings", "/")
    assert fileflows.run("fileflows", "sh", "-c", f"({page}) {said}").strip() == "refused"


def test_it_stops_by_itself_when_it_is_told_to(fileflows):
    # Killed for being too slow it would end with 137.
    docker("stop", "--time", "60", fileflows.container("fileflows"))
    assert fileflows.inspect("fileflows")["State"]["ExitCode"] == 0
