"""mongodb_users against a real MongoDB where there is one, otherwise against our stand-in (tests/standins/mongodb)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some
from integration.conftest import ROOT
from integration.mongodb.servers import StandInProcess, connect, kind, start
from integration.processes import watched
from pymongo.errors import OperationFailure

pytestmark = pytest.mark.integration
CRM, LOGS = "borgstack_it_crm", "borgstack_it_logs"
APP = {
    "name": "app",
    "database": CRM,
    "password": "Application-1",
    "roles": [{"role": "readWrite"}, {"role": "read", "db": LOGS}],
}
# What shells, templates, MongoDB's own notations and SCRAM could take for something else.
HOSTILE = ["$where", "a.b", "a@b", "a:b", "a/b", "%40", "a=b,c", "n,,n=admin", "$(id)", "`id`", "%s", "{{ x }}", "--"]
HOSTILE += [";", "'", '"', "\\", "a\nb", " ", "é", "\u200b", "ⅸ", "root", "x" * 200, "null", '{"$ne": null}']


def accepted(login: dict, user: dict) -> bool:
    """Return whether a user can log in."""
    try:
        with connect(login, user) as client:
            return client.admin.command("connectionStatus")["authInfo"]["authenticatedUsers"] != []
    except OperationFailure as error:
        assert error.code == 18, error
        return False


@pytest.fixture(scope="module", params=[kind()])
def server(request):
    running = start(request.param)
    yield running
    running.remove()


@pytest.fixture(scope="module")
def login(server):
    return server.login


@pytest.fixture(scope="module")
def admin(login):
    with connect(login) as client:
        yield client


@pytest.fixture(autouse=True)
def no_users_left(admin):
    clear(admin)
    yield
    clear(admin)


@pytest.fixture
def standin():
    """Start stand-ins for what the server at hand cannot be made to be."""
    running = []

    def start(*arguments: str, **more) -> StandInProcess:
        running.append(StandInProcess(*arguments, **more))
        return running[-1]

    yield start
    for one in running:
        one.remove()


def everybody(admin) -> list[dict]:
    """Return all that the server holds about users, their stored credentials included."""
    users = admin.admin.command({"usersInfo": {"forAllDBs": True}, "showCredentials": True})["users"]
    return sorted(users, key=lambda user: user["_id"])


def ours(admin) -> dict[tuple, tuple]:
    """Return the tests' users: their roles and mechanisms."""
    return {
        (user["db"], user["user"]): (
            {(role["role"], role["db"]) for role in user["roles"]},
            set(user["mechanisms"]),
        )
        for user in everybody(admin)
        if user["db"].startswith("borgstack_it")
    }


def clear(admin) -> None:
    for database, name in ours(admin):
        admin[database].command({"dropUser": name})


def test_a_user_is_created_with_roles_in_two_databases(converge, login, admin):
    assert converge("mongodb_users", {**login, "users": [APP]}) == [f"create user app in database {CRM}"]
    roles = {("readWrite", CRM), ("read", LOGS)}
    assert ours(admin) == {(CRM, "app"): (roles, {"SCRAM-SHA-256"})}
    assert accepted(login, APP) and not accepted(login, {**APP, "password": "Application-2"})


def test_a_rotated_password_is_one_change(converge, module, login):
    converge("mongodb_users", {**login, "users": [APP]})
    rotated = {**APP, "password": "Application-2"}
    assert converge("mongodb_users", {**login, "users": [rotated]}) == [
        f"change password of user app in database {CRM}"
    ]
    assert accepted(login, rotated) and not accepted(login, APP)


def test_a_user_of_the_older_mechanism_is_upgraded_once(converge, module, login, admin):
    older = {"createUser": "app", "pwd": APP["password"], "roles": [], "mechanisms": ["SCRAM-SHA-1"]}
    admin[CRM].command(older)
    bare = {"name": "app", "database": CRM}
    assert module("mongodb_users", {**login, "users": [bare]})["plan"] == []
    steps = converge("mongodb_users", {**login, "users": [{**bare, "password": APP["password"]}]})
    assert steps == [f"change password, mechanisms of user app in database {CRM}"]
    assert ours(admin)[CRM, "app"][1] == {"SCRAM-SHA-256"} and accepted(login, APP)


def test_roles_are_replaced_not_merged(converge, login, admin):
    by_hand = {"taken": [], "other": ["dbOwner"], "more": ["readWrite", {"role": "read", "db": LOGS}, "dbAdmin"]}
    declared = [{**APP, "name": name} for name in by_hand]
    for name, roles in by_hand.items():
        admin[CRM].command({"createUser": name, "pwd": APP["password"], "roles": roles})
    steps = converge("mongodb_users", {**login, "users": declared})
    assert steps == [f"change roles of user {name} in database {CRM}" for name in by_hand]
    assert [roles for roles, _mechanisms in ours(admin).values()] == [{("readWrite", CRM), ("read", LOGS)}] * 3


def test_what_is_not_declared_is_left(module, login, admin):
    admin[CRM].command({"createUser": "app", "pwd": "By-hand-1", "roles": ["dbAdmin"], "customData": {"team": 7}})
    before = everybody(admin)
    assert module("mongodb_users", {**login, "users": [{"name": "app", "database": CRM}]})["plan"] == []
    assert everybody(admin) == before
    module("mongodb_users", {**login, "users": [APP]})
    assert ours(admin)[CRM, "app"][0] == {("readWrite", CRM), ("read", LOGS)} and accepted(login, APP)
    assert admin[CRM].command({"usersInfo": "app"})["users"][0]["customData"] == {"team": 7}


def test_users_of_one_name_in_two_databases(module, login):
    other = {"name": "app", "database": LOGS, "password": "Other-1"}
    assert len(module("mongodb_users", {**login, "users": [APP, other]})["plan"]) == 2
    assert accepted(login, APP) and accepted(login, other) and not accepted(login, {**APP, "database": LOGS})


def test_absent_and_absent_again(converge, login, admin):
    admin[CRM].command({"createUser": "app", "pwd": APP["password"], "roles": ["read"]})
    gone = {"name": "app", "database": CRM, "state": "absent"}
    assert converge("mongodb_users", {**login, "users": [gone]}) == [f"remove user app in database {CRM}"]
    assert ours(admin) == {}


def test_hostile_names_and_passwords_are_taken_as_they_are(converge, login, admin):
    declared = [
        {"name": name, "database": CRM, "password": password, "roles": [{"role": "read"}]}
        for name, password in zip(HOSTILE, [name for name in reversed(HOSTILE) if name not in ("a\nb", "\u200b")] * 2)
    ]
    assert len(converge("mongodb_users", {**login, "users": declared})) == len(HOSTILE)
    assert {name for _database, name in ours(admin)} == set(HOSTILE)
    assert [user["name"] for user in declared if not accepted(login, user)] == []


def test_hostile_databases_are_taken_as_they_are(converge, login, admin):
    names = [f"borgstack_it_{name}" for name in ("a-b", "é", "{x}", "%s", "a@b", "--", "'", "x" * 40)]
    declared = [{**APP, "database": name, "roles": [{"role": "readWrite"}]} for name in names]
    converge("mongodb_users", {**login, "users": declared})
    assert ours(admin) == {(name, "app"): ({("readWrite", name)}, {"SCRAM-SHA-256"}) for name in names}
    assert all(accepted(login, user) for user in declared)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"login_password": "Wrong-1"}, ": the server refuses the login of user"),
        ({"login_port": 1, "connect_timeout": 1}, "[3] network error"),
        ({"login_host": "name.invalid", "connect_timeout": 1}, "[3] network error"),
        ({"login_user": None, "login_password": None}, "wants a login"),
        ({"replica_set": "nonexistent"}, "correct replica_set"),
        ({"users": [{**APP, "database": "local"}]}, "no users in database local"),
        ({"users": [{**APP, "roles": [{"role": "readwrite"}]}]}, "has no role readwrite"),
        ({"users": [{**APP, "roles": [{"role": "root"}]}]}, "choose one of dbAdmin, dbOwner"),
        ({"assume_empty": True}, "for check mode only"),
    ],
)
def test_refusals(module, login, admin, change, reason):
    before = everybody(admin)
    refused = module("mongodb_users", {**login, "users": [APP], **change})
    assert reason in refused.refusal and login["login_password"] not in str(refused)
    assert everybody(admin) == before


def test_check_mode_refuses_the_same(module, login):
    arguments = {**login, "users": [{**APP, "roles": [{"role": "readwrite"}]}]}
    assert module("mongodb_users", arguments, check=True).refusal == module("mongodb_users", arguments).refusal


def test_our_own_user_is_neither_removed_nor_disarmed(module, login, admin):
    keeper = {"name": "keeper", "database": CRM, "password": "Keeper-1"}
    admin[CRM].command({"createUser": "keeper", "pwd": "Keeper-1", "roles": [{"role": "root", "db": "admin"}]})
    mine = {**login, "login_user": "keeper", "login_password": "Keeper-1", "login_database": CRM}
    before = everybody(admin)
    removed = {"name": "keeper", "database": CRM, "state": "absent"}
    assert "logged in as" in module("mongodb_users", {**mine, "users": [removed]}).refusal
    disarmed = {**keeper, "roles": [{"role": "read"}]}
    assert "would lose root on admin" in module("mongodb_users", {**mine, "users": [disarmed]}).refusal
    assert everybody(admin) == before
    # A new password for itself is what a rotation is made of, and what comes before it is done as well.
    rotated = {**keeper, "password": "Keeper-2"}
    done = module("mongodb_users", {**mine, "users": [rotated, APP]})
    assert [words.split()[0] for words in done["plan"]] == ["create", "change"] and accepted(login, rotated)


def test_one_who_may_not_is_told_which_right_is_missing(module, login, admin):
    admin[CRM].command({"createUser": "weak", "pwd": "Weak-1", "roles": ["userAdmin"]})
    weak = {**login, "login_user": "weak", "login_password": "Weak-1", "login_database": CRM}
    refusal = module("mongodb_users", {**weak, "users": [APP]}).refusal
    assert "may not run usersInfo: it takes the action viewUser on the cluster" in refusal


def test_the_role_that_is_documented_is_enough(module, login, admin):
    roles = [{"role": "userAdminAnyDatabase", "db": "admin"}]
    admin[CRM].command({"createUser": "keeper", "pwd": "Keeper-1", "roles": roles})
    keeper = {**login, "login_user": "keeper", "login_password": "Keeper-1", "login_database": CRM}
    changed = {**APP, "password": "Application-2", "roles": []}
    for declared in (APP, changed, {**changed, "state": "absent"}):
        assert len(module("mongodb_users", {**keeper, "users": [declared]})["plan"]) == 1


def test_an_empty_server_is_planned_for_without_one(module):
    arguments = {"login_port": 1, "assume_empty": True, "report_undeclared": True, "users": [APP]}
    planned = module("mongodb_users", arguments, check=True)
    assert (planned["plan"], planned["undeclared"]) == ([f"create user app in database {CRM}"], [])


def test_what_is_not_declared_is_reported(module, login, admin):
    admin[CRM].command({"createUser": "by-hand", "pwd": "x", "roles": []})
    before = everybody(admin)
    declared = {**login, "users": [APP], "report_undeclared": True}
    found = module("mongodb_users", declared, check=True)["undeclared"]
    assert f"user by-hand in database {CRM}" in found and found == sorted(found)
    assert f"user app in database {CRM}" not in module("mongodb_users", declared)["undeclared"]
    assert [user for user in everybody(admin) if user["user"] != "app"] == before
    assert "undeclared" not in module("mongodb_users", {**login, "users": [APP]})


def test_info_returns_what_can_be_declared(module, login, admin):
    module("mongodb_users", {**login, "users": [APP]})
    admin[LOGS].command({"createUser": "older", "pwd": "x", "roles": ["read"], "mechanisms": ["SCRAM-SHA-1"]})
    found = module("mongodb_users_info", {**login, "names": ["app", "older"]})
    roles = [{"role": "read", "db": LOGS}, {"role": "readWrite", "db": CRM}]
    assert found["users"] == [
        {"name": "app", "database": CRM, "roles": roles, "state": "present"},
        {"name": "older", "database": LOGS, "roles": [{"role": "read", "db": LOGS}], "state": "present"},
    ]
    assert "changed" not in found or not found["changed"]
    assert module("mongodb_users_info", {**login, "names": ["app"]}, check=True)["users"] == found["users"][:1]
    everyone = module("mongodb_users_info", login)["users"]
    again = module("mongodb_users", {**login, "users": everyone, "report_undeclared": True})
    assert (again["plan"], again["undeclared"]) == ([], [])


ROLE = some.fixed_dictionaries(
    {"role": some.sampled_from(["read", "readWrite", "dbAdmin"])}, optional={"db": some.sampled_from([CRM, LOGS])}
)
USER = some.fixed_dictionaries(
    {
        "name": some.sampled_from(["a", "b"]),
        "database": some.sampled_from([CRM, LOGS]),
        "password": some.sampled_from(["One-1", "Two-2"]),
        "state": some.sampled_from(["present", "present", "present", "absent"]),
    },
    optional={"roles": some.lists(ROLE, max_size=3)},
)
DECLARATION = some.lists(USER, min_size=1, max_size=4, unique_by=lambda user: (user["name"], user["database"]))


@settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(DECLARATION, some.booleans())
@example([{"name": "a", "database": CRM, "password": "One-1", "state": "present", "roles": [{"role": "read"}]}], True)
def test_check_mode_predicts_what_is_done_and_writes_nothing(module, login, admin, declared, starts_empty):
    if starts_empty:
        clear(admin)
    arguments = {**login, "users": declared}
    before = everybody(admin)
    predicted = module("mongodb_users", arguments, check=True)
    assert everybody(admin) == before
    done = module("mongodb_users", arguments)
    assert (done["changed"], done["plan"], done["diff"]) == (bool(done["plan"]), predicted["plan"], predicted["diff"])
    after = everybody(admin)
    assert module("mongodb_users", arguments)["plan"] == [] and everybody(admin) == after
    for user in declared:
        assert accepted(login, user) == (user["state"] == "present")


# Runs the module, with something happening before its k-th change.
DISTURBED = """
import os, sys
from ansible.module_utils import basic
basic._ANSIBLE_ARGS = sys.stdin.buffer.read()
basic._ANSIBLE_PROFILE = "legacy"
from ansible_collections.borgstack.platform.plugins.module_utils.mongodb import connection
from ansible_collections.borgstack.platform.plugins.modules import mongodb_users
run, left = connection.Server.run, [{k}]
def disturbed(self, database, command):
    if next(iter(command)) in ("createUser", "updateUser", "dropUser"):
        if not left[0]:
            {what}
        left[0] -= 1
    return run(self, database, command)
connection.Server.run = disturbed
mongodb_users.main()
"""
MEETS_ANOTHER = DISTURBED.format(k=1, what="run(self, database, command)")


def program(text: str, arguments: dict) -> subprocess.CompletedProcess:
    """Run a program with a module's arguments."""
    return subprocess.run(
        [sys.executable, "-c", text],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": {**arguments, "_ansible_remote_tmp": "/tmp"}}),
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "collections")},
        capture_output=True,
        check=False,
    )


def test_a_run_that_is_killed_anywhere_is_completed_by_the_next(module, login, admin):
    declared = [APP, {**APP, "name": "b", "roles": []}, {"name": "c", "database": CRM, "state": "absent"}]

    def begin() -> None:
        clear(admin)
        admin[CRM].command({"createUser": "b", "pwd": "Old-1", "roles": ["read"]})
        admin[CRM].command({"createUser": "c", "pwd": "Old-1", "roles": []})

    begin()
    steps = len(module("mongodb_users", {**login, "users": declared})["plan"])
    whole = ours(admin)
    assert steps == 3 and set(whole) == {(CRM, "app"), (CRM, "b")}
    for survived in range(steps):
        begin()
        killed = program(DISTURBED.format(k=survived, what="os._exit(9)"), {**login, "users": declared})
        assert (killed.returncode, killed.stdout) == (9, ""), killed.stderr
        assert ours(admin) != whole
        assert len(module("mongodb_users", {**login, "users": declared})["plan"]) == steps - survived
        assert ours(admin) == whole and accepted(login, {**APP, "name": "b"})


def test_two_runs_at_once(module, login, admin):
    declared = [{**APP, "name": f"user{number}"} for number in range(6)]
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda _: module("mongodb_users", {**login, "users": declared}), range(2)))
    assert any(not outcome.get("failed") for outcome in outcomes)
    for outcome in outcomes:
        assert not outcome.get("failed") or "in the meantime" in outcome["msg"]
    module("mongodb_users", {**login, "users": declared})
    assert len(ours(admin)) == 6 and module("mongodb_users", {**login, "users": declared})["plan"] == []


def test_a_failure_in_the_middle_says_what_is_done(login, admin):
    declared = [{**APP, "name": name, "roles": []} for name in ("a", "b", "c")]
    refused = json.loads(program(MEETS_ANOTHER, {**login, "users": declared}).stdout)
    assert refused["error"]["done"] == [f"create user a in database {CRM}"]
    assert "somebody else created the user in the meantime" in refused["msg"]
    assert f"Already done: create user a in database {CRM}" in refused["msg"]
    assert set(ours(admin)) == {(CRM, "a"), (CRM, "b")}


def test_no_password_is_seen_anywhere(module, login, server):
    with watched() as processes:
        loud = {**login, "_ansible_verbosity": 4}
        seen = [
            module(
                "mongodb_users",
                {**loud, "users": [{**APP, "password": f"Seen-nowhere-in-mongodb-{number}"}]},
                check=check,
            )
            for number, check in ((1, False), (2, True), (2, False))
        ]
        seen.append(module("mongodb_users", {**loud, "users": [{**APP, "password": "Seen-nowhere-in-mongodb-2"}, APP]}))
        seen.append(module("mongodb_users_info", loud))
    assert [len(result.get("plan", [])) for result in seen] == [1, 1, 1, 0, 0]
    assert "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER" in str(seen)
    assert any("integration.module_host" in words for words in processes)
    everything = f"{seen} {server.logs()} {processes}"
    assert "Seen-nowhere-in-mongodb" not in everything and login["login_password"] not in everything
    assert not [key for user in seen[-1]["users"] for key in user if key not in ("name", "database", "roles", "state")]


def test_a_secondary_leads_to_its_primary(module, standin):
    primary = standin("--replica-set", "rs0")
    place = f"127.0.0.1:{primary.login['login_port']}"
    secondary = standin("--replica-set", "rs0", "--primary", place)
    followed = module("mongodb_users", {**secondary.login, "users": [APP]})
    assert followed["plan"] and f"its primary {place} is used instead" in str(followed["warnings"])
    named = module("mongodb_users", {**secondary.login, "replica_set": "rs0", "users": [APP]})
    assert (named["plan"], named.get("warnings", [])) == ([], [])
    assert accepted(primary.login, APP) and not accepted(secondary.login, APP)


@pytest.mark.parametrize("replica_set", ["rs0", None])
def test_a_replica_set_without_a_primary_is_waited_for_and_told(module, standin, replica_set):
    server = standin("--replica-set", "rs0", "--primary", "")
    started = time.monotonic()
    options = {**server.login, "connect_timeout": 2, "replica_set": replica_set, "users": [APP]}
    refusal = module("mongodb_users", options).refusal
    assert "[3] network error" in refusal and "no primary" in refusal
    assert 2 <= time.monotonic() - started < 20


def test_a_server_without_authorization_is_refused(module, standin):
    server = standin("--no-authorization")
    refusal = module("mongodb_users", {**server.login, "users": [APP]}).refusal
    assert "authorization is disabled" in refusal and "set security.authorization to enabled" in refusal
    found = module("mongodb_users_info", server.login)
    assert [user["name"] for user in found["users"]] == ["admin"]
    assert "authorization is disabled" in str(found["warnings"])


def test_a_server_without_authorization_and_users_is_prepared_with_a_warning(module, standin):
    server = standin("--no-authorization", admin=False)
    guest = {**server.login, "login_user": None, "login_password": None}
    root = {"name": "root", "password": "Root-1", "roles": [{"role": "root"}]}
    done = module("mongodb_users", {**guest, "users": [root, APP]})
    assert len(done["plan"]) == 2 and "authorization is disabled" in str(done["warnings"])
    assert "authorization is disabled" in module("mongodb_users", {**guest, "users": [root, APP]}).refusal


def test_the_first_user_of_a_server(module, standin):
    server = standin(admin=False)
    guest = {**server.login, "login_user": None, "login_password": None}
    root = {"name": "root", "password": "Root-1", "roles": [{"role": "root"}]}
    assert "only if it is its administrator" in module("mongodb_users", {**guest, "users": [APP]}).refusal
    predicted = module("mongodb_users", {**guest, "users": [root]}, check=True)
    done = module("mongodb_users", {**guest, "users": [root]})
    assert (done["plan"], done["diff"]) == (predicted["plan"], predicted["diff"])
    assert done["plan"] == ["create user root in database admin"]
    assert "wants a login" in module("mongodb_users", {**guest, "users": [root]}).refusal
    login = {**server.login, "login_user": "root", "login_password": "Root-1"}
    assert module("mongodb_users", {**login, "users": [root, APP]})["plan"] == [f"create user app in database {CRM}"]


@pytest.mark.parametrize(("version", "is_supported"), [("5.0.31", False), ("6.0.20", True)])
def test_versions(module, standin, version, is_supported):
    outcome = module("mongodb_users", {**standin("--version", version).login, "users": [APP]})
    assert outcome.get("failed", False) is not is_supported
    assert is_supported or f"it is MongoDB {version}. What to do: use MongoDB 6.0 or later" in outcome["msg"]


def test_tls(module, standin, tmp_path):
    key, authority, both = (tmp_path / name for name in ("key.pem", "ca.pem", "both.pem"))
    subject = ["-days", "2", "-subj", "/CN=stand-in", "-addext", "subjectAltName=IP:127.0.0.1"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command = ["openssl", "req", "-x509", *curve, *subject, "-keyout", str(key), "-out", str(authority)]
    subprocess.run(command, check=True, capture_output=True)
    both.write_text(key.read_text() + authority.read_text())
    login = {**standin("--certificate", str(both)).login, "connect_timeout": 1}
    assert module("mongodb_users", {**login, "tls": True, "ca_cert": str(authority), "users": [APP]})["plan"]
    unknown = module("mongodb_users", {**login, "tls": True, "users": [APP]}).refusal
    assert "certificate is not accepted" in unknown
    assert module("mongodb_users", {**login, "tls": True, "validate_certs": False, "users": [APP]})["plan"] == []
    assert "needs tls" in module("mongodb_users", {**login, "users": [APP]}).refusal
