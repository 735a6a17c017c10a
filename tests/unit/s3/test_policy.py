"""Policies by what they mean."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.borgstack.platform.plugins.module_utils.s3.policy import comparable, texts_in_conditions

READ = {
    "Sid": "read",
    "Effect": "Allow",
    "Principal": {"AWS": ["*"]},
    "Action": ["s3:GetObject", "s3:ListBucket"],
    "Resource": ["arn:aws:s3:::a", "arn:aws:s3:::a/*"],
}
DENY = {
    "Effect": "Deny",
    "Principal": {"AWS": ["arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:user/x"], "Federated": "idp"},
    "Action": "s3:*",
    "Resource": "arn:aws:s3:::a",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}, "NumericLessThan": {"s3:max-keys": "10"}},
}
POLICY = {"Version": "2012-10-17", "Statement": [READ, DENY]}


def with_(statement: int, **changes):
    changed = [{**item} for item in POLICY["Statement"]]
    changed[statement].update(changes)
    changed[statement] = {key: value for key, value in changed[statement].items() if value is not Ellipsis}
    return {**POLICY, "Statement": changed}


def equal(found, wanted):
    is_now, will_be = comparable(found, wanted)
    return is_now == will_be


@pytest.mark.parametrize(
    "same",
    [
        {**POLICY, "Statement": [DENY, READ]},
        {**POLICY, "Statement": [READ, DENY, READ]},
        {**POLICY, "Id": ""},
        {**POLICY, "Statement": [dict(sorted(READ.items())), DENY]},
        with_(0, Principal="*"),
        with_(0, Principal={"AWS": "*"}),
        with_(0, Action=["s3:listbucket", "S3:GetObject", "s3:GetObject"]),
        with_(0, Resource=["arn:aws:s3:::a/*", "arn:aws:s3:::a"]),
        with_(0, Condition={}),
        with_(0, Condition={"Bool": {}}),
        with_(1, Principal={"Federated": ["idp"], "AWS": ["arn:aws:iam::123456789012:user/x", "123456789012"]}),
        with_(1, Action=["s3:*"], Resource=["arn:aws:s3:::a"], Sid=""),
        with_(1, Condition={"NumericLessThan": {"S3:Max-Keys": [10]}, "Bool": {"AWS:SecureTransport": [False]}}),
        with_(1, Condition={"NumericLessThan": {"s3:max-keys": "10.0"}, "Bool": {"aws:SecureTransport": "False"}}),
    ],
)
def test_the_same_meaning(same):
    assert equal(POLICY, same) and equal(same, POLICY)


@pytest.mark.parametrize(
    "other",
    [
        {},
        {**POLICY, "Version": "2008-10-17"},
        {**POLICY, "Statement": [READ]},
        {**POLICY, "Statement": READ},
        {**POLICY, "Id": "mine"},
        with_(0, Effect="Deny"),
        with_(0, Sid="other"),
        with_(0, Principal={"AWS": "arn:aws:iam::123456789012:root"}),
        with_(0, Principal={"CanonicalUser": "*"}),
        with_(0, Principal=..., NotPrincipal="*"),
        with_(0, Action=["s3:GetObject"]),
        with_(0, Action=..., NotAction=["s3:GetObject", "s3:ListBucket"]),
        with_(0, Resource=["arn:aws:s3:::A", "arn:aws:s3:::a/*"]),
        with_(0, Resource=..., NotResource=["arn:aws:s3:::a", "arn:aws:s3:::a/*"]),
        with_(1, Condition=...),
        with_(1, Condition={"Bool": {"aws:SecureTransport": "false"}}),
        with_(1, Condition={**DENY["Condition"], "Bool": {"aws:SecureTransport": "true"}}),
        with_(1, Condition={**DENY["Condition"], "NumericLessThan": {"s3:max-keys": "100"}}),
        with_(1, Condition={**DENY["Condition"], "StringEquals": {"s3:prefix": "x"}}),
    ],
)
def test_another_meaning(other):
    assert not equal(POLICY, other)


def test_what_has_no_version_is_of_the_first():
    first = {"Statement": [READ]}
    assert equal(first, {**first, "Version": "2008-10-17"}) and not equal(first, {**first, "Version": "2012-10-17"})


def test_labels_count_only_where_they_are_declared():
    labelled, plain = {**POLICY, "Id": "by-server"}, with_(0, Sid=...)
    assert equal(labelled, POLICY) and equal(labelled, plain) and equal(plain, plain)
    assert not equal(plain, POLICY) and not equal(POLICY, labelled)
    # A label that is declared for one statement says nothing about another.
    assert not equal({**POLICY, "Statement": [{**DENY, "Sid": "read"}]}, with_(0))


@pytest.mark.parametrize(
    ("operator", "found", "wanted", "same"),
    [
        ("StringEquals", "True", True, False),
        ("StringEquals", "true", True, True),
        ("StringEquals", "a", "A", False),
        ("StringEquals", ["a", "b"], ["b", "a", "a"], True),
        ("StringEquals", "10.0", 10, False),
        ("BoolIfExists", "TRUE", True, True),
        ("Null", "True", True, True),
        ("ForAllValues:NumericEquals", ["1e1"], 10, True),
        ("NumericEquals", "0", 0, True),
        ("NumericEquals", "many", "many", True),
        ("NumericEquals", "many", "MANY", False),
        ("NumericEquals", "100", "1E2", True),
    ],
)
def test_values_of_conditions(operator, found, wanted, same):
    assert equal(*(with_(0, Condition={operator: {"k": value}}) for value in (found, wanted))) is same


def test_one_key_in_two_spellings_loses_no_value():
    both = with_(0, Condition={"StringEquals": {"a:B": "1", "A:b": "2"}})
    assert equal(both, with_(0, Condition={"StringEquals": {"a:b": ["1", "2"]}}))


def test_nothing_is_nothing():
    assert comparable({}, {}) == ({}, {})


def test_conditions_are_written_as_texts():
    declared = with_(0, Condition={"Bool": {"a": True}, "NumericEquals": {"b": [1, "2"]}, "Null": {"c": None}})
    written = texts_in_conditions(declared)["Statement"]
    assert written[0]["Condition"] == {"Bool": {"a": "true"}, "NumericEquals": {"b": ["1", "2"]}, "Null": {"c": ""}}
    assert written[1] == DENY and texts_in_conditions({}) == {}
    assert texts_in_conditions({"Statement": DENY})["Statement"] == [DENY]


values = st.one_of(st.booleans(), st.integers(), st.text(max_size=3))
several = st.one_of(values, st.lists(values, max_size=3))
statements = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"]), "Action": several, "Resource": several},
    optional={
        "Sid": st.sampled_from(["", "a", "b"]),
        "Principal": st.one_of(st.just("*"), st.dictionaries(st.sampled_from(["AWS", "Service"]), several)),
        "Condition": st.dictionaries(
            st.sampled_from(["Bool", "NumericEquals", "StringLike"]), st.dictionaries(st.text(max_size=2), several)
        ),
    },
)
policies = st.fixed_dictionaries(
    {"Statement": st.one_of(statements, st.lists(statements, max_size=3))},
    optional={"Version": st.just("2012-10-17"), "Id": st.sampled_from(["", "x"])},
)


@given(policies)
def test_what_was_written_is_what_was_declared(policy):
    assert equal(json.loads(json.dumps(texts_in_conditions(policy))), policy)


@given(policies, policies)
def test_being_equal_does_not_depend_on_the_order_of_statements(one, other):
    turned = {**other, "Statement": other["Statement"][::-1]} if isinstance(other["Statement"], list) else other
    assert equal(one, other) == equal(one, turned)
