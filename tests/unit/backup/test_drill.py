"""What a drill decides without a server."""

from __future__ import annotations

import pytest
from borgstack_backup import canary, drill, facts, saved_environment
from borgstack_backup.failure import Failure
from borgstack_backup.plan import Canary
from hypothesis import given
from hypothesis import strategies as some
from unit.backup.test_program import PLAN

from ansible_collections.borgstack.platform.plugins.plugin_utils.compose import environment_file

ASKED = Canary("app", "it answers", part="pg/app", query="select 1")
VALUES = some.text(some.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], include_characters="\n"))


@given(some.dictionaries(some.from_regex(r"[A-Z][A-Z0-9_]{0,9}", fullmatch=True), VALUES))
def test_secret_variables_are_read_back_as_they_were_written(variables):
    assert saved_environment.read(environment_file(variables)) == variables


def test_an_answer_is_what_is_expected_or_what_it_was():
    assert canary.judge_answer(Canary("app", "c", expect="t"), "t", None) == "answered 't'"
    assert canary.judge_answer(ASKED, "5", canary.digest_of("5")).startswith("the same answer")
    assert canary.judge_answer(ASKED, "5", None).startswith("ATTENTION")
    for wanted, saved in ((Canary("app", "c", expect="t"), None), (ASKED, canary.digest_of("4"))):
        with pytest.raises(Failure) as refused:
            canary.judge_answer(wanted, "5", saved)
        assert refused.value.category == 10


@pytest.mark.parametrize(
    ("names", "index", "lost"),
    [
        ({"a"}, {"a": {}}, ""),
        ({"a", "b"}, {"a": {}}, "1 named by the database are not there: b"),
        ({"a"}, {"a": {}, "c": {"modified": 50}}, "1 are named by nobody: c"),
        # Written while the databases were saved, or so shortly before that its row was not there yet.
        ({"a"}, {"a": {}, "c": {"modified": 99}}, ""),
        ({"a"}, {"a": {}, "c": {"modified": 50, "moving": "came"}}, ""),
        ({"a"}, {"a": {}, "thumbnail__c": {"modified": 50}}, ""),
    ],
)
def test_rows_and_objects_name_each_other(names, index, lost):
    wanted = Canary("app", "c", bucket="s3/b", objects="^(?!.*__)")
    if lost:
        with pytest.raises(Failure, match=lost):
            canary.judge_objects(wanted, names, index, 60)
    else:
        assert canary.judge_objects(wanted, names, index, 60)


def test_without_a_pattern_an_object_may_be_anybodys():
    assert canary.judge_objects(Canary("app", "c", bucket="s3/b"), set(), {"c": {"modified": 0}}, 60)


def test_answers_are_told_apart_and_one_that_fails_does_not_hide_the_next():
    asked = [Canary("app", claim, part="p", query="q") for claim in ("one", "broken", "none")]
    printed = f'{{"indexes": 2}}\n{facts.MARK} false\n1\n2\n{facts.MARK} false\n{facts.MARK} true\n{facts.MARK} false\n'
    assert facts.answers(printed, asked) == ({"indexes": 2}, {"one": "1\n2", "broken": None, "none": ""})
    assert set(facts.for_manifest(printed, asked)["answers"]) == {"one", "none"}
    assert "1\n2" not in str(facts.for_manifest(printed, asked))


def test_a_variable_is_told_to_psql_whatever_it_holds():
    script = canary.script_of(Canary("app", "c", query="select :'word'", variables={"word": "it's \\ and\nmore"}))
    assert script.splitlines()[0] == "\\set word 'it''s \\\\ and\\nmore'"


def test_destinations_are_drilled_in_turn():
    from dataclasses import replace

    from borgstack_backup.plan import Destination

    plan = replace(PLAN, destinations=[Destination("a", "/a", "p"), Destination("b", "/b", "p")])
    assert drill.next_origin(plan, {}) == "a"
    assert drill.next_origin(plan, {"drilled": {"a": 5}}) == "b"
    assert drill.next_origin(plan, {"drilled": {"a": 5, "b": 9}}) == "a"
