"""MongoDB on the deployed platform: who is let in, who may do what, and who can reach it."""

from __future__ import annotations

import json
import socket

import pytest

NETWORK = "borgstack_internal"

ASK = """
import json, sys
import pymongo
address, user, password, source, database, command = sys.argv[1:]
client = pymongo.MongoClient(address, 27017, username=user or None, password=password or None, authSource=source,
                             directConnection=True, serverSelectionTimeoutMS=5000)
try:
    print(json.dumps(client[database].command(json.loads(command)), default=str))
except pymongo.errors.OperationFailure as error:
    print(json.dumps({"code": error.code}))
"""


@pytest.fixture(scope="module")
def ask(server, container):
    """Run a command as a user: `ask("admin", password, "admin", "admin", {"ping": 1})`; an error gives its code."""
    networks = json.loads(server.check_output(f"docker inspect {container('mongodb')}"))[0]["NetworkSettings"][
        "Networks"
    ]
    address = networks[NETWORK]["IPAddress"]

    def run(user: str, password: str, source: str, database: str, command: dict) -> dict:
        arguments = (ASK, address, user, password, source, database, json.dumps(command))
        return json.loads(server.check_output("python3 -c %s %s %s %s %s %s %s", *arguments))

    return run


def test_it_cannot_be_reached_from_outside(address):
    with pytest.raises(OSError):
        socket.create_connection((address, 27017), timeout=3)


def test_it_is_on_the_internal_network_alone(server, container):
    shown = json.loads(server.check_output(f"docker inspect {container('mongodb')}"))[0]
    assert set(shown["NetworkSettings"]["Networks"]) == {NETWORK}
    assert (shown["HostConfig"]["CapAdd"], shown["HostConfig"]["ReadonlyRootfs"]) == (None, True)


def test_its_users_are_the_administrator_and_those_of_the_services(ask, secrets):
    shown = ask("admin", secrets["mongodb_root_password"], "admin", "admin", {"usersInfo": {"forAllDBs": True}})
    found = {(user["db"], user["user"]): user["roles"] for user in shown["users"]}
    assert set(found) == {("admin", "admin"), ("lowcoder", "lowcoder_user")}
    roles = sorted((role["role"], role["db"]) for role in found["lowcoder", "lowcoder_user"])
    assert roles == [("dbAdmin", "lowcoder"), ("readWrite", "lowcoder")]


def test_a_services_user_is_kept_to_its_own_database(ask, secrets):
    login = ("lowcoder_user", secrets["lowcoder_database_password"], "lowcoder")
    assert ask(*login, "lowcoder", {"find": "user", "limit": 1})["ok"] == 1
    assert ask(*login, "admin", {"usersInfo": {"forAllDBs": True}})["code"] == 13
    assert ask(*login, "other", {"insert": "things", "documents": [{"_id": 1}]})["code"] == 13


def test_nobody_is_let_in_without_a_password_or_with_a_wrong_one(ask):
    assert ask("", "", "admin", "admin", {"usersInfo": 1})["code"] == 13
    assert ask("admin", "Wrong-password-1", "admin", "admin", {"ping": 1})["code"] == 18
