"""Which secrets are rotated, which stay and why, and how old each is."""

from __future__ import annotations

import datetime
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils import secret_uses
from ansible_collections.borgstack.platform.plugins.plugin_utils.rotation import (
    UNDECLARED,
    Wanted,
    artifact,
    overdue,
    plan,
    table,
)
from ansible_collections.borgstack.platform.plugins.plugin_utils.secret_ages import Since

TODAY = datetime.date(2026, 11, 29)
ALL = Wanted(("all",))


def use(*kinds: str, **more) -> dict:
    return {**UNDECLARED, "kinds": list(kinds or ("password",)), "used_by": ["app"], **more}


def days_ago(days: int) -> Since:
    return Since(TODAY - datetime.timedelta(days=days))


USES = {
    "free": use(),
    "free_key": use("key"),
    "mail": use("given"),
    "both": use("given", "password"),
    "written": use("key", written_by=["app"]),
    "kept": use(supplied=True),
    "managed": use(outside=["db"]),
    "torn": use("key", "password"),
    "unused": use(used_by=[]),
    "far": use(elsewhere=["shop"]),
}
AGES = {name: days_ago(100) for name in USES if name != "kept"} | {"unasked": days_ago(100)}
MAY = {"free", "free_key", "far"}


def rotated(uses: dict = USES, ages: dict | None = None, wanted: Wanted = ALL) -> set[str]:
    return {row.secret for row in plan(uses, AGES if ages is None else ages, wanted, TODAY) if row.rotates}


def test_all_is_all_that_may_be():
    assert rotated() == {"free", "free_key"}
    assert {row.secret for row in plan(USES, AGES, ALL, TODAY) if not row.remedy} == MAY


@pytest.mark.parametrize("name", sorted(MAY))
def test_one_is_rotated_by_its_name(name):
    assert rotated(wanted=Wanted((name,))) == {name}


@pytest.mark.parametrize(
    ("name", "reason", "remedy"),
    [
        ("mail", "others made it", "have them make another one"),
        ("both", "others made it", "have them make another one"),
        ("written", "data of app was written with it", "keep it"),
        ("kept", "it is kept elsewhere", "change it there"),
        ("managed", "administrator's of db", "change it there"),
        ("torn", "as key and as password", "one kind"),
        ("unused", "nothing that is declared asks for it", "wherever it is used"),
        ("unasked", "nothing that is declared asks for it", "wherever it is used"),
        ("fre", "there is no secret fre", "did you mean free"),
        ("xyz", "there is no secret xyz", "without names"),
    ],
)
def test_what_is_never_rotated_is_refused_by_its_name(name, reason, remedy):
    with pytest.raises(PlatformError) as refusal:
        plan(USES, AGES, Wanted(("free", name)), TODAY)
    assert refusal.value.category == 1
    assert name in refusal.value.what and reason in refusal.value.what and remedy in refusal.value.remedy


def test_all_that_is_refused_is_named_at_once():
    with pytest.raises(PlatformError, match=r"mail is not rotated.*; written is not rotated"):
        plan(USES, AGES, Wanted(("mail", "written")), TODAY)


def test_what_is_not_made_yet_has_nothing_to_rotate():
    assert rotated(ages={}) == set()
    with pytest.raises(PlatformError, match="not made yet"):
        plan(USES, {}, Wanted(("free",)), TODAY)


@pytest.mark.parametrize(
    ("wanted", "what"),
    [
        (Wanted(("free",), 3), "both names and an age"),
        (Wanted(("all", "free")), "all is given beside names"),
        (Wanted((), -1), "-1 days are no age"),
        (Wanted(("all",), None, True), "rotate_unknown"),
    ],
)
def test_what_cannot_be_meant_is_refused(wanted, what):
    with pytest.raises(PlatformError, match=what):
        plan(USES, AGES, wanted, TODAY)


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (Wanted((), 90), {"old"}),
        (Wanted((), 100), set()),
        (Wanted((), 0), {"old", "new"}),
        (Wanted((), 90, True), {"old", "unknown", "by_hand"}),
        (ALL, {"old", "new", "unknown", "by_hand"}),
        (Wanted(("unknown",)), {"unknown"}),
    ],
)
def test_an_unknown_age_is_old_in_the_report_and_rotated_only_on_the_word(wanted, names):
    ages = {
        "old": days_ago(100),
        "new": days_ago(1),
        "unknown": Since(),
        "by_hand": Since(changed_after=TODAY - datetime.timedelta(days=7)),
    }
    rows = plan({name: use() for name in ages}, ages, wanted, TODAY)
    assert {row.secret for row in rows if row.rotates} == names
    assert set(overdue(rows, 90)) == {"old", "unknown", "by_hand"} - names


def test_nothing_is_rotated_unless_wanted_and_all_ages_are_told():
    rows = plan(USES, AGES, Wanted(), TODAY)
    assert not any(row.rotates for row in rows)
    told = artifact(rows, 90)
    assert told["overdue"] == sorted(MAY) and told["days"]["mail"] == 100 and told["days"]["kept"] is None
    assert set(told["stays"]) == {*USES, "unasked"} - MAY


def test_the_report_says_each_age_and_each_reason():
    lines = table(plan(USES, {**AGES, "free": Since(changed_after=TODAY)}, Wanted(("free_key",)), TODAY), 90)
    said = {line.split()[0]: " ".join(line.split()[1:]) for line in lines}
    assert said["free_key"] == "2026-08-21 100 app is rotated"
    assert said["free"] == "by hand, after 2026-11-29 ? app age unknown, counts as over 90 days"
    assert said["far"].endswith("app over 90 days")
    assert said["mail"] == "2026-08-21 100 app others made it"
    assert [line.split()[0] for line in lines[1:4]] == ["free_key", "far", "free"]
    assert lines[-1] == "Of 11 secrets 1 are rotated, 2 more are over 90 days, 8 are never rotated."


@given(st.permutations(sorted(USES)), st.integers(0, 200), st.booleans())
def test_whatever_is_wanted_nothing_rotates_that_may_not(order, older, unknown):
    uses = {name: USES[name] for name in order}
    for wanted in (ALL, Wanted((), older, unknown)):
        assert rotated(uses, wanted=wanted) <= {"free", "free_key"}


@pytest.fixture
def heard(monkeypatch):
    """Secrets are asked for in a process that has heard of none."""
    monkeypatch.setattr(secret_uses, "_asked", {})
    return secret_uses.hear


def test_who_uses_a_secret_and_what_it_is_to_him(heard):
    with secret_uses.listening() as app:
        for name, kind in (("a", "key"), ("b", "password")):
            heard(name, f"value-{name}", kind, False)
    heard("c", "value-c", "password", False)
    heard("c", "value-c", "given", True)
    heard("d", "value-d", "password", False)
    declarations = {
        "app": {"containers": {"app": {}}, "immutable_secrets": {"x": "value-a"}, "needs": []},
        "db": {"provides": {"host": "db.example.com", "password": "value-c"}, "needs": []},
        "shop": {"needs": [{"instance": "db", "role": {"password": "value-d"}}]},
        "flow": {"needs": [{"instance": "app", "credentials": [{"data": {"password": "value-d"}}]}]},
    }
    found = secret_uses.uses(declarations, {"app": app})
    assert found["a"] == use("key", written_by=["app"])
    assert found["b"] == use("password")
    assert found["c"] == use("given", "password", supplied=True, used_by=["db"], outside=["db"])
    assert found["d"] == use(used_by=["shop", "flow"], elsewhere=["shop"])
    assert "value" not in str(found)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_what_hosts_that_share_a_file_say_counts_together(order):
    known = [{"a": use(used_by=["x"])}, {"a": use("key", written_by=["y"], used_by=["y"])}, {"b": use(supplied=True)}]
    together = secret_uses.merged(known[index] for index in order)
    assert together == {
        "a": use("key", "password", used_by=["x", "y"], written_by=["y"]),
        "b": use(supplied=True),
    }
