"""The connection, and what its failures say, against the stand-in."""

from __future__ import annotations

import subprocess
import time
from types import SimpleNamespace

import pytest
from patience import free_port

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.mongodb import connection, failures, inspect, users


@pytest.fixture
def connect():
    """Connect as the modules do."""
    servers = []

    def open_server(options: dict) -> connection.Server:
        servers.append(connection.Server(options))
        return servers[-1]

    yield open_server
    for server in servers:
        server.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory) -> dict:
    folder = tmp_path_factory.mktemp("tls")
    names = {"authority": str(folder / "ca.pem"), "whole": str(folder / "both.pem")}
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "2",
            ),
            *("-subj", "/CN=stand-in", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(folder / "key.pem"), "-out", names["authority"]),
        ],
        check=True,
        capture_output=True,
    )
    (folder / "both.pem").write_text((folder / "key.pem").read_text() + (folder / "ca.pem").read_text())
    return names


def refused(options: dict) -> str:
    with pytest.raises(PlatformError) as caught:
        connection.Server(options)
    assert "Administrator-1" not in caught.value.message
    return caught.value.message


def test_a_command_is_answered(standin, login, connect):
    server = connect(login(standin()))
    assert (server.user, server.is_open, server.warnings) == (("admin", "admin"), False, [])
    assert [user["user"] for user in inspect.all_users(server)] == ["admin"]


def test_another_authentication_database(standin, login, connect):
    standing = standin()
    standing.settings.store.create("ops", "keeper", {"pwd": "Keeper-1", "roles": [{"role": "root", "db": "admin"}]})
    options = login(standing, login_user="keeper", login_password="Keeper-1", login_database="ops")
    assert connect(options).run("admin", {"usersInfo": 1})["users"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"login_password": "wrong"}, "[5] integration error"),
        ({"login_password": "wrong"}, "refuses the login of user admin in database admin"),
        ({"login_database": "crm"}, "refuses the login of user admin in database crm"),
        ({"login_user": "nobody"}, "refuses the login of user nobody"),
        ({"login_password": None}, "login_password is missing"),
        ({"login_password": ""}, "login_password is missing"),
        ({"login_host": "mongodb://127.0.0.1"}, "no host name"),
        ({"login_host": "127.0.0.1,127.0.0.2"}, "no host name"),
        ({"login_host": ""}, "no host name"),
        ({"login_port": 99999}, "no connection can be tried"),
        ({"tls": True, "ca_cert": "/nonexistent"}, "no connection can be tried"),
        ({"tls": True, "connect_timeout": 1}, "TLS"),
    ],
)
def test_refusals(standin, login, change, reason):
    assert reason in refused(login(standin(), **change))


def test_nobody_listens(standin, login):
    message = refused(login(standin(), login_port=free_port(), connect_timeout=1))
    assert message.startswith("[3] network error at MongoDB at 127.0.0.1:")
    assert "Connection refused" in message and "configured timeouts" not in message and "Topology" not in message


def test_tls(standin, login, connect, certificate):
    standing = standin(certificate=certificate["whole"])
    assert connect(login(standing, tls=True, ca_cert=certificate["authority"])).is_open is False
    assert connect(login(standing, tls=True, validate_certs=False)).is_open is False
    message = refused(login(standing, tls=True, connect_timeout=1))
    assert "certificate is not accepted" in message and "correct ca_cert" in message
    assert "one that wants TLS needs tls" in refused(login(standing, connect_timeout=1))


def test_an_old_server_is_refused(standin, login):
    assert "it is MongoDB 5.0.14" in refused(login(standin(version=(5, 0, 14))))


def test_one_that_the_library_is_too_new_for_is_refused(standin, login, monkeypatch):
    from standins.mongodb import commands

    monkeypatch.setitem(commands.WIRE_VERSIONS, 3, 5)
    assert "wire version" in refused(login(standin(version=(3, 4, 24)), connect_timeout=1))


@pytest.mark.parametrize("version", [(6, 0, 19), (7, 0, 14), (8, 0, 4)])
def test_supported_versions(standin, login, connect, version):
    assert connect(login(standin(version=version))).warnings == []


def test_a_secondarys_primary_is_used_and_named(standin, login, connect):
    primary = standin(replica_set="rs0")
    secondary = standin(replica_set="rs0", primary=f"127.0.0.1:{primary.port}")
    server = connect(login(secondary))
    assert server.name == f"MongoDB at 127.0.0.1:{primary.port}"
    assert server.warnings == [
        f"MongoDB at 127.0.0.1:{secondary.port} is a secondary; its primary 127.0.0.1:{primary.port} is used instead"
    ]
    server.run("crm", {"createUser": "x", "pwd": "x", "roles": []})


def test_a_replica_set_is_followed_without_a_word(standin, login, connect):
    primary = standin(replica_set="rs0")
    secondary = standin(replica_set="rs0", primary=f"127.0.0.1:{primary.port}")
    server = connect(login(secondary, replica_set="rs0"))
    assert (server.name, server.warnings) == (f"MongoDB at 127.0.0.1:{primary.port}", [])
    server.run("crm", {"createUser": "x", "pwd": "x", "roles": []})


@pytest.mark.parametrize("replica_set", [None, "rs0"])
def test_no_primary(standin, login, replica_set):
    standing = standin(replica_set="rs0", primary="")
    message = refused(login(standing, replica_set=replica_set, connect_timeout=1))
    assert "[3] network error" in message and "its replica set has no primary" in message


def test_an_election_that_ends_in_time_is_waited_for(standin, login, connect, monkeypatch):
    standing = standin(replica_set="rs0", primary="")
    elected = SimpleNamespace(monotonic=time.monotonic, sleep=lambda _: setattr(standing.settings, "primary", "me"))
    monkeypatch.setattr(connection, "time", elected)
    assert connect(login(standing)).warnings == []


def test_a_primary_that_cannot_be_reached(standin, login):
    standing = standin(replica_set="rs0", primary=f"127.0.0.1:{free_port()}")
    message = refused(login(standing, connect_timeout=1))
    assert "Connection refused" in message


def test_another_replica_set(standin, login):
    message = refused(login(standin(replica_set="rs0"), replica_set="rs1"))
    assert "member of the replica set rs0" in message and "correct replica_set" in message


def test_not_a_replica_set_at_all(standin, login):
    assert "it is not a member of a replica set" in refused(login(standin(), replica_set="rs1"))


def test_a_replica_set_that_waits_for_its_beginning(standin, login, monkeypatch):
    standing = standin(replica_set="rs0", primary="")
    monkeypatch.setattr(type(standing.settings), "set_description", {"isreplicaset": True, "secondary": False})
    assert "rs.initiate()" in refused(login(standing))


def test_a_server_that_steps_down_in_between(standin, login, connect):
    standing = standin(replica_set="rs0")
    server = connect(login(standing))
    standing.settings.primary = ""
    with pytest.raises(PlatformError, match="no longer the primary"):
        server.run("crm", {"createUser": "x", "pwd": "x", "roles": []})


def test_a_server_that_is_gone_in_between(standin, login, connect):
    standing = standin()
    server = connect(login(standing, connect_timeout=1))
    standing.stop()
    for attempt in (lambda: server.run("admin", {"ping": 1}), lambda: server.accepts("crm", "app", "x")):
        with pytest.raises(PlatformError) as caught:
            attempt()
        assert caught.value.message.startswith("[3] network error at MongoDB at 127.0.0.1:")


def test_passwords_that_are_accepted_and_not(standin, login, connect):
    standing = standin()
    standing.settings.store.create("crm", "app", {"pwd": "Application-1", "roles": []})
    server = connect(login(standing))
    assert server.accepts("crm", "app", "Application-1")
    assert not server.accepts("crm", "app", "Application-2")
    assert not server.accepts("crm", "nobody", "Application-1")


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ({"createUser": "x", "pwd": "x", "roles": []}, "createUser on database crm"),
        ({"updateUser": "x", "pwd": "x"}, "changePassword on database crm"),
        ({"dropUser": "x"}, "dropUser on database crm"),
        ({"usersInfo": {"forAllDBs": True}}, "viewUser on the cluster"),
        ({"rolesInfo": 1}, "viewRole on database crm"),
        ({"getCmdLineOpts": 1}, "may not run getCmdLineOpts. What to do"),
    ],
)
def test_a_missing_right_is_named(standin, login, connect, command, reason):
    standing = standin()
    standing.settings.store.create("crm", "weak", {"pwd": "Weak-1", "roles": ["read"]})
    server = connect(login(standing, login_user="weak", login_password="Weak-1", login_database="crm"))
    with pytest.raises(PlatformError) as caught:
        server.run("crm", command)
    assert reason in caught.value.message and "user weak in database crm may not run" in caught.value.message
    assert "userAdminAnyDatabase" in caught.value.remedy


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ({"createUser": "admin", "pwd": "x", "roles": []}, "created the user in the meantime"),
        ({"updateUser": "gone", "pwd": "x"}, "removed the user in the meantime"),
        ({"dropUser": "gone"}, "removed the user in the meantime"),
        ({"createUser": "x", "pwd": "x", "roles": ["gone"]}, "removed one of its roles"),
        ({"nonsense": 1}, "no such command"),
        ({"createUser": "x", "pwd": "x", "roles": [], "colour": 1}, "createUser was refused: BSON field"),
    ],
)
def test_what_the_server_refuses_is_translated(standin, login, connect, command, reason):
    with pytest.raises(PlatformError, match=reason):
        connect(login(standin())).run("admin", command)


def test_a_password_that_the_server_would_quote_is_masked(standin, login, connect, monkeypatch):
    from standins.mongodb import store
    from standins.mongodb.failures import Failure

    def quote(_self, _database, _name, command):
        raise Failure(2, f"{command['pwd']} is not good enough")

    monkeypatch.setattr(store.Store, "create", quote)
    server = connect({**login(standin(admin=False, has_authorization=False)), "login_user": None})
    with pytest.raises(PlatformError) as caught:
        server.run("crm", {"createUser": "x", "pwd": "Secret-1", "roles": []})
    assert "(secret) is not good enough" in caught.value.message and "Secret-1" not in caught.value.message


def test_the_library_is_missing_or_old(login, monkeypatch):
    class Standing:
        port = 1

    for name in ("__version__", "version"):
        monkeypatch.setattr(connection.pymongo, name, "3.10.1", raising=False)
    assert "pymongo is 3.10.1, which is too old" in refused(login(Standing)) and "3.11 or later" in refused(
        login(Standing)
    )
    monkeypatch.setattr(connection, "pymongo", None)
    assert "pymongo is missing" in refused(login(Standing))


def test_an_address_of_version_6(login):
    message = refused(login(type("Standing", (), {"port": free_port()}), login_host="::1", connect_timeout=1))
    assert "MongoDB at [::1]:" in message and "[3] network error" in message


def test_a_server_without_authorization(standin, login, connect):
    standing = standin(admin=False, has_authorization=False)
    guest = connect(login(standing, login_user=None))
    assert guest.is_open and inspect.actual(guest, []).users == {}
    assert "authorization is disabled" in guest.warnings[0]
    with pytest.raises(PlatformError, match="authorization is disabled"):
        inspect.actual(connect(login(standing)), [])
    guest.run("admin", {"createUser": "first", "pwd": "x", "roles": []})
    with pytest.raises(PlatformError, match="authorization is disabled"):
        inspect.actual(guest, [])


def test_the_first_user_of_a_server(standin, login, connect):
    standing = standin(admin=False)
    guest = connect(login(standing, login_user=None))
    assert inspect.actual(guest, []) == users.Actual(takes_one=True)
    with pytest.raises(PlatformError, match="wants a login"):
        inspect.all_users(guest)
    standing.settings.store.create("admin", "first", {"pwd": "x", "roles": ["root"]})
    with pytest.raises(PlatformError, match="wants a login"):
        inspect.actual(guest, [])


def test_a_probe_is_not_taken_for_an_answer(standin, login, connect, monkeypatch):
    server = connect(login(standin(admin=False), login_user=None))
    monkeypatch.setattr(server, "_outcome", lambda *_arguments: 0)
    assert not server.welcomes_a_first_user()
    monkeypatch.undo()
    monkeypatch.setattr(connection.Server, "_outcome", lambda *_arguments: failures.UNAUTHORIZED)
    assert not server.welcomes_a_first_user()


DECLARED = {"name": "app", "database": "crm", "password": "Application-1", "roles": None, "state": "present"}


@pytest.mark.parametrize("hides_credentials", [False, True])
def test_what_is_known_of_a_password(standin, login, connect, hides_credentials):
    standing = standin(hides_credentials=hides_credentials)
    keep = standing.settings.store
    for name, mechanisms in (("app", ["SCRAM-SHA-256"]), ("old", ["SCRAM-SHA-1"]), ("rotated", ["SCRAM-SHA-256"])):
        keep.create("crm", name, {"pwd": "Application-1", "roles": [], "mechanisms": mechanisms})
    keep.create("crm", "other", {"pwd": "Application-1", "roles": []})
    declared = [
        DECLARED,
        {**DECLARED, "name": "old"},
        {**DECLARED, "name": "rotated", "password": "Application-2"},
        {**DECLARED, "name": "new"},
    ]
    actual = inspect.actual(connect(login(standing)), declared)
    holds = {key.name: user.holds for key, user in actual.users.items() if key.database == "crm"}
    assert holds == {"app": True, "old": False, "rotated": False, "other": None}
    logins = sum("saslContinue" in entry.get("command", {}) for entry in standing.settings.log)
    # Our own, and that of the rotated password; what is stored tells the rest, unless it is hidden.
    assert logins == (3 if hides_credentials else 2)


def test_a_login_that_no_other_reason_may_hinder_is_not_needed(standin, login, connect, monkeypatch):
    standing = standin()
    standing.settings.store.create("crm", "app", {"pwd": "Application-1", "roles": []})
    server = connect(login(standing))
    monkeypatch.setattr(server, "accepts", lambda *_credentials: False)
    assert users.plan([DECLARED], inspect.actual(server, [DECLARED])) == []


def test_roles_are_looked_up_where_they_are_declared(standin, login, connect):
    declared = [
        {**DECLARED, "roles": [{"role": "read", "db": None}, {"role": "read", "db": "logs"}]},
        {**DECLARED, "name": "x", "roles": [{"role": "read", "db": "$external"}]},
        {**DECLARED, "name": "gone", "state": "absent", "roles": [{"role": "read", "db": "never"}]},
    ]
    known = inspect.actual(connect(login(standin())), declared).roles
    assert set(known) == {"crm", "logs", "$external"}
    assert "readWrite" in known["crm"] and known["$external"] == frozenset()


def test_what_is_read_is_what_is_declared(standin, login, connect):
    standing = standin()
    standing.settings.store.create("crm", "app", {"pwd": "x", "roles": ["read", {"role": "read", "db": "admin"}]})
    documents = inspect.all_users(connect(login(standing)))
    app = {
        "name": "app",
        "database": "crm",
        "roles": [{"role": "read", "db": "admin"}, {"role": "read", "db": "crm"}],
        "state": "present",
    }
    assert inspect.as_declared(documents, ["app"]) == [app]
    assert [one["name"] for one in inspect.as_declared(documents, None)] == ["admin", "app"]
    assert inspect.as_declared(documents, []) == []
