"""Lifecycle and CORS rules by what they mean."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.s3 import rules

UTC = datetime.timezone.utc


def rule(**changes):
    known = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "a/"}, "Expiration": {"Days": 3}, **changes}
    return {key: value for key, value in known.items() if value is not ...}


def lifecycles(found, wanted):
    is_now, will_be = rules.comparable_lifecycles(found, wanted)
    return is_now == will_be


def cors(found, wanted):
    is_now, will_be = rules.comparable_cors(found, wanted)
    return is_now == will_be


TAGS = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (rule(), rule(Filter=..., Prefix="a/")),
        (rule(), rule(Filter={"And": {"Prefix": "a/"}})),
        (rule(Filter={}), rule(Filter={"Prefix": ""})),
        (rule(Filter={}), rule(Filter=..., Prefix="")),
        (rule(Filter={}), rule(Filter=...)),
        (rule(Filter={"Tag": TAGS[0]}), rule(Filter={"And": {"Tags": TAGS[:1]}})),
        (
            rule(Filter={"And": {"Prefix": "a/", "Tags": TAGS}}),
            rule(Filter={"And": {"Tags": TAGS[::-1], "Prefix": "a/"}}),
        ),
        (rule(Filter={"Tag": {"Key": "b"}}), rule(Filter={"Tag": TAGS[1]})),
        (rule(Filter={"ObjectSizeGreaterThan": 5}), rule(Filter={"And": {"ObjectSizeGreaterThan": 5}})),
        (rule(Filter={"ObjectSizeLessThan": 5}), rule(Filter={"And": {"ObjectSizeLessThan": 5}})),
        (rule(Expiration={"Days": 3, "ExpiredObjectDeleteMarker": False}), rule()),
        (rule(Transitions=[], NoncurrentVersionTransitions=[]), rule()),
        (rule(Expiration={"Date": "2030-01-01T00:00:00Z"}), rule(Expiration={"Date": "2030-01-01"})),
        (rule(Expiration={"Date": "2030-01-01T00:00:00Z"}), rule(Expiration={"Date": "2030-01-01T02:00:00+02:00"})),
        (rule(Expiration={"Date": "2030-01-01T00:00:00.000z"}), rule(Expiration={"Date": "2030-01-01 00:00:00"})),
        (rule(ID="made-by-server"), rule(ID=...)),
        (
            rule(Transitions=[{"Days": 5, "StorageClass": "A"}, {"Days": 9, "StorageClass": "B"}]),
            rule(Transitions=[{"Days": 9, "StorageClass": "B"}, {"Days": 5, "StorageClass": "A"}]),
        ),
    ],
)
def test_lifecycle_rules_that_mean_the_same(found, wanted):
    assert lifecycles([found], [wanted])


@pytest.mark.parametrize(
    "wanted",
    [
        [],
        [rule(ID="new")],
        [rule(), rule(ID=..., Filter={"Prefix": "b/"})],
        [rule(Status="Disabled")],
        [rule(Filter={})],
        [rule(Filter={"Prefix": "b/"})],
        [rule(Filter={"Prefix": "a/", "Tag": TAGS[0]})],
        [rule(Filter={"Prefix": "a/", "ObjectSizeGreaterThan": 1})],
        [rule(Filter={"Prefix": "a/", "ObjectSizeLessThan": 1})],
        [rule(Expiration={"Days": 4})],
        [rule(Expiration={"Date": "2030-01-01"})],
        [rule(Transitions=[{"Days": 0, "StorageClass": "GLACIER"}])],
    ],
)
def test_lifecycle_rules_that_differ(wanted):
    assert not lifecycles([rule()], wanted)


def test_the_order_of_lifecycle_rules_means_nothing():
    one, other = rule(), rule(ID="other", Filter={"Prefix": "b/"})
    assert lifecycles([one, other], [other, one]) and lifecycles([], [])
    assert lifecycles([one, {**other, "ID": "x"}], [{**other, "ID": "x"}, rule(ID=...)])


def test_dates_that_are_none_are_left_for_the_server_to_refuse():
    assert not lifecycles([rule(Expiration={"Date": "soon"})], [rule(Expiration={"Date": "later"})])
    assert lifecycles([rule(Expiration={"Date": 5})], [rule(Expiration={"Date": 5})])


@pytest.mark.parametrize(
    ("declared", "written"),
    [
        ({"Expiration": {"Days": "30"}}, {"Expiration": {"Days": 30}}),
        ({"Expiration": {"Days": "many"}}, {"Expiration": {"Days": "many"}}),
        ({"Expiration": {"ExpiredObjectDeleteMarker": "True"}}, {"Expiration": {"ExpiredObjectDeleteMarker": True}}),
        ({"Expiration": {"ExpiredObjectDeleteMarker": "no"}}, {"Expiration": {"ExpiredObjectDeleteMarker": "no"}}),
        ({"Expiration": {"ExpiredObjectDeleteMarker": "false"}}, {"Expiration": {"ExpiredObjectDeleteMarker": False}}),
        ({"Status": "enabled"}, {"Status": "Enabled"}),
        ({"Status": True}, {"Status": True}),
        ({"Filter": {"Prefix": "5"}}, {"Filter": {"Prefix": "5"}}),
        ({"Filter": {"And": {"ObjectSizeGreaterThan": "5"}}}, {"Filter": {"And": {"ObjectSizeGreaterThan": 5}}}),
        ({"Filter": {"And": {"ObjectSizeLessThan": "5"}}}, {"Filter": {"And": {"ObjectSizeLessThan": 5}}}),
        (
            {"NoncurrentVersionExpiration": {"NoncurrentDays": "2", "NewerNoncurrentVersions": "3"}},
            {"NoncurrentVersionExpiration": {"NoncurrentDays": 2, "NewerNoncurrentVersions": 3}},
        ),
        (
            {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": "2"}},
            {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2}},
        ),
        (
            {"AllowedMethods": ["get", "PUT"], "MaxAgeSeconds": "9"},
            {"AllowedMethods": ["GET", "PUT"], "MaxAgeSeconds": 9},
        ),
    ],
)
def test_rules_are_written_in_the_types_of_the_api(declared, written):
    assert rules.as_written([declared]) == [written]


def test_rules_are_read_as_they_are_declared():
    read = rules.as_read([{"Expiration": {"Date": datetime.datetime(2030, 1, 1, tzinfo=UTC)}, "ID": "x"}])
    assert read == [{"Expiration": {"Date": "2030-01-01T00:00:00Z"}, "ID": "x"}]
    assert rules.as_read([{"Filter": {"Tag": {"Key": "a"}}}]) == [{"Filter": {"Tag": {"Key": "a", "Value": ""}}}]
    assert rules.as_read([{"Date": datetime.datetime(2030, 1, 1)}]) == [{"Date": "2030-01-01T00:00:00Z"}]


GET = {"ID": "r", "AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["a", "b"], "AllowedHeaders": ["X-A", "etag"]}


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (GET, {**GET, "AllowedMethods": ["PUT", "GET"], "AllowedOrigins": ["b", "a"]}),
        (GET, {**GET, "AllowedHeaders": ["ETag", "x-a"]}),
        (GET, {**GET, "ExposeHeaders": [], "MaxAgeSeconds": 0}),
        ({**GET, "ExposeHeaders": ["ETag", "A"]}, {**GET, "ExposeHeaders": ["a", "etag"]}),
        (GET, {key: value for key, value in GET.items() if key != "ID"}),
    ],
)
def test_cors_rules_that_mean_the_same(found, wanted):
    assert cors([found], [wanted])


@pytest.mark.parametrize(
    "wanted",
    [
        [],
        [{**GET, "ID": "s"}],
        [{**GET, "AllowedMethods": ["GET"]}],
        [{**GET, "AllowedOrigins": ["A", "b"]}],
        [{**GET, "AllowedHeaders": ["etag"]}],
        [{**GET, "ExposeHeaders": ["etag"]}],
        [{**GET, "MaxAgeSeconds": 5}],
        [GET, GET],
    ],
)
def test_cors_rules_that_differ(wanted):
    assert not cors([GET], wanted)


def test_the_order_of_cors_rules_counts():
    other = {**GET, "ID": "s", "MaxAgeSeconds": 5}
    assert cors([GET, other], [GET, other]) and not cors([GET, other], [other, GET]) and cors([], [])
