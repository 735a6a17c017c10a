"""What can be declared of a bucket."""

from __future__ import annotations

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.s3.declaration import checked


def bucket(name="bucket", **properties):
    return {"name": name, "state": "present", "force": False, **properties}


@pytest.mark.parametrize("name", ["abc", "0-9", "a" * 63, "www.example.com", "1.2.3", "a-.b", "xn--a"])
def test_names_that_s3_allows(name):
    assert checked([bucket(name)])[0]["name"] == name


NO_NAMES = [
    "",
    "ab",
    "a" * 64,
    "Upper",
    "under_score",
    "a..b",
    "-ab",
    "ab-",
    ".ab",
    "ab.",
    "10.0.0.1",
    "a b",
    "abc\n",
    "é" * 3,
]


@pytest.mark.parametrize("name", [*NO_NAMES, "$(id)", "a/b", "a;b", "'ab'"])
def test_names_that_it_does_not(name):
    with pytest.raises(PlatformError, match="is not a bucket name"):
        checked([bucket("fine"), bucket(name)])


RULE = {"Status": "Enabled", "Expiration": {"Days": 1}}


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"prefixes": ["/"]}, "is not a prefix that all servers keep"),
        ({"prefixes": ["", "a"]}, "is not a prefix"),
        ({"prefixes": ["a//b"]}, "is not a prefix"),
        ({"prefixes": ["a/../b"]}, "is not a prefix"),
        ({"prefixes": ["./a"]}, "is not a prefix"),
        ({"prefixes": ["a\\b"]}, "is not a prefix"),
        ({"prefixes": ["a\0"]}, "is not a prefix"),
        ({"prefixes": ["é" * 512]}, "longer than 1024 bytes"),
        ({"lifecycle": [{**RULE, "ID": "a"}, {**RULE, "ID": "a"}]}, "the same ID"),
        ({"lifecycle": [RULE, {"Expiration": {"Days": 1}}]}, "has no Status"),
        ({"lifecycle": [{**RULE, "Status": "on"}]}, "has no Status"),
        ({"lifecycle": [{**RULE, "Filter": "a/"}]}, "Filter in its lifecycle is not a dictionary"),
        ({"lifecycle": [{**RULE, "Filter": {"And": []}}]}, "And in its lifecycle is not a dictionary"),
        ({"lifecycle": [{**RULE, "Filter": {"And": {"Tags": {}}}}]}, "Tags in its lifecycle is not a list"),
        ({"cors": [{"AllowedHeaders": "*"}]}, "AllowedHeaders in its cors is not a list"),
        ({"cors": [{"ExposeHeaders": "*"}]}, "ExposeHeaders in its cors is not a list"),
        ({"policy": {"Version": "2012-10-17"}}, "its policy has no Statement"),
        ({"policy": {"Statement": []}}, "its policy has no Statement"),
        ({"policy": {"Statement": ["Allow"]}}, "its policy has no Statement"),
        ({"policy": {"Statement": "Allow"}}, "its policy has no Statement"),
        ({"policy": {"Statement": {"Condition": "x"}}}, "a Condition in its policy has no keys"),
        ({"policy": {"Statement": [{"Condition": {"Bool": "x"}}]}}, "a Condition in its policy has no keys"),
        ({"tags": {"aws:mine": "x"}}, "only AWS may set a tag like aws:mine"),
        ({"tags": {"AWS:mine": "x"}}, "only AWS may set a tag like AWS:mine"),
        ({"tags": {"a": ["x"]}}, "its tag a is not a text"),
        ({"tags": {"a": "R&D"}}, "the value of its tag a has '&', which S3 does not take"),
        ({"tags": {"a<b": "x"}}, "the key of its tag a<b has '<', which S3 does not take"),
        ({"tags": {"a": "x" * 257}}, "the value of its tag a is longer than 256 characters"),
        ({"tags": {"k" * 129: "x"}}, "is longer than 128 characters"),
        ({"tags": {"": "x"}}, "is empty"),
        ({"tags": {"a": {"b": "x"}}}, "its tag a is not a text"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_bucket(properties, reason):
    with pytest.raises(PlatformError) as refused:
        checked([bucket("fine"), bucket(**properties)])
    assert reason in refused.value.what and refused.value.where == "bucket bucket" and refused.value.category == 1


def test_one_declared_twice_is_refused():
    with pytest.raises(PlatformError, match="declared twice"):
        checked([bucket(), bucket("other"), bucket()])


def test_what_is_declared_is_given_in_the_types_of_the_api():
    known = checked(
        [
            bucket(
                prefixes=["a", "/a/", "b/c/", "$(id)", "é"],
                tags={"number": 5, 6: True, "none": None, "Filter": "São Paulo/a=b+c-d@e_f.g:h"},
                lifecycle=[{"Status": "enabled", "Expiration": {"Days": "5"}}],
                cors=[{"AllowedMethods": ["get"]}],
                policy={"Statement": {"Condition": {"Bool": {"k": True}}}},
                versioning=False,
            )
        ]
    )[0]
    assert known["prefixes"] == ["a/", "b/c/", "$(id)/", "é/"]
    assert known["tags"] == {"number": "5", "6": "true", "none": "", "Filter": "São Paulo/a=b+c-d@e_f.g:h"}
    assert known["lifecycle"] == [{"Status": "Enabled", "Expiration": {"Days": 5}}]
    assert known["cors"] == [{"AllowedMethods": ["GET"]}]
    assert known["policy"] == {"Statement": [{"Condition": {"Bool": {"k": "true"}}}]}
    assert known["versioning"] is False


def test_what_is_not_declared_stays_so_and_what_is_removed_too():
    known = checked([bucket(tags={}, policy={}, cors=[], lifecycle=[], versioning=None, prefixes=None)])[0]
    assert (known["tags"], known["policy"], known["cors"], known["lifecycle"]) == ({}, {}, [], [])
    assert known["versioning"] is None and known["prefixes"] == []


def test_a_prefix_may_be_as_long_as_a_key():
    assert checked([bucket(prefixes=["é" * 511 + "x"])])[0]["prefixes"] == ["é" * 511 + "x/"]
