"""MongoDB (a stand-in, see tests/standins/mongodb) as its role runs it: users, a changed password, its health."""

from __future__ import annotations

import time

import pymongo
import pytest
from integration.conftest import VERSIONS, Container, docker
from patience import unhurried

pytestmark = pytest.mark.integration
IMAGE = f"mongo:{VERSIONS['mongodb_version']}"
ROTATED = "Another~pass/word@1$"


@pytest.fixture(scope="module")
def mongodb(deploy):
    return deploy(platform_datastores=["mongodb"])


def connect(deployment, user: str, password: str, database: str = "admin") -> pymongo.MongoClient:
    address = deployment.address("mongodb")
    login = {"username": user, "password": password, "authSource": database}
    return pymongo.MongoClient(address, 27017, directConnection=True, serverSelectionTimeoutMS=3000, **login)


def users(client: pymongo.MongoClient) -> list[str]:
    return [user["user"] for user in client.admin.command({"usersInfo": {"forAllDBs": True}})["users"]]


def test_its_administrator_has_a_secret_of_its_own(mongodb):
    with connect(mongodb, "admin", mongodb.secrets["mongodb_root_password"]) as client:
        assert users(client) == ["admin"]


def test_nobody_else_is_let_in(mongodb):
    stranger = pymongo.MongoClient(mongodb.address("mongodb"), 27017, directConnection=True)
    with stranger as client, pytest.raises(pymongo.errors.OperationFailure, match="requires authentication"):
        users(client)


def test_it_runs_without_any_right_and_writes_nothing_but_its_volumes(mongodb):
    container = mongodb.inspect("mongodb")
    host = container["HostConfig"]
    assert (host["CapDrop"], host["CapAdd"], host["ReadonlyRootfs"]) == (["ALL"], None, True)
    assert container["Config"]["User"] == "999:999" and not host["PortBindings"]
    volumes = {mount["Destination"]: mount["Name"] for mount in container["Mounts"] if mount["Type"] == "volume"}
    project = mongodb.project
    assert volumes == {"/data/db": f"{project}_mongodb_data", "/data/configdb": f"{project}_mongodb_configdb"}


def test_its_cache_follows_the_limit_of_its_container(deploy):
    instances = [{"name": f"mongodb-{limit}", "memory_limit_mb": limit} for limit in (768, 2048, 8192)]
    rendered = deploy(converge=False, platform_datastores=["mongodb"], mongodb_instances=instances)
    shown = rendered.converge("--check", "--diff").output
    for limit, cache in ((768, "0.25"), (2048, "0.75"), (8192, "3.75")):
        assert f"--wiredTigerCacheSizeGB={cache}" in shown and f"mem_limit: {limit}m" in shown, shown


def test_a_second_run_changes_nothing(mongodb):
    again = mongodb.converge()
    assert (again.returncode, again.changed) == (0, 0), again.output


def test_a_changed_password_reaches_the_running_server_and_its_data_stays(mongodb):
    former = mongodb.secrets["mongodb_root_password"]
    with connect(mongodb, "admin", former) as client:
        client.kept.things.insert_one({"_id": "before"})
    rotated = mongodb.converge(platform_supplied_secrets={"mongodb_root_password": ROTATED})
    assert rotated.returncode == 0, rotated.output
    assert ROTATED not in rotated.output and former not in rotated.output
    with connect(mongodb, "admin", ROTATED) as client:
        assert client.kept.things.find_one({"_id": "before"})
    with connect(mongodb, "admin", former) as client, pytest.raises(pymongo.errors.OperationFailure) as refused:
        client.admin.command("ping")
    assert refused.value.code == 18
    assert mongodb.converge().changed == 0


def test_a_rotation_that_was_interrupted_behind_the_change_is_completed(mongodb):
    with connect(mongodb, "admin", ROTATED) as client:
        client.admin.command({"updateUser": "admin", "pwd": "Changed-by-a-run-that-died-1"})
    secrets = {"mongodb_root_password": "Changed-by-a-run-that-died-1"}
    completed = mongodb.converge(platform_supplied_secrets=secrets)
    assert completed.returncode == 0, completed.output
    assert mongodb.converge().changed == 0


def test_passwords_are_in_no_command_line_and_no_label(mongodb):
    container = mongodb.inspect("mongodb")
    shown = [container["Config"][part] for part in ("Cmd", "Labels", "Healthcheck")]
    assert "Changed-by-a-run-that-died-1" not in str(shown)


def test_the_temporary_server_of_the_first_start_does_not_pass_for_healthy(tmp_path):
    slow = tmp_path / "slow.sh"
    slow.write_text("sleep 6\n", encoding="utf-8")
    check = ["mongosh", "--quiet", "--host", "mongodb", "--eval", 'db.adminCommand("ping").ok']
    options = (
        "--user=999:999",
        "--read-only",
        "--tmpfs=/tmp",
        "--hostname=mongodb",
        f"--volume={slow}:/docker-entrypoint-initdb.d/slow.sh:ro",
        "--env=MONGO_INITDB_ROOT_USERNAME=admin",
        "--env=MONGO_INITDB_ROOT_PASSWORD=First-start-1",
    )
    server = Container(IMAGE, options=options)
    try:
        inside = [*check[:3], "127.0.0.1", *check[4:]]
        server.wait(*inside)
        assert "MongoNetworkError" in server.run(*check, check=False)
        server.wait(*check)
    finally:
        server.remove()


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        (["MONGO_INITDB_ROOT_USERNAME=admin"], "both of"),
        (["MONGODB_ROOT_PASSWORD=First-start-1"], "does not know MONGODB_ROOT_PASSWORD"),
    ],
)
def test_the_stand_in_refuses_what_the_image_does_not_know(variables, words):
    output = docker("run", "--rm", *(f"--env={one}" for one in variables), IMAGE, check=False)
    assert words in output


def test_it_stops_when_it_is_told_to(mongodb):
    started = time.monotonic()
    docker("stop", "--time", "30", mongodb.container("mongodb"))
    assert time.monotonic() - started < unhurried(10)
    assert mongodb.inspect("mongodb")["State"]["ExitCode"] == 0
