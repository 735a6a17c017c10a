"""Policies and rules by what they mean."""

from __future__ import annotations

import json

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.s3.policy import canonical_policy, canonical_rules

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "read",
            "Effect": "Allow",
            "Principal": {"AWS": ["*"]},
            "Action": ["s3:GetObject", "s3:ListBucket"],
            "Resource": ["arn:aws:s3:::a", "arn:aws:s3:::a/*"],
        },
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": "arn:aws:s3:::a",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ],
}


@pytest.mark.parametrize(
    "same",
    [
        json.dumps(POLICY),
        {**POLICY, "Statement": POLICY["Statement"][::-1]},
        {
            **POLICY,
            "Statement": [
                {**POLICY["Statement"][0], "Principal": "*", "Action": ["s3:listbucket", "S3:GetObject"]},
                POLICY["Statement"][1],
            ],
        },
        {
            **POLICY,
            "Statement": [
                POLICY["Statement"][0],
                {**POLICY["Statement"][1], "Action": ["s3:*"], "Condition": {"Bool": {"AWS:SecureTransport": [False]}}},
            ],
        },
    ],
    ids=["as text", "other order", "other spelling", "lists of one"],
)
def test_the_same_meaning(same):
    assert canonical_policy(same) == canonical_policy(POLICY)


@pytest.mark.parametrize(
    "other",
    [
        {},
        {**POLICY, "Version": "2008-10-17"},
        {**POLICY, "Statement": POLICY["Statement"][:1]},
        {**POLICY, "Statement": [{**POLICY["Statement"][0], "Effect": "Deny"}, POLICY["Statement"][1]]},
        {**POLICY, "Statement": [{**POLICY["Statement"][0], "Resource": ["arn:aws:s3:::A"]}, POLICY["Statement"][1]]},
    ],
)
def test_another_meaning(other):
    assert canonical_policy(other) != canonical_policy(POLICY)


def test_rules_without_regard_to_order_and_to_what_is_not_set():
    one = [
        {"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["a"], "MaxAgeSeconds": 0},
        {"AllowedMethods": ["HEAD"], "AllowedOrigins": ["b"]},
    ]
    other = [
        {"AllowedOrigins": ["b"], "AllowedMethods": ["HEAD"], "ExposeHeaders": []},
        {"AllowedMethods": ["PUT", "GET"], "AllowedOrigins": ["a"]},
    ]
    assert canonical_rules(one) == canonical_rules(other)
    assert canonical_rules(one) != canonical_rules(one[:1])
