"""What a plan for roles changes, refuses and sends."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as some

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import roles, scram
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import Ident, Text

UNDECLARED = (
    "password",
    "superuser",
    "createdb",
    "createrole",
    "replication",
    "connection_limit",
    "valid_until",
    "inherit",
    "bypassrls",
)
NEVER = "Infinity"
BY_HAND = {"g": ["postgres"]}
REVOKED = "revoke role h from role r"


def role(name: str = "r", **declared) -> dict:
    nothing = dict.fromkeys((*UNDECLARED, "member_of", "exclusive_memberships", "settings", "comment"))
    return {**nothing, "name": name, "login": True, "state": "present", **declared}


def instant(at: str, is_past: bool = False) -> dict:
    return {"instant": at, "is_past": is_past}


def found(name: str = "r", **properties) -> dict:
    flags = {**dict.fromkeys(roles.FLAGS, False), "login": True, "inherit": True}
    rest = {"connection_limit": -1, "valid_until": "infinity", "valid_until_instant": NEVER, "settings": {}}
    rest = {**rest, "comment": None, "member_of": {}, "admin_of": {}}
    return {"name": name, **flags, **rest, "verifier": None, **properties}


def server(*existing: dict, **known) -> dict:
    return {**roles.EMPTY, "roles": {actual["name"]: actual for actual in existing}, "iterations": 1, **known}


def words(declared: list[dict], actual: dict) -> list[str]:
    return [step.words for step in roles.plan(declared, actual)]


def test_a_new_role_is_one_statement_with_a_verifier_and_no_password():
    declared = role(password="Secret-1", createdb=True, connection_limit=5, valid_until="2031-01-01")
    (step,) = roles.plan([declared], server(instants={"2031-01-01": instant("1")}))
    assert step.operation.text == "CREATE ROLE {} LOGIN CREATEDB CONNECTION LIMIT {} VALID UNTIL {} PASSWORD {}"
    assert scram.matches(step.operation.parts[-1].value, "Secret-1")
    assert "Secret-1" not in repr((step, step.operation)) and "SCRAM" not in repr(step)


def test_what_is_not_declared_is_left_alone():
    actual = found(superuser=True, connection_limit=3, comment="by hand", member_of=BY_HAND, settings={"work_mem": "1"})
    assert words([role()], server(actual)) == []


@pytest.mark.parametrize(
    ("declared", "actual", "expected"),
    [
        ({"superuser": False}, {"superuser": True}, ["change superuser of role r"]),
        ({"login": False, "createrole": True}, {}, ["change login, createrole of role r"]),
        ({"connection_limit": 7}, {}, ["change connection_limit of role r"]),
        ({"valid_until": "infinity"}, {}, []),
        ({"valid_until": "noon"}, {"valid_until_instant": "12"}, []),
        ({"valid_until": "noon"}, {"valid_until_instant": "13"}, ["change valid_until of role r"]),
        ({"comment": ""}, {"comment": "old"}, ["comment on role r"]),
        ({"comment": ""}, {}, []),
        ({"password": "new"}, {"accepts": True}, []),
        ({"password": "new"}, {"accepts": False}, ["change password of role r"]),
        ({"password": "new"}, {"verifier": "md5" + "0" * 32}, ["change password of role r"]),
        ({"password": "same"}, {"verifier": scram.verifier_of("same", iterations=2)}, []),
        ({"member_of": ["g"]}, {"member_of": {**BY_HAND, "h": ["x"]}}, []),
        ({"member_of": ["g"], "exclusive_memberships": True}, {"member_of": {"h": ["x"], **BY_HAND}}, [REVOKED]),
        ({"exclusive_memberships": True}, {"member_of": {"h": ["x"]}}, [REVOKED]),
        ({"bypassrls": True, "inherit": False}, {}, ["change inherit, bypassrls of role r"]),
        ({"member_of": ["g"]}, {}, ["grant role g to role r"]),
        ({"state": "absent"}, {}, ["drop role r"]),
    ],
)
def test_only_what_differs_is_changed(declared, actual, expected):
    times = {"infinity": instant(NEVER), "noon": instant("12")}
    assert words([role(**declared)], server(found(**actual), known_roles={"g"}, instants=times)) == expected


def test_a_given_verifier_is_sent_and_compared_as_it_is():
    verifier = scram.verifier_of("x", iterations=3)
    (step,) = roles.plan([role(password=verifier)], server(found(verifier=scram.verifier_of("x", iterations=3))))
    assert step.operation.parts[-1].value == verifier
    assert words([role(password=verifier)], server(found(verifier=verifier))) == []


def test_a_role_may_be_a_member_of_one_that_is_declared_after_it():
    declared = [role("a", member_of=["z"]), role("z", login=False)]
    assert words(declared, server(known_roles=set())) == ["create role a", "create role z", "grant role z to role a"]


def test_an_absent_role_that_does_not_exist_is_no_change():
    assert words([role(state="absent")], server()) == []


@pytest.mark.parametrize(
    ("declared", "known", "reason"),
    [
        ([role("pg_x")], {}, "reserved"),
        ([role("public")], {}, "reserved"),
        ([role(member_of=["g"])], {"known_roles": {"other"}}, "role g, does not exist"),
        ([role(settings={"wurk_mem": 1})], {"known_settings": {"work_mem"}}, "no setting wurk_mem"),
        ([role(state="absent")], {"login_role": "r"}, "while logged in"),
        ([role("new"), role("tied", state="absent")], {}, "2 in database crm, 1 in the whole server"),
        ([role("tied", state="absent", reassign_to="gone")], {"known_roles": {"r"}}, "role gone, does not exist"),
        ([role("tied", state="absent", reassign_to="tied")], {"known_roles": {"tied"}}, "or is to be dropped"),
        ([role(reassign_to="x" * 64)], {}, "64 bytes"),
    ],
)
def test_what_cannot_be_is_refused(declared, known, reason):
    actual = server(found(), found("tied"), ties={"tied": {"crm": 2, None: 1}}, **known)
    with pytest.raises(PlatformError, match=reason):
        roles.plan(declared, actual)


def test_a_membership_is_revoked_as_granted_where_the_server_knows_by_whom():
    actual = found(member_of={"g": ["ann", "bob"]})
    declared = [role(member_of=[], exclusive_memberships=True)]
    (step,) = roles.plan(declared, server(actual, version=150000))
    assert (step.operation.text, step.operation.parts) == ("REVOKE {} FROM {}", (Ident("g"), Ident("r")))
    (step,) = roles.plan(declared, server(actual, version=160000))
    assert step.operation.text == "REVOKE {} FROM {} GRANTED BY {}; REVOKE {} FROM {} GRANTED BY {}"
    assert step.operation.parts == tuple(map(Ident, ("g", "r", "ann", "g", "r", "bob")))


def test_what_a_dropped_role_owns_goes_to_its_heir_in_each_database():
    actual = server(found(), ties={"r": {"crm": 2, "erp": 1, None: 1}}, known_roles={"heir", "r"})
    *bequests, drop = roles.plan([role(state="absent", reassign_to="heir")], actual)
    assert [step.operation.database for step in bequests] == ["crm", "erp"]
    assert bequests[0].operation.text == "REASSIGN OWNED BY {} TO {}; DROP OWNED BY {}"
    assert bequests[0].before == {"database crm": "2 objects", "the whole server": "1 objects"}
    assert drop.words == "drop role r"
    actual["ties"]["r"], actual["login_database"] = {None: 1}, "postgres"
    assert roles.plan([role(state="absent", reassign_to="heir")], actual)[0].operation.database == "postgres"


def test_roles_and_memberships_that_nobody_declared():
    actual = server(found(member_of={"g": ["x"], "h": ["x"]}), known_roles={"r", "g", "pg_read_all_data", "postgres"})
    actual["login_role"] = "postgres"
    assert roles.undeclared([role(member_of=["h"])], actual) == ["membership of role r in role g", "role g"]
    assert roles.undeclared([role()], roles.EMPTY) == []


TIMES = {"monday": "1", "tuesday": "2"}
ANY_ROLE = some.fixed_dictionaries(
    {
        **{flag: some.none() | some.booleans() for flag in roles.FLAGS},
        "connection_limit": some.none() | some.integers(-1, 3),
        "valid_until": some.none() | some.sampled_from(sorted(TIMES)),
        "comment": some.none() | some.sampled_from(["", "x", "it's"]),
        "settings": some.none()
        | some.dictionaries(some.sampled_from(["a.b", "work_mem"]), some.none() | some.integers()),
        "member_of": some.none() | some.lists(some.sampled_from(["g", "h"]), unique=True),
        "exclusive_memberships": some.booleans(),
        "password": some.none() | some.sampled_from(["one", "two"]),
    }
)


def carry_out(steps: list, actual: dict) -> dict:
    """Return the server after the steps, going by what each of them says that it leaves."""
    after = copy.deepcopy(actual)
    for step in steps:
        name = step.subject[len("role ") :]
        one = after["roles"].setdefault(name, found(name, login=False))
        for key, value in step.after.items():
            if key == "password":
                one["verifier"] = step.operation.parts[-1].value
            elif key.startswith("member of "):
                one["member_of"].pop(key[len("member of ") :], None)
                if value:
                    one["member_of"][key[len("member of ") :]] = ["postgres"]
            elif key == "valid_until":
                one["valid_until_instant"] = TIMES[value]
            elif key in one:
                one[key] = value
            elif key != "present":
                one["settings"][key] = value
        for key in set(step.before) - set(step.after):
            one["settings"].pop(key)
    return after


@examples(deadline=None)
@given(some.lists(ANY_ROLE, min_size=2, max_size=2))
def test_from_any_state_one_run_arrives_and_the_next_has_nothing_to_do(states):
    actual = server(known_roles={"g", "h"}, instants={spelled: instant(at) for spelled, at in TIMES.items()})
    for state in states:
        declared = [role(**state)]
        actual = carry_out(roles.plan(declared, actual), actual)
        assert roles.plan(declared, actual) == []


@pytest.mark.parametrize(
    ("declared", "actual", "text", "parts"),
    [
        ({"comment": "c"}, {}, "COMMENT ON ROLE {} IS {}", (Ident("r"), Text("c"))),
        ({"comment": ""}, {"comment": "c"}, "COMMENT ON ROLE {} IS {}", (Ident("r"), Text(None))),
        ({"member_of": ["g"]}, {}, "GRANT {} TO {}", (Ident("g"), Ident("r"))),
        (
            {"superuser": False, "createdb": True},
            {"superuser": True},
            "ALTER ROLE {} NOSUPERUSER CREATEDB",
            (Ident("r"),),
        ),
        ({"connection_limit": 3}, {}, "ALTER ROLE {} CONNECTION LIMIT {}", (Ident("r"), Text(3))),
        ({"settings": {"a": "b"}}, {}, "ALTER ROLE {} SET {} TO {}", (Ident("r"), Ident("a"), Text("b"))),
        ({"state": "absent"}, {}, "DROP ROLE {}", (Ident("r"),)),
    ],
)
def test_statements(declared, actual, text, parts):
    (step,) = roles.plan([role(**declared)], server(found(**actual), known_roles={"g"}))
    assert (step.operation.text, step.operation.parts, step.operation.database) == (text, parts, "")


@pytest.mark.parametrize(
    ("declared", "actual", "before", "after"),
    [
        ({"comment": "c"}, {"comment": "b"}, {"comment": "b"}, {"comment": "c"}),
        ({"createdb": True}, {}, {"createdb": False}, {"createdb": True}),
        ({"exclusive_memberships": True}, {"member_of": BY_HAND}, {"member of g": True}, {"member of g": False}),
        ({"member_of": ["g"]}, {}, {}, {"member of g": True}),
        ({"state": "absent"}, {}, {"present": True}, {}),
        ({"password": "new"}, {}, {"password": "(secret, old)"}, {"password": "(secret, new)"}),
    ],
)
def test_the_diff_says_what_was_and_what_will_be(declared, actual, before, after):
    (step,) = roles.plan([role(**declared)], server(found(**actual), known_roles={"g"}))
    assert (step.subject, step.before, step.after) == ("role r", before, after)


def test_the_diff_of_a_new_role_says_that_it_comes():
    (step,) = roles.plan([role(createdb=True)], server())
    assert (step.before, step.after) == ({}, {"present": True, "login": True, "createdb": True})


@pytest.mark.parametrize("declared", [{"member_of": ["x" * 64]}, {"member_of": ["g", ""]}, {"reassign_to": "x" * 64}])
def test_other_roles_names_are_checked_too(declared):
    with pytest.raises(PlatformError, match="cannot be the name of a role"):
        roles.plan([role(**declared)], server(found(), known_roles={"g"}))


def test_an_heir_without_an_inheritance_gets_nothing():
    declared = role(state="absent", reassign_to="heir")
    assert words([declared], server(found(), known_roles={"heir"})) == ["drop role r"]
    (bequest, _drop) = roles.plan([declared], server(found(), known_roles={"heir"}, ties={"r": {"crm": 2}}))
    assert bequest.words == "hand what role r owns in database crm over to role heir, and revoke its privileges"
    assert bequest.after == {"database crm": "of role heir, or revoked"}


def test_where_a_refusal_stands():
    with pytest.raises(PlatformError) as refusal:
        roles.plan([role(settings={"wurk_mem": 1})], server(known_settings=set()))
    assert refusal.value.where == "role r"
