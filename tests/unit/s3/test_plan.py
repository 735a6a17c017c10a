"""From what is to what is declared, without a server and against a small model of one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.s3.model import Model

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.plan import diff_of
from ansible_collections.borgstack.platform.plugins.module_utils.s3 import apply, info
from ansible_collections.borgstack.platform.plugins.module_utils.s3.declaration import checked
from ansible_collections.borgstack.platform.plugins.module_utils.s3.inspect import Actual, Bucket, inspect
from ansible_collections.borgstack.platform.plugins.module_utils.s3.plan import plan, undeclared, unsupported, warnings


def bucket(name="app", **properties):
    return {"name": name, "state": "present", "force": False, **properties}


def words(declared, actual, **options):
    return [step.words for step in plan(checked(declared), actual, **options)]


EVERYTHING = {
    "versioning": True,
    "lifecycle": [{"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}],
    "cors": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}],
    "policy": {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "r"}]},
    "tags": {"team": "crm"},
}
NOTHING = {"versioning": False, "lifecycle": [], "cors": [], "policy": {}, "tags": {}}


def test_a_new_bucket_with_everything():
    assert words([bucket(**EVERYTHING, prefixes=["a"])], Actual()) == [
        "create bucket app",
        "enable versioning of bucket app",
        "set lifecycle of bucket app",
        "set cors of bucket app",
        "set policy of bucket app",
        "set tags of bucket app",
        "create prefix a/ in bucket app",
    ]


def test_a_new_bucket_with_nothing():
    assert words([bucket(**NOTHING)], Actual()) == ["create bucket app"]


def test_what_is_set_is_removed_where_nothing_is_declared():
    steps = plan(checked([bucket(**NOTHING)]), Actual({"app": Bucket(EVERYTHING)}))
    assert [step.words for step in steps] == [
        "suspend versioning of bucket app",
        "remove lifecycle of bucket app",
        "remove cors of bucket app",
        "remove policy of bucket app",
        "remove tags of bucket app",
    ]
    assert [step.operation[0] for step in steps] == ["write", "remove", "remove", "remove", "remove"]
    assert [step.operation[2] for step in steps][:2] == [("versioning", False), ("lifecycle", [])]


def test_what_is_set_as_declared_or_not_declared_is_left():
    assert words([bucket(**EVERYTHING)], Actual({"app": Bucket(EVERYTHING)})) == []
    assert words([bucket()], Actual({"app": Bucket(EVERYTHING)})) == []
    assert words([bucket(versioning=False)], Actual({"app": Bucket({"versioning": None})})) == []


def test_the_diff_shows_what_was_and_what_will_be():
    found = Actual({"app": Bucket({"versioning": None, "tags": {"team": "x"}})})
    (changed,) = diff_of(plan(checked([bucket(versioning=True, tags={"team": "crm"}, prefixes=["a"])]), found))
    assert changed["before_header"] == changed["after_header"] == "bucket app"
    assert json.loads(changed["before"]) == {"versioning": False, "tags": {"team": "x"}}
    assert json.loads(changed["after"]) == {"versioning": True, "tags": {"team": "crm"}, "prefix a/": True}
    (created,) = diff_of(plan(checked([bucket(versioning=True)]), Actual()))
    assert created["before"] == "" and json.loads(created["after"]) == {"present": True, "versioning": True}
    (deleted,) = diff_of(
        plan(checked([bucket(state="absent", force=True)]), Actual({"app": Bucket(content="objects")}))
    )
    assert json.loads(deleted["before"]) == {"present": True, "holds": "objects"} and deleted["after"] == ""


def test_prefixes_that_are_seen_are_left():
    found = Actual({"app": Bucket(prefixes=frozenset({"a/"}))})
    steps = plan(checked([bucket(prefixes=["/a", "b"])]), found)
    assert [(step.words, step.operation) for step in steps] == [
        ("create prefix b/ in bucket app", ("mark", "app", "b/"))
    ]


@pytest.mark.parametrize(
    ("content", "force", "expected"),
    [
        ("", False, "delete bucket app"),
        ("", True, "delete bucket app"),
        ("objects", True, "delete bucket app and all that is in it"),
    ],
)
def test_deleting(content, force, expected):
    (step,) = plan(checked([bucket(state="absent", force=force)]), Actual({"app": Bucket(content=content)}))
    assert (step.words, step.operation) == (expected, ("delete", "app", force))


def test_a_bucket_that_is_not_empty_is_refused_before_anything_else_is_planned():
    with pytest.raises(PlatformError) as refused:
        words([bucket("new"), bucket(state="absent")], Actual({"app": Bucket(content="unfinished uploads")}))
    assert refused.value.what == "it is not empty: it holds unfinished uploads"
    assert (refused.value.where, refused.value.category) == ("bucket app", 10)


def test_one_that_is_gone_stays_gone():
    assert words([bucket(state="absent", versioning=True, quota=1)], Actual()) == []


LACKING = Actual({"app": Bucket(lacking=frozenset({"lifecycle", "cors"}))}, lacking=frozenset({"cors", "policy"}))


def test_all_that_the_server_does_not_offer_is_refused_in_one_message():
    declared = [bucket(**EVERYTHING, quota=5), bucket("new", **EVERYTHING), bucket("gone", state="absent", policy={})]
    with pytest.raises(PlatformError) as refused:
        words(declared, LACKING)
    assert refused.value.what == (
        "the server does not offer what is declared: cors of app, new; lifecycle of app; policy of new; quota of app; "
        "S3 has no request for a quota"
    )
    assert "skip_unsupported" in refused.value.remedy and refused.value.remedy.endswith("with a tool of the server")
    assert refused.value.category == 5
    with pytest.raises(PlatformError) as refused:
        words([bucket(cors=[])], LACKING)
    assert refused.value.what == "the server does not offer what is declared: cors of app"
    assert refused.value.remedy == "remove these options, or set skip_unsupported to have the rest"


def test_the_rest_is_done_where_that_is_asked_for():
    declared = checked([bucket(**EVERYTHING, quota=5), bucket("new", **EVERYTHING)])
    steps = plan(declared, LACKING, skip_unsupported=True)
    assert [step.words for step in steps] == [
        "enable versioning of bucket app",
        "set policy of bucket app",
        "set tags of bucket app",
        "create bucket new",
        "enable versioning of bucket new",
        "set lifecycle of bucket new",
        "set tags of bucket new",
    ]
    assert unsupported(declared, LACKING) == ["cors of app, new", "lifecycle of app", "policy of new", "quota of app"]
    assert unsupported(checked([bucket(quota=0)]), Actual()) == ["quota of app"]


def test_tags_of_aws_itself_are_neither_seen_nor_lost():
    found = Actual({"app": Bucket({"tags": {"aws:stack": "s", "a": "1"}})})
    assert words([bucket(tags={"a": "1"})], found) == []
    (step,) = plan(checked([bucket(tags={"b": "2"})]), found)
    assert step.operation == ("write", "app", ("tags", {"aws:stack": "s", "b": "2"}))
    (step,) = plan(checked([bucket(tags={})]), found)
    assert (
        step.operation == ("write", "app", ("tags", {"aws:stack": "s"})) and step.words == "remove tags of bucket app"
    )
    assert undeclared(checked([bucket()]), Actual({"app": Bucket({"tags": {"aws:stack": "s"}})})) == []


def test_what_is_undeclared_is_named():
    found = Actual({"app": Bucket(EVERYTHING), "gone": Bucket(content="objects")}, frozenset({"app", "old", "gone"}))
    declared = checked([bucket(policy={}, tags={"a": "b"}), bucket("gone", state="absent", force=True)])
    assert undeclared(declared, found) == [
        "bucket old",
        "cors of bucket app",
        "lifecycle of bucket app",
        "versioning of bucket app",
    ]
    assert undeclared(declared, Actual({"app": Bucket({"versioning": False, "cors": None})}, None)) == [
        "versioning of bucket app"
    ]
    assert undeclared(declared, Actual()) == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (([], Actual(), [], "https://s3"), []),
        (([bucket()], Actual(), [], "https://s3"), []),
        (([bucket("a.b")], Actual(), [], "http://s3"), []),
        (([bucket("a.b", state="absent")], Actual(), [], "https://s3"), []),
        (([bucket("a.b"), bucket("c.d")], Actual(), [], "https://s3"), ["host names: a.b, c.d."]),
        (([bucket("a.b")], Actual(), [], None), ["No wildcard certificate"]),
        (([], Actual(), ["quota of a", "cors of b"], None), ["left out: quota of a; cors of b."]),
        (([], Actual(names=None), [], None), ["may not ask for the list of buckets; "]),
        (
            ([], Actual({"a": Bucket(hidden=frozenset({"tags", "cors"}))}), [], None),
            ["may not ask for cors of bucket a, tags of bucket a; "],
        ),
    ],
)
def test_warnings(arguments, expected):
    told = warnings(*arguments)
    assert len(told) == len(expected) and all(part in line for part, line in zip(expected, told))


NAMES = ["one", "two", "three"]
rule = st.fixed_dictionaries(
    {
        "Status": st.sampled_from(["Enabled", "disabled"]),
        "Filter": st.sampled_from(
            [{}, {"Prefix": "a/"}, {"And": {"Prefix": "a/"}}, {"Tag": {"Key": "a", "Value": "b"}}]
        ),
        "Expiration": st.sampled_from([{"Days": 1}, {"Days": "2"}, {"Date": "2030-01-01"}]),
    }
)
cors_rule = st.fixed_dictionaries(
    {
        "AllowedMethods": st.lists(st.sampled_from(["GET", "put"]), min_size=1, max_size=2),
        "AllowedOrigins": st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=2),
    },
    optional={"ID": st.just("x"), "MaxAgeSeconds": st.integers(0, 2)},
)
statement = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Deny"]),
        "Principal": st.sampled_from(["*", {"AWS": "*"}, {"AWS": ["123456789012"]}]),
        "Action": st.sampled_from(["s3:GetObject", ["S3:getobject"], ["s3:*", "s3:PutObject"]]),
        "Resource": st.sampled_from(["r", ["r"], ["r", "s"]]),
    },
    optional={"Sid": st.just("x"), "Condition": st.sampled_from([{}, {"Bool": {"k": True}}, {"Bool": {"K": "true"}}])},
)
declaration = st.fixed_dictionaries(
    {
        "name": st.sampled_from(NAMES),
        "state": st.sampled_from(["present", "present", "absent"]),
        "force": st.just(True),
    },
    optional={
        "versioning": st.booleans(),
        "lifecycle": st.lists(rule, max_size=2),
        "cors": st.lists(cors_rule, max_size=2),
        "policy": st.one_of(
            st.just({}), st.fixed_dictionaries({"Statement": st.lists(statement, min_size=1, max_size=2)})
        ),
        "tags": st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from(["", "x", 5, True])),
        "prefixes": st.lists(st.sampled_from(["a", "b/c", "/a/"]), max_size=3),
    },
)
declarations = st.lists(declaration, max_size=3, unique_by=lambda item: item["name"])


def converge(model, declared):
    """Apply a plan; return it, and the next one."""
    known = checked(declared)
    steps = plan(known, inspect(model, known))
    done, left_out = apply.carry_out(model, steps)
    assert (done, left_out) == (steps, [])
    return steps, plan(known, inspect(model, known))


@given(st.lists(declarations, min_size=1, max_size=4))
def test_a_second_run_changes_nothing_and_what_is_written_down_neither(sequence):
    model = Model()
    for declared in sequence:
        before = model.dump()
        steps, again = converge(model, declared)
        assert again == [] and (steps != [] or model.dump() == before)
        written_down = info.describe(model, prefixes=True)["buckets"]
        known = checked([{**item, "state": "present", "force": False} for item in json.loads(json.dumps(written_down))])
        actual = inspect(model, known, everything=True)
        assert plan(known, actual) == [] and undeclared(known, actual) == []


@given(declarations, st.data())
def test_a_run_that_was_cut_short_is_completed_by_the_next(declared, data):
    known, whole, cut = checked(declared), Model(), Model()
    steps, _ = converge(whole, declared)
    apply.carry_out(cut, steps[: data.draw(st.integers(0, len(steps)))])
    converge(cut, declared)
    assert cut.dump() == whole.dump() and plan(known, inspect(cut, known)) == []


@given(declarations, st.sets(st.sampled_from([*NOTHING])), st.sets(st.sampled_from([*NOTHING])))
def test_what_is_not_offered_is_left_out_and_the_rest_is_done(declared, lacking, read_only):
    model, known = Model(lacking, read_only), checked(declared)
    actual = inspect(model, known)
    steps = plan(known, actual, skip_unsupported=True)
    done, left_out = apply.carry_out(model, steps, skip_unsupported=True)
    assert len(done) + len(left_out) == len(steps)
    assert not any(step.operation[2][0] in lacking for step in steps if step.operation[0] in ("write", "remove"))
    again = plan(known, inspect(model, known), skip_unsupported=True)
    # What shows only when it is set is tried again, and nothing else.
    assert {step.operation[2][0] for step in again} <= read_only - lacking
    named = {feature for words in unsupported(known, actual) for feature in [words.split(" of ")[0]]}
    asked = {key for item in known if item["state"] == "present" for key in NOTHING if item.get(key) is not None}
    assert named == lacking & asked
