"""The plan for users, without a server."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as some

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.mongodb import inspect, users
from ansible_collections.borgstack.platform.plugins.module_utils.mongodb.users import Actual, Key, Role, User
from ansible_collections.borgstack.platform.plugins.module_utils.plan import diff_of

READ, WRITE = Role("read", "crm"), Role("readWrite", "crm")
ROOT = Role("root", "admin")
APP = Key("crm", "app")


def user(name: str = "app", database: str = "crm", **declared) -> dict:
    return {
        "name": name,
        "database": database,
        "password": None,
        "roles": None,
        "state": "present",
        **declared,
    }


def roles(*names: str, **elsewhere: str) -> list[dict]:
    return [{"role": name, "db": None} for name in names] + [{"role": n, "db": d} for n, d in elsewhere.items()]


def server(found: dict | None = None, **more) -> Actual:
    return Actual(found or {}, more.pop("myself", Key("admin", "admin")), **more)


def words(declared: list[dict], actual: Actual) -> list[str]:
    return [step.words for step in users.plan(declared, actual)]


def test_a_new_user_is_one_command():
    (step,) = users.plan([user(password="Secret-1", roles=roles("readWrite", read="logs"))], server())
    assert step.words == "create user app in database crm"
    assert step.operation == (
        "crm",
        {
            "createUser": "app",
            "pwd": "Secret-1",
            "mechanisms": ["SCRAM-SHA-256"],
            "digestPassword": True,
            "roles": [{"role": "read", "db": "logs"}, {"role": "readWrite", "db": "crm"}],
        },
    )
    assert (step.before, step.after) == (
        {},
        {"password": "(secret, new)", "roles": ["read on logs", "readWrite on crm"]},
    )


def test_a_new_user_without_roles_has_none():
    (step,) = users.plan([user(password="Secret-1")], server())
    assert step.operation[1]["roles"] == [] == step.after["roles"]


def test_a_user_from_outside_needs_no_password():
    (step,) = users.plan([user("CN=app", "$external", roles=roles(readWrite="crm"))], server())
    assert step.operation == ("$external", {"createUser": "CN=app", "roles": [{"role": "readWrite", "db": "crm"}]})


@pytest.mark.parametrize(
    ("declared", "found", "expected"),
    [
        ({}, User({READ}, {"SCRAM-SHA-1"}), []),
        ({"roles": roles("read")}, User({READ}), []),
        ({"roles": roles("read", "read", read="crm")}, User({READ}), []),
        ({"roles": roles("readWrite", "read")}, User({READ, WRITE}), []),
        ({"roles": roles("read")}, User({READ, WRITE}), ["change roles of user app in database crm"]),
        ({"roles": roles(read="logs")}, User({READ}), ["change roles of user app in database crm"]),
        ({"roles": []}, User({READ}), ["change roles of user app in database crm"]),
        ({"password": "x"}, User(holds=True), []),
        ({"password": "x"}, User(holds=True, mechanisms={"SCRAM-SHA-1", "SCRAM-SHA-256"}), []),
        ({"password": "x"}, User(holds=False), ["change password of user app in database crm"]),
        (
            {"password": "x"},
            User(holds=False, mechanisms={"SCRAM-SHA-1"}),
            ["change password, mechanisms of user app in database crm"],
        ),
        (
            {"password": "x", "roles": roles("read")},
            User(holds=False),
            ["change password, roles of user app in database crm"],
        ),
        ({"state": "absent"}, User({READ}), ["remove user app in database crm"]),
    ],
)
def test_only_what_differs_is_changed(declared, found, expected):
    assert words([user(**declared)], server({APP: found})) == expected


def test_what_is_changed_is_one_command():
    found = User(frozenset({READ}), frozenset({"SCRAM-SHA-1"}), False)
    (step,) = users.plan([user(password="x", roles=roles("readWrite"))], server({APP: found}))
    credentials = {"pwd": "x", "mechanisms": ["SCRAM-SHA-256"], "digestPassword": True}
    sent = {"updateUser": "app", **credentials, "roles": [{"role": "readWrite", "db": "crm"}]}
    assert step.operation == ("crm", sent)
    assert step.before == {"password": "(secret, old)", "mechanisms": ["SCRAM-SHA-1"], "roles": ["read on crm"]}
    assert step.after == {
        "password": "(secret, new)",
        "mechanisms": ["SCRAM-SHA-256"],
        "roles": ["readWrite on crm"],
    }


def test_a_removed_user_shows_what_it_could_do():
    (step,) = users.plan([user(state="absent")], server({APP: User(frozenset({READ}))}))
    assert (step.operation, step.before, step.after) == (
        ("crm", {"dropUser": "app"}),
        {"roles": ["read on crm"]},
        {},
    )


def test_absent_and_absent_again():
    assert words([user(state="absent")], server()) == []


def test_users_of_one_name_in_two_databases_are_two():
    declared = [user(password="x"), user(database="logs", password="y")]
    found = {APP: User(holds=True)}
    assert words(declared, server(found)) == ["create user app in database logs"]
    assert len(diff_of(users.plan(declared, server()))) == 2


def test_names_that_look_like_another_user_are_not_mixed_up():
    declared = [user("a in database b", "c", password="x"), user("a", "b", password="x")]
    assert len({step.subject for step in users.plan(declared, server())}) == 2


def test_our_own_user_comes_last():
    me = user("admin", "admin", password="new")
    found = {Key("admin", "admin"): User(frozenset({ROOT}), holds=False)}
    assert words([me, user(password="x")], server(found)) == [
        "create user app in database crm",
        "change password of user admin in database admin",
    ]


def test_our_own_user_may_lose_what_does_not_lock_us_out():
    found = {Key("admin", "admin"): User(frozenset({ROOT, READ}))}
    kept = user("admin", "admin", roles=roles("userAdminAnyDatabase"))
    assert len(words([kept], server(found))) == 1


def test_our_own_user_may_keep_roles_that_only_it_knows():
    own = frozenset({Role("keeper", "admin")})
    declared = user("admin", "admin", roles=roles("keeper", read="crm"))
    assert len(words([declared], server({Key("admin", "admin"): User(own)}))) == 1


def test_a_name_is_not_taken_for_our_own_in_another_database():
    found = {Key("crm", "admin"): User()}
    assert words([user("admin", state="absent")], server(found)) == ["remove user admin in database crm"]


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        ([user(), user()], "declared twice"),
        ([user(state="absent"), user(password="x")], "declared twice"),
        ([user("")], "its name is empty"),
        ([user("a\0b", password="x")], "zero byte"),
        ([user("\ud800", password="x")], "not valid UTF-8"),
        ([user(database="")], "name of its database is empty"),
        ([user(database="a.b")], "cannot be the name of a database"),
        ([user(database="a b")], "cannot be the name of a database"),
        ([user(database="$cmd")], "cannot be the name of a database"),
        ([user(database="é" * 32)], "more than 63 bytes"),
        ([user(database="local", password="x")], "no users in database local"),
        ([user(roles=roles(""))], "name of one of its roles is empty"),
        ([user(roles=roles(read="a/b"))], "cannot be the name of a database"),
        ([user(password="")], "password is empty"),
        ([user(password="a\nb")], "SCRAM-SHA-256 refuses"),
        ([user(password="\u00ad")], "password is empty"),
        ([user(password="\ud800")], "SCRAM-SHA-256 refuses"),
        ([user("new")], "does not exist yet and has no password"),
        ([user("CN=x", "$external", password="x")], "leave password out"),
        ([user("admin", "admin", state="absent")], "logged in as"),
        ([user("admin", "admin", roles=roles("userAdmin"))], "would lose root on admin without another role"),
        ([user("admin", "admin", roles=[])], "would lose root on admin"),
        ([user(roles=roles("reed"))], "database crm has no role reed. What to do: choose one of read, readWrite"),
        ([user("new", password="x", roles=roles(keeper="crm"))], "has no role keeper"),
        ([user(roles=roles(read="$external"))], "choose one of another database"),
    ],
)
def test_refusals(declared, reason):
    known = {"crm": frozenset({"read", "readWrite"}), "$external": frozenset()}
    found = {APP: User(frozenset({READ})), Key("admin", "admin"): User(frozenset({ROOT}))}
    with pytest.raises(PlatformError) as caught:
        users.plan(declared, server(found, roles=known))
    assert reason in caught.value.message


def test_roles_that_are_held_already_are_not_doubted():
    found = {APP: User(frozenset({Role("gone", "crm")}))}
    assert words([user(roles=roles("gone"))], server(found, roles={"crm": frozenset()})) == []


FIRST = user("admin", "admin", password="x", roles=roles("root"))


def test_a_first_user_is_an_administrator():
    assert words([FIRST], Actual(takes_one=True)) == ["create user admin in database admin"]


@pytest.mark.parametrize(
    "declared",
    [
        [],
        [FIRST, user(password="x")],
        [{**FIRST, "state": "absent"}],
        [{**FIRST, "roles": roles("read")}],
        [{**FIRST, "roles": None}],
        [{**FIRST, "database": "crm", "roles": roles(root="admin")}],
    ],
)
def test_nobody_but_an_administrator_is_the_first_user(declared):
    with pytest.raises(PlatformError, match="only if it is its administrator"):
        users.plan(declared, Actual(takes_one=True))


def test_what_is_not_declared_is_reported_and_left_alone():
    found = {APP: User(), Key("admin", "b"): User(), Key("admin", "a"): User()}
    assert words([user()], server(found)) == []
    assert users.undeclared([user(), user("b", "admin", state="absent")], server(found)) == ["user a in database admin"]


def test_what_is_reported_is_in_order():
    found = {Key(database, name): User() for database in ("crm", "admin") for name in "dbca"}
    assert users.undeclared([], server(found)) == sorted(
        f"user {name} in database {database}" for database in ("crm", "admin") for name in "abcd"
    )


def test_the_first_of_several_unknown_roles_is_always_the_same():
    declared = user(password="x", roles=roles(*"fedcba"))
    with pytest.raises(PlatformError, match="has no role a"):
        users.plan([declared], server(roles={"crm": frozenset()}))


@pytest.mark.parametrize("database", ["x" * 63, "$external", "config", "X-1", "é"])
def test_databases_that_are_as_good_as_any(database):
    users.check([user(database=database, roles=roles(read=database))])


def test_secrets_are_shown_nowhere():
    declared = [user(password="Seen-nowhere-1"), user("new", password="Seen-nowhere-2")]
    steps = users.plan(declared, server({APP: User(holds=False)}))
    assert len(steps) == 2
    assert "Seen-nowhere" not in f"{steps}{diff_of(steps)}"


ANY_ROLE = some.builds(
    lambda role, db: {"role": role, "db": db},
    some.sampled_from(["read", "readWrite"]),
    some.none() | some.sampled_from(["crm", "logs"]),
)
ANY_USER = some.fixed_dictionaries(
    {
        "name": some.sampled_from(["a", "b", "c"]),
        "database": some.sampled_from(["crm", "logs"]),
        "password": some.sampled_from(["one", "two"]),
        "roles": some.none() | some.lists(ANY_ROLE, max_size=3),
        "state": some.sampled_from(["present", "present", "absent"]),
    }
)
ANY_DECLARATION = some.lists(ANY_USER, max_size=5, unique_by=users.key_of)
ANY_STATE = some.dictionaries(
    some.builds(Key, some.sampled_from(["crm", "logs"]), some.sampled_from(["a", "b", "c"])),
    some.fixed_dictionaries(
        {
            "pwd": some.sampled_from(["one", "two", "three"]),
            "roles": some.frozensets(some.sampled_from([READ, WRITE, Role("read", "logs")])),
            "mechanisms": some.sampled_from([("SCRAM-SHA-1",), ("SCRAM-SHA-1", "SCRAM-SHA-256"), ("SCRAM-SHA-256",)]),
        }
    ),
)


def seen(state: dict, declared: list[dict]) -> Actual:
    """Return what inspect makes of the model's state."""
    passwords = {users.key_of(item): item["password"] for item in declared}
    found = {}
    for key, one in state.items():
        holds = None
        if passwords.get(key):
            holds = passwords[key] == one["pwd"] and "SCRAM-SHA-256" in one["mechanisms"]
        found[key] = User(one["roles"], frozenset(one["mechanisms"]), holds)
    return server(found)


def carry_out(steps: list, state: dict) -> dict:
    """Return the state after the steps' commands."""
    after = copy.deepcopy(state)
    for step in steps:
        database, command = step.operation
        verb = next(iter(command))
        key = Key(database, command[verb])
        if verb == "dropUser":
            del after[key]
            continue
        assert (verb == "createUser") == (key not in after)
        one = after.setdefault(key, {})
        one.update({name: command[name] for name in ("pwd", "mechanisms") if name in command})
        if "roles" in command:
            one["roles"] = frozenset(Role(role["role"], role["db"]) for role in command["roles"])
    return after


@examples(deadline=None)
@given(ANY_STATE, ANY_DECLARATION)
def test_from_any_state_one_run_arrives_and_the_next_has_nothing_to_do(state, declared):
    after = carry_out(users.plan(declared, seen(state, declared)), state)
    assert users.plan(declared, seen(after, declared)) == []
    for item in declared:
        assert (users.key_of(item) in after) == (item["state"] == "present")
        if item["state"] == "present" and item["roles"] is not None:
            assert after[users.key_of(item)]["roles"] == users.roles_of(item)
    untouched = set(state) - {users.key_of(item) for item in declared}
    assert all(after[key] == state[key] for key in untouched)


@examples(deadline=None)
@given(ANY_STATE, ANY_DECLARATION)
def test_a_run_that_stops_anywhere_is_completed_by_the_next(state, declared):
    steps = users.plan(declared, seen(state, declared))
    whole = carry_out(steps, state)
    for done in range(len(steps)):
        half = carry_out(steps[:done], state)
        assert carry_out(users.plan(declared, seen(half, declared)), half) == whole


@examples(deadline=None)
@given(ANY_STATE)
def test_what_is_written_down_is_what_is(state):
    documents = [
        {
            "user": key.name,
            "db": key.database,
            "roles": [{"role": role.name, "db": role.database} for role in one["roles"]],
            "mechanisms": list(one["mechanisms"]),
        }
        for key, one in state.items()
    ]
    written = inspect.as_declared(documents, None)
    actual = seen(state, [])
    assert users.plan(written, actual) == []
    assert users.undeclared(written, actual) == []
    assert {users.key_of(item): users.roles_of(item) for item in written} == {
        key: one["roles"] for key, one in state.items()
    }
