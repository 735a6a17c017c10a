"""Directus as its role configures it: its administrator's password, and what integrations need in it."""

from __future__ import annotations

import copy
import itertools
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from integration.conftest import docker
from integration.services.conftest import eventually

pytestmark = pytest.mark.integration
ADMIN = "admin@demo.example.com"
FILES = "directus_files"
DECLARED = {
    "fields": [{"collection": FILES, "field": "probe_status", "meta": {"readonly": True}}],
    "policies": [
        {
            "name": "Probe",
            "permissions": [
                {"collection": FILES, "action": "read", "fields": ["*"]},
                {"collection": FILES, "action": "update", "fields": ["probe_status"]},
            ],
        }
    ],
    "users": [{"email": "probe@demo.example.com", "token": "Static-Token-1", "policies": ["Probe"]}],
    "flows": [
        {
            "name": "Probe",
            "options": {"type": "action", "scope": ["files.upload"]},
            "operation": {
                "key": "mark",
                "name": "Mark",
                "type": "item-update",
                "options": {
                    "permissions": "$full",
                    "collection": FILES,
                    "key": "<%$trigger.key%>",
                    "payload": {"probe_status": "@@word@@"},
                },
                "reject": {"key": "note", "name": "Note", "type": "log", "options": {"message": "failed"}},
            },
            "secrets": {"word": "seen"},
        }
    ],
}


@pytest.fixture(scope="module")
def directus(deploy):
    return deploy(platform_datastores=["postgresql", "redis", "seaweedfs"], platform_applications=["directus"])


def log_in(directus, password: str) -> str:
    """Return an access token, or an empty string."""
    body = {"email": ADMIN, "password": password}
    answer = directus.ask("directus", 8055, "/auth/login", "POST", json=body)
    return answer.json()["data"]["access_token"] if answer.ok else ""


def upload(directus, token: str) -> dict:
    headers = {"Authorization": f"Bearer {token}"}
    files = {"file": ("proof.txt", b"proof", "text/plain")}
    return directus.ask("directus", 8055, "/files", "POST", headers=headers, files=files).json()["data"]


def arguments(directus, declared: dict) -> dict:
    connection = {"url": f"http://{directus.address('directus')}:8055", "email": ADMIN}
    return {**connection, "password": directus.secrets["directus_admin_password"], **declared}


def owner(directus) -> str | None:
    headers = {"Authorization": f"Bearer {log_in(directus, directus.secrets['directus_admin_password'])}"}
    answer = directus.ask("directus", 8055, "/settings?fields=project_owner", headers=headers)
    return answer.json()["data"]["project_owner"]


def test_redis_refuses_nothing_to_its_caches_and_shows_it_no_keys_of_others(directus):
    login = f"--env=REDISCLI_AUTH={directus.secrets['redis_cache_admin_password']}"
    redis = ("exec", login, directus.container("redis-cache"), "redis-cli", "--user", "platform")
    docker(*redis, "acl", "log", "reset")
    token = log_in(directus, directus.secrets["directus_admin_password"])
    headers = {"Authorization": f"Bearer {token}"}
    cached = f"sets:namespace:{directus.compose['services']['directus']['environment']['CACHE_NAMESPACE']}:*"

    def keys() -> set[str]:
        directus.ask("directus", 8055, "/roles", headers=headers).raise_for_status()
        return set(docker(*redis, "-n", "5", "keys", cached).split())

    eventually(keys)
    before = keys()
    # Empties the cache of answers, by KEYS and UNLINK.
    directus.ask("directus", 8055, "/utils/cache/clear", "POST", headers=headers).raise_for_status()
    assert not before & set(docker(*redis, "-n", "5", "keys", cached).split())
    log = docker(*redis, "acl", "log")
    assert "directus" not in log, log
    assert docker(*redis, "dbsize").strip() == "0"
    for command, answer in {("select", "5"): "OK", ("select", "0"): "NOPERM", ("dbsize",): "NOPERM"}.items():
        said = docker(*redis, "acl", "dryrun", "directus", *command).strip()
        assert (said == "OK") == (answer == "OK"), (command, said)


def test_its_database_user_does_not_get_into_the_servers_own_databases(directus):
    open_to_all = (
        "select string_agg(concat_ws(' ', datname, privilege_type), ', ' order by 1) from pg_database,"
        " aclexplode(coalesce(datacl, acldefault('d', datdba))) where grantee = 0"
    )
    assert directus.query("postgres", open_to_all) == "template0 CONNECT"
    entry = "select has_database_privilege('directus_user', 'postgres', 'connect')"
    assert directus.query("postgres", entry) == "f"
    directus.query("postgres", "grant connect on database postgres to public")
    assert directus.converge().changed == 1
    assert directus.query("postgres", entry) == "f"
    assert directus.converge().changed == 0


def test_objects_are_made_once_and_work(directus, converge):
    assert converge("directus_objects", arguments(directus, DECLARED)) == [
        f"create field {FILES}.probe_status",
        "create policy Probe",
        "create user probe@demo.example.com",
        "create flow Probe",
    ]
    uploaded = upload(directus, log_in(directus, directus.secrets["directus_admin_password"]))
    headers = {"Authorization": "Bearer Static-Token-1"}

    def read() -> dict:
        return directus.ask("directus", 8055, f"/files/{uploaded['id']}", headers=headers).json()["data"]

    eventually(lambda: read()["probe_status"] == "seen")
    path = f"/files/{uploaded['id']}"
    allowed = directus.ask("directus", 8055, path, "PATCH", headers=headers, json={"probe_status": "done"})
    refused = directus.ask("directus", 8055, path, "PATCH", headers=headers, json={"title": "done"})
    assert (allowed.status_code, refused.status_code) == (200, 403)
    assert directus.ask("directus", 8055, "/users", headers=headers).status_code == 403


def test_changes_are_changes(directus, converge):
    declared = copy.deepcopy(DECLARED)
    declared["fields"][0]["meta"] = {"readonly": False}
    declared["policies"][0]["permissions"].pop()
    declared["users"][0]["token"] = "Static-Token-2"
    declared["flows"][0]["secrets"]["word"] = "seen again"
    changes = [
        f"change field {FILES}.probe_status",
        "change policy Probe",
        "change user probe@demo.example.com",
        "change flow Probe",
    ]
    assert converge("directus_objects", arguments(directus, declared)) == changes
    old, new = ({"Authorization": f"Bearer Static-Token-{number}"} for number in (1, 2))
    assert directus.ask("directus", 8055, "/files", headers=old).status_code == 401
    assert directus.ask("directus", 8055, "/files", headers=new).status_code == 200


def test_a_flow_that_is_to_be_gone_goes_with_its_operations(directus, converge):
    gone = {"flows": [{"name": "Probe", "state": "absent"}]}
    assert converge("directus_objects", arguments(directus, gone)) == ["delete flow Probe"]
    assert directus.query("directus_db", "select count(*) from directus_operations") == "0"


@pytest.mark.parametrize(
    "url",
    [
        "http://seaweedfs:8333/",
        "http://redis:6379/",
        "http://directus:8055/server/health",
        "http://127.0.0.1:8055/server/health",
        "http://[::1]:8055/server/health",
        "http://[::ffff:127.0.0.1]:8055/server/health",
        "http://169.254.169.254/latest/meta-data/",
    ],
)
def test_whoever_may_upload_reads_no_service_of_the_platform(directus, url):
    headers = {"Authorization": f"Bearer {log_in(directus, directus.secrets['directus_admin_password'])}"}
    answer = directus.ask("directus", 8055, "/files/import", "POST", headers=headers, json={"url": url})
    assert answer.status_code == 503, answer.text
    # Refused, and not only without an answer.
    log = directus.logs("directus")
    assert f'Couldn\'t fetch file from URL "{url}": Requested domain' in log and "denied IP address" in log


def test_the_project_has_the_owner_that_the_operator_names_and_nobody_before(directus):
    assert owner(directus) is None
    run = directus.converge(directus_project_owner="owner@demo.example.com")
    assert run.returncode == 0, run.output
    assert owner(directus) == "owner@demo.example.com"
    assert directus.converge().changed == 0


def test_a_wrong_password_is_said_with_a_way_out(directus, module):
    refused = module("directus_objects", {**arguments(directus, {}), "password": "Wrong-Password-1"})
    assert "refuses the password" in refused.refusal and refused["error"]["category"] == 5


@pytest.fixture(scope="module")
def rotated(directus):
    """The administrator chose another password in the browser, and one is declared anew; the run, and what was before.

    A rotation of one that nobody changed there is proven by the scenario of all services.
    """
    before = directus.secrets["directus_admin_password"]
    headers = {"Authorization": f"Bearer {log_in(directus, before)}"}
    changed = directus.ask("directus", 8055, "/users/me", "PATCH", headers=headers, json={"password": "Own-Choice-1"})
    assert changed.status_code == 200
    run = directus.converge(platform_supplied_secrets={"directus_admin_password": "Rotated-Password-1"})
    assert run.returncode == 0, run.output
    return run, before


def test_a_rotated_password_takes_effect(directus, rotated):
    run, before = rotated
    assert log_in(directus, "Rotated-Password-1") and not log_in(directus, before)
    assert "Rotated-Password-1" not in run.output
    again = directus.converge()
    assert (again.returncode, again.changed) == (0, 0), again.output


def test_a_password_that_was_changed_in_the_browser_is_brought_back(directus, rotated):
    assert not log_in(directus, "Own-Choice-1")


def test_an_upload_that_is_under_way_is_taken_at_a_stop(directus, rotated):
    """Its shell becomes the process manager, which lets Directus finish."""
    token = log_in(directus, "Rotated-Password-1")

    def content():
        for _part in range(30):
            yield b"x" * 10_000
            time.sleep(0.1)

    headers = {"Authorization": f"Bearer {token}", "Content-Type": "multipart/form-data; boundary=part"}
    begin = b'--part\r\nContent-Disposition: form-data; name="file"; filename="slow.bin"\r\n'
    begin += b"Content-Type: application/octet-stream\r\n\r\n"
    body = itertools.chain([begin], content(), [b"\r\n--part--\r\n"])
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(directus.ask, "directus", 8055, "/files", "POST", headers=headers, data=body)
        time.sleep(1)
        docker("stop", directus.container("directus"))
        assert answer.result().status_code == 200
    # By itself: the process manager ends with a number of its own, a killed container with 137.
    assert directus.inspect("directus")["State"]["ExitCode"] not in (137, 143)
