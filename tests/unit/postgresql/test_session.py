"""One run: what is undone is not called done, and nothing is applied on an assumption."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.errors import DATA, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import session
from ansible_collections.borgstack.platform.plugins.module_utils.references import Reference

NEEDED = [Reference("role", name, "its owner", "database d") for name in ("old", "new", "unnamed")]
WARNINGS: list[str] = []
STEPS = [Step("role a", word, word) for word in ("one", "two", "three", "four")]


class FakeServer:
    """Commits after the second statement, fails at the fourth."""

    def __init__(self, options: dict):
        self.done, self.committed, self.closed, self.locked = [], 0, False, False
        options["server"] = self

    def lock(self):
        self.locked = True

    def execute(self, statement: str):
        if statement == "four":
            raise PlatformError(DATA, "no", "stop", where="the server")
        self.done.append(statement)
        self.committed = min(len(self.done), 2)

    def commit(self):
        self.committed = len(self.done)

    def close(self):
        self.closed = True


def engine(steps: list, seen: dict | None = None) -> SimpleNamespace:
    def plan(declared, actual):
        (seen if seen is not None else {}).update(actual)
        return steps

    empty = {"known_roles": None}
    return SimpleNamespace(
        EMPTY=empty,
        check=lambda declared: None,
        references=lambda declared, actual: NEEDED,
        inspect=lambda *_: {"known_roles": {"old"}},
        plan=plan,
        undeclared=lambda declared, actual: sorted(actual["known_roles"] or []),
    )


def module(check_mode: bool = False, **params) -> SimpleNamespace:
    rest = {"assume_empty": False, "assume_roles": ["new"], "report_undeclared": False, **params}
    return SimpleNamespace(params=rest, check_mode=check_mode, _diff=False, warn=WARNINGS.append)


@pytest.fixture(autouse=True)
def _no_server(monkeypatch):
    monkeypatch.setattr(session.connection, "Server", FakeServer)


def test_what_was_not_committed_is_not_done():
    run = module()
    with pytest.raises(PlatformError) as failure:
        session.run(run, engine(STEPS), [])
    assert failure.value.done == ["one", "two"]
    assert failure.value.what == "cannot four: no" and failure.value.where == "the server"
    assert run.params["server"].closed


def test_all_is_committed_under_the_lock_before_the_result_is_told():
    run = module()
    assert session.run(run, engine(STEPS[:3]), []) == {"changed": True, "plan": ["one", "two", "three"]}
    assert (run.params["server"].committed, run.params["server"].locked) == (3, True)


@pytest.mark.parametrize(
    ("check_mode", "assumed", "roles", "guessed"),
    [
        (True, ["new"], {"old", "new"}, []),
        (True, [], {"old"}, []),
        (True, None, {"old", "new", "unnamed"}, ["role new", "role unnamed"]),
        (False, ["new"], {"old"}, []),
        (False, None, {"old"}, []),
    ],
)
def test_roles_are_assumed_in_check_mode_only(check_mode, assumed, roles, guessed):
    seen: dict = {}
    WARNINGS.clear()
    run = module(check_mode, assume_roles=assumed)
    session.run(run, engine(STEPS[:1], seen), [])
    assert seen["known_roles"] == roles
    assert [" ".join(warning.split()[:2]) for warning in WARNINGS] == guessed
    assert all("its owner of database d" in warning for warning in WARNINGS)
    assert (run.params["server"].done, run.params["server"].locked) == (([], False) if check_mode else (["one"], True))


def test_an_empty_server_is_assumed_in_check_mode_only_and_never_connected_to():
    run = module(True, assume_empty=True)
    assert session.run(run, engine(STEPS), [])["plan"] == ["one", "two", "three", "four"]
    assert "server" not in run.params
    with pytest.raises(PlatformError, match="check mode only"):
        session.run(module(assume_empty=True), engine(STEPS), [])


def test_what_is_undeclared_is_told_on_request():
    assert session.run(module(report_undeclared=True), engine(STEPS[:1]), [])["undeclared"] == ["old"]
    assert session.run(module(True, assume_empty=True, report_undeclared=True), engine(STEPS), [])["undeclared"] == []
