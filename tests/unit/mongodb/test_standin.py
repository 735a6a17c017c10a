"""The stand-in for MongoDB, proven by MongoDB's own client library: it behaves towards it as MongoDB documents."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
import struct

import bson
import pymongo
import pytest
from pymongo import errors
from standins.mongodb import scram
from standins.mongodb.documents import Documents
from standins.mongodb.failures import Failure
from standins.mongodb.store import Store

PASSWORD = "Application-1"


@pytest.fixture
def connect(standin):
    """Connect PyMongo: `connect(server, "name", "password", authMechanism=...)`."""
    clients = []

    def open_client(server, user: str = "", password: str = PASSWORD, **settings) -> pymongo.MongoClient:
        credentials = {"username": user, "password": password} if user else {}
        usual = {"directConnection": True, "serverSelectionTimeoutMS": 2000, **credentials}
        clients.append(pymongo.MongoClient("127.0.0.1", server.port, **{**usual, **settings}))
        return clients[-1]

    yield open_client
    for client in clients:
        client.close()


@pytest.fixture
def admin(standin, connect):
    server = standin()
    return connect(server, "admin", "Administrator-1"), server


def refusal(client, database: str, command: dict) -> tuple[int, str]:
    with pytest.raises(errors.OperationFailure) as caught:
        client[database].command(command)
    return caught.value.code, caught.value.details["codeName"]


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-1", "SCRAM-SHA-256", "DEFAULT"])
@pytest.mark.parametrize("name", ["app", "a=b,c", "é ü"])
def test_the_library_logs_in(admin, connect, mechanism, name):
    client, server = admin
    client.crm.command({"createUser": name, "pwd": "pass wörd", "roles": ["readWrite"]})
    status = connect(server, name, "pass wörd", authSource="crm", authMechanism=mechanism).admin.command(
        "connectionStatus"
    )["authInfo"]
    assert status["authenticatedUsers"] == [{"user": name, "db": "crm"}]
    assert status["authenticatedUserRoles"] == [{"role": "readWrite", "db": "crm"}]


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-1", "SCRAM-SHA-256"])
@pytest.mark.parametrize(
    ("name", "password", "source"), [("app", "x", "crm"), ("no", PASSWORD, "crm"), ("app", PASSWORD, "logs")]
)
def test_a_wrong_login_is_refused(admin, connect, mechanism, name, password, source):
    client, server = admin
    client.crm.command({"createUser": "app", "pwd": PASSWORD, "roles": []})
    guest = connect(server, name, password, authSource=source, authMechanism=mechanism)
    assert refusal(guest, "admin", {"connectionStatus": 1}) == (18, "AuthenticationFailed")


def test_a_user_without_credentials_of_a_mechanism_cannot_use_it(admin, connect):
    client, server = admin
    client.crm.command({"createUser": "app", "pwd": PASSWORD, "roles": [], "mechanisms": ["SCRAM-SHA-256"]})
    assert connect(server, "app", authSource="crm").admin.command("ping")["ok"] == 1
    refused = connect(server, "app", authSource="crm", authMechanism="SCRAM-SHA-1")
    assert refusal(refused, "admin", {"connectionStatus": 1}) == (18, "AuthenticationFailed")


def test_the_library_checks_the_servers_signature(admin, connect):
    client, server = admin
    client.crm.command({"createUser": "app", "pwd": PASSWORD, "roles": [], "mechanisms": ["SCRAM-SHA-256"]})
    stored = server.settings.store.find("crm", "app")["credentials"]["SCRAM-SHA-256"]
    stored["serverKey"] = base64.b64encode(b"another server's key, 32 bytes..").decode()
    with pytest.raises(errors.OperationFailure, match="Server returned an invalid signature"):
        connect(server, "app", authSource="crm").admin.command("connectionStatus")


def test_the_exchange_published_in_the_rfc(monkeypatch):
    salt, iterations = "W22ZaJ0SNY7soEsUEjb6gQ==", 4096
    salted = hashlib.pbkdf2_hmac("sha256", b"pencil", base64.b64decode(salt), iterations)
    client_key, server_key = (hmac.new(salted, words, "sha256").digest() for words in (b"Client Key", b"Server Key"))
    stored = {
        "salt": salt,
        "iterationCount": iterations,
        "storedKey": base64.b64encode(hashlib.sha256(client_key).digest()).decode(),
        "serverKey": base64.b64encode(server_key).decode(),
    }
    monkeypatch.setattr(scram.secrets, "token_urlsafe", lambda _size: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0")
    conversation = scram.Conversation("SCRAM-SHA-256", "db", lambda _db, _name: {"SCRAM-SHA-256": stored})
    answer, is_done = conversation.step(b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO")
    nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    assert (answer.decode(), is_done) == (f"r={nonce},s={salt},i=4096", False)
    proof = f"c=biws,r={nonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    answer, is_done = conversation.step(proof.encode())
    assert (answer, is_done) == (b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", True)


def test_iterations_and_salts_are_mongodbs(admin):
    client, _server = admin
    client.crm.command({"createUser": "app", "pwd": PASSWORD, "roles": []})
    (user,) = client.crm.command({"usersInfo": "app", "showCredentials": True})["users"]
    found = {
        name: (one["iterationCount"], len(base64.b64decode(one["salt"]))) for name, one in user["credentials"].items()
    }
    assert found == {"SCRAM-SHA-1": (10000, 16), "SCRAM-SHA-256": (15000, 28)}


def test_users_are_shown_as_documented(admin):
    client, _server = admin
    client.crm.command({"createUser": "app", "pwd": PASSWORD, "roles": ["read", {"role": "dbAdmin", "db": "logs"}]})
    (user,) = client.admin.command({"usersInfo": {"user": "app", "db": "crm"}})["users"]
    assert user.pop("userId")
    assert user == {
        "_id": "crm.app",
        "user": "app",
        "db": "crm",
        "roles": [{"role": "read", "db": "crm"}, {"role": "dbAdmin", "db": "logs"}],
        "mechanisms": ["SCRAM-SHA-1", "SCRAM-SHA-256"],
    }
    everyone = client.admin.command({"usersInfo": {"forAllDBs": True}})["users"]
    assert {one["_id"] for one in everyone} == {"admin.admin", "crm.app"}
    assert [one["_id"] for one in client.crm.command({"usersInfo": 1})["users"]] == ["crm.app"]


def test_updates_replace_what_they_name(admin, connect):
    client, server = admin
    client.crm.command({"createUser": "app", "pwd": PASSWORD, "roles": ["read"], "customData": {"team": 1}})
    client.crm.command({"updateUser": "app", "roles": ["dbAdmin"]})
    client.crm.command({"updateUser": "app", "mechanisms": ["SCRAM-SHA-256"]})
    (user,) = client.crm.command({"usersInfo": "app"})["users"]
    assert (user["roles"], user["mechanisms"]) == ([{"role": "dbAdmin", "db": "crm"}], ["SCRAM-SHA-256"])
    assert user["customData"] == {"team": 1}
    client.crm.command({"updateUser": "app", "pwd": "New-1"})
    assert connect(server, "app", "New-1", authSource="crm").admin.command("ping")["ok"] == 1
    client.crm.command({"dropUser": "app"})
    assert client.crm.command({"usersInfo": "app"})["users"] == []


@pytest.mark.parametrize(
    ("database", "command", "expected"),
    [
        ("crm", {"createUser": "app", "pwd": "x", "roles": []}, (51003, "Location51003")),
        ("crm", {"createUser": "b", "pwd": "x", "roles": ["nonsense"]}, (31, "RoleNotFound")),
        ("crm", {"createUser": "b", "pwd": "x", "roles": ["root"]}, (31, "RoleNotFound")),
        ("crm", {"createUser": "b", "pwd": "x"}, (40414, "IDLFailedToParse")),
        ("crm", {"createUser": "b", "pwd": "x", "roles": [], "passwordDigestor": "server"}, (40415, "IDLUnknownField")),
        ("crm", {"createUser": "b", "pwd": 1, "roles": []}, (14, "TypeMismatch")),
        ("crm", {"createUser": "b", "roles": []}, (2, "BadValue")),
        ("crm", {"createUser": "", "pwd": "x", "roles": []}, (2, "BadValue")),
        ("crm", {"createUser": "a\0b", "pwd": "x", "roles": []}, (2, "BadValue")),
        ("crm", {"createUser": "b", "pwd": "a\nb", "roles": []}, (2, "BadValue")),
        ("crm", {"createUser": "b", "pwd": "x", "roles": [], "mechanisms": []}, (2, "BadValue")),
        ("crm", {"createUser": "b", "pwd": "x", "roles": [], "mechanisms": ["PLAIN"]}, (2, "BadValue")),
        ("crm", {"createUser": "b", "pwd": "x", "roles": [], "digestPassword": False}, (2, "BadValue")),
        ("local", {"createUser": "b", "pwd": "x", "roles": []}, (2, "BadValue")),
        ("$external", {"createUser": "b", "pwd": "x", "roles": []}, (2, "BadValue")),
        ("crm", {"updateUser": "nobody", "pwd": "x"}, (11, "UserNotFound")),
        ("crm", {"updateUser": "app"}, (2, "BadValue")),
        ("crm", {"updateUser": "app", "roles": ["nonsense"]}, (31, "RoleNotFound")),
        ("crm", {"dropUser": "nobody"}, (11, "UserNotFound")),
        ("crm", {"dropUser": "app", "force": True}, (40415, "IDLUnknownField")),
        ("admin", {"usersInfo": 1, "nonsense": 1}, (40415, "IDLUnknownField")),
        ("admin", {"nonsense": 1}, (59, "CommandNotFound")),
        ("admin", {"saslContinue": 1, "conversationId": 1, "payload": b""}, (17, "ProtocolError")),
        ("admin", {"saslStart": 1, "mechanism": "PLAIN", "payload": b"x"}, (334, "MechanismUnavailable")),
        ("admin", {"saslStart": 1, "mechanism": "SCRAM-SHA-256", "payload": b"x"}, (18, "AuthenticationFailed")),
    ],
)
def test_refusals_have_the_servers_codes(admin, database, command, expected):
    client, _server = admin
    client.crm.command({"createUser": "app", "pwd": PASSWORD, "roles": [], "mechanisms": ["SCRAM-SHA-256"]})
    assert refusal(client, database, command) == expected


def test_mechanisms_cannot_be_added_without_the_password(admin):
    client, _server = admin
    client.crm.command({"createUser": "app", "pwd": PASSWORD, "roles": [], "mechanisms": ["SCRAM-SHA-256"]})
    assert refusal(client, "crm", {"updateUser": "app", "mechanisms": ["SCRAM-SHA-1"]}) == (2, "BadValue")


EVERYBODY = ("admin", {"usersInfo": {"forAllDBs": True}})


@pytest.mark.parametrize(
    ("roles", "allowed", "refused"),
    [
        (
            ["userAdmin"],
            [("crm", {"usersInfo": 1}), ("crm", {"rolesInfo": 1})],
            [EVERYBODY],
        ),
        (["dbOwner"], [("crm", {"dropUser": "other"})], [("logs", {"usersInfo": 1}), ("logs", {"dropUser": "x"})]),
        (["userAdmin"], [], [("crm", {"updateUser": "other", "roles": []}), ("admin", {"getCmdLineOpts": 1})]),
        (["read"], [("crm", {"usersInfo": "app"})], [("crm", {"usersInfo": "other"}), ("crm", {"rolesInfo": 1})]),
        (["read"], [("crm", {"rolesInfo": "read"})], [("crm", {"createUser": "x", "pwd": "x", "roles": []})]),
        (["read"], [], [("crm", {"updateUser": "other", "pwd": "x"}), ("crm", {"updateUser": "x", "customData": {}})]),
        (["userAdmin"], [], [("crm", {"createUser": "x", "pwd": "x", "roles": [{"role": "read", "db": "logs"}]})]),
        (
            [{"role": "restore", "db": "admin"}],
            [("crm", {"usersInfo": 1})],
            [EVERYBODY],
        ),
        ([{"role": "clusterMonitor", "db": "admin"}], [("admin", {"getCmdLineOpts": 1})], [("crm", {"usersInfo": 1})]),
        (
            [{"role": "userAdminAnyDatabase", "db": "admin"}],
            [EVERYBODY, ("crm", {"updateUser": "other", "roles": []})],
            [("admin", {"getCmdLineOpts": 1})],
        ),
    ],
)
def test_rights_are_enforced(admin, connect, roles, allowed, refused):
    client, server = admin
    client.crm.command({"createUser": "other", "pwd": PASSWORD, "roles": ["read"]})
    client.crm.command({"createUser": "app", "pwd": PASSWORD, "roles": roles})
    limited = connect(server, "app", authSource="crm")
    for database, command in allowed:
        assert limited[database].command(command)["ok"] == 1
    for database, command in refused:
        assert refusal(limited, database, command) == (13, "Unauthorized")


def test_without_a_login_nothing_is_allowed(admin, connect):
    guest = connect(admin[1])
    assert guest.admin.command("ping")["ok"] == 1 and guest.server_info()["version"] == "8.0.4"
    for command in ({"usersInfo": 1}, {"rolesInfo": 1}, {"createUser": "x", "pwd": "x", "roles": []}):
        assert refusal(guest, "admin", command) == (13, "Unauthorized")


def test_a_login_ends(admin):
    client, _server = admin
    client.admin.command({"logout": 1})
    assert refusal(client, "admin", {"usersInfo": 1}) == (13, "Unauthorized")


def test_the_localhost_exception_ends_with_the_first_user(standin, connect):
    guest = connect(standin(admin=False))
    assert refusal(guest, "admin", {"usersInfo": 1}) == (13, "Unauthorized")
    assert refusal(guest, "crm", {"createUser": "x", "pwd": "x", "roles": []}) == (13, "Unauthorized")
    assert guest.admin.command({"createUser": "root", "pwd": "x", "roles": ["root"]})["ok"] == 1
    assert refusal(guest, "admin", {"createUser": "x", "pwd": "x", "roles": []}) == (13, "Unauthorized")


def test_without_authorization_everything_is_allowed(standin, connect):
    guest = connect(standin(admin=False, has_authorization=False))
    assert guest.crm.command({"createUser": "x", "pwd": "x", "roles": []})["ok"] == 1
    assert guest.admin.command("getCmdLineOpts")["parsed"] == {}


def test_built_in_roles_are_those_of_their_database(admin):
    client, _server = admin
    assert client.crm.command({"rolesInfo": 1})["roles"] == []
    crm = client.crm.command({"rolesInfo": 1, "showBuiltinRoles": True})["roles"]
    assert {role["role"] for role in crm} == {"read", "readWrite", "dbAdmin", "dbOwner", "enableSharding", "userAdmin"}
    assert "root" in {
        role["role"] for role in client.admin.command({"rolesInfo": 1, "showBuiltinRoles": True})["roles"]
    }
    assert client.crm.command({"rolesInfo": ["read", "nonsense"]})["roles"][0]["_id"] == "crm.read"


def test_the_library_finds_the_primary_of_a_replica_set(standin, connect):
    primary = standin(replica_set="rs0")
    secondary = standin(replica_set="rs0", primary=f"127.0.0.1:{primary.port}")
    client = connect(secondary, "admin", "Administrator-1", directConnection=False, replicaSet="rs0")
    assert client.admin.command("hello")["isWritablePrimary"] and client.address == ("127.0.0.1", primary.port)
    direct = connect(secondary, "admin", "Administrator-1")
    with pytest.raises(errors.NotPrimaryError):
        direct.crm.command({"createUser": "x", "pwd": "x", "roles": []})


def test_passwords_are_not_logged(admin, connect):
    client, server = admin
    client.crm.command({"createUser": "app", "pwd": PASSWORD, "roles": []})
    client.crm.command({"updateUser": "app", "pwd": "Application-2"})
    connect(server, "app", "Application-2", authSource="crm").admin.command("ping")
    seen = str(server.settings.log)
    assert "'updateUser': 'app', 'pwd': 'xxx'" in seen and "saslContinue" in seen
    assert "Application" not in seen and "Administrator" not in seen


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        (2001, b""),
        (2013, struct.pack("<IB", 0, 1)),
        (2013, struct.pack("<IB", 1, 0)),
        (2004, struct.pack("<i", 0) + b"crm.users\0" + struct.pack("<ii", 0, 1) + bson.encode({"find": 1})),
    ],
)
def test_what_is_not_understood_ends_the_connection(admin, operation, body):
    _client, server = admin
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as raw:
        raw.sendall(struct.pack("<iiii", 16 + len(body), 1, 0, operation) + body)
        assert raw.recv(1) == b""


def test_only_the_commands_failures_have_names():
    with pytest.raises(KeyError):
        Failure(1, "nothing that MongoDB would say here")


def test_documents_are_kept_to_who_may_have_them(admin, connect):
    client, server = admin
    client.crm.command({"createUser": "app", "pwd": PASSWORD, "roles": ["readWrite"]})
    client.crm.command({"createUser": "reader", "pwd": PASSWORD, "roles": ["read"]})
    things = connect(server, "app", authSource="crm").crm.things
    assert things.insert_many([{"_id": 1, "kind": "a"}, {"_id": 2, "kind": "b"}]).inserted_ids == [1, 2]
    with pytest.raises(errors.BulkWriteError, match="E11000"):
        things.insert_many([{"_id": 2}])
    assert things.update_one({"kind": "a"}, {"$set": {"seen": True}}).modified_count == 1
    assert things.update_one({"_id": 3}, {"$set": {"kind": "c"}}, upsert=True).upserted_id == 3
    assert things.delete_one({"kind": "b"}).deleted_count == 1
    reader = connect(server, "reader", authSource="crm").crm
    assert list(reader.things.find()) == [{"_id": 1, "kind": "a", "seen": True}, {"_id": 3, "kind": "c"}]
    assert reader.list_collection_names() == ["things"]
    for refused in (reader.things.insert_one, connect(server, "app", authSource="crm").other.things.insert_one):
        with pytest.raises(errors.OperationFailure) as caught:
            refused({"_id": 4})
        assert caught.value.code == 13
    # What it does not know is refused, not answered wrongly.
    with pytest.raises(errors.OperationFailure, match="by equality only"):
        list(things.find({"_id": {"$gt": 1}}))


def test_users_and_documents_outlive_the_server(standin, connect, tmp_path):
    files = {"users": tmp_path / "users.bson", "documents": tmp_path / "documents.bson"}
    first = standin(store=Store(files["users"]), documents=Documents(files["documents"]))
    connect(first, "admin", "Administrator-1").crm.things.insert_one({"_id": "kept"})
    first.stop()
    second = standin(admin=False, store=Store(files["users"]), documents=Documents(files["documents"]))
    assert connect(second, "admin", "Administrator-1").crm.things.find_one() == {"_id": "kept"}
    assert b"Administrator-1" not in files["users"].read_bytes()
