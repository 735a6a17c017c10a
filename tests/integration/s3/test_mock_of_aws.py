"""s3_buckets against moto, a mock of AWS: what AWS does and SeaweedFS does not."""

from __future__ import annotations

import datetime

import boto3
import pytest
from moto.server import ThreadedMotoServer

from ansible_collections.borgstack.platform.plugins.module_utils.s3 import connection, contents

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def login():
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    yield {"endpoint_url": f"http://127.0.0.1:{port}", "access_key": "key", "secret_key": "secret-of-the-mock"}
    server.stop()


@pytest.fixture(scope="module")
def client(login):
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret-of-the-mock", "region_name": "us-east-1"}
    return boto3.client("s3", endpoint_url=login["endpoint_url"], **keys)


EVERYTHING = {
    "name": "everything",
    "versioning": True,
    "lifecycle": [
        {
            "ID": "move",
            "Status": "Enabled",
            "Filter": {"And": {"Prefix": "a/", "Tags": [{"Key": "x", "Value": ""}, {"Key": "y", "Value": "1"}]}},
            "Transitions": [{"Days": "30", "StorageClass": "GLACIER"}, {"Days": "9", "StorageClass": "STANDARD_IA"}],
            "NoncurrentVersionExpiration": {"NoncurrentDays": 5},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2},
        },
        {"Status": "enabled", "Filter": {"Prefix": ""}, "Expiration": {"Date": "2030-01-01"}},
    ],
    "cors": [{"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["*"], "AllowedHeaders": ["X-B", "x-a"]}],
    "tags": {"team": "crm", "empty": "", "number": 5, "yes": True},
    "policy": {
        "Statement": {
            "Effect": "Deny",
            "Principal": {"AWS": "123456789012"},
            "Action": ["s3:Get*", "s3:ListBucket"],
            "Resource": "arn:aws:s3:::everything/*",
            "Condition": {"NumericLessThan": {"s3:max-keys": 10}, "Bool": {"aws:SecureTransport": True}},
        }
    },
    "prefixes": ["a/b", "ü $(id)"],
}


def test_everything_is_set_written_down_and_removed(module, converge, login):
    assert len(converge("s3_buckets", {**login, "buckets": [EVERYTHING]})) == 8
    (known,) = module("s3_buckets_info", {**login, "prefixes": True})["buckets"]
    again = module("s3_buckets", {**login, "buckets": [known], "report_undeclared": True})
    assert (again["changed"], again["plan"], again["undeclared"]) == (False, [], [])
    # AWS gives a rule without an ID one of its own.
    named = [{**rule, "ID": rule.get("ID", "by-server")} for rule in known["lifecycle"]]
    converge("s3_buckets", {**login, "buckets": [{"name": "everything", "lifecycle": named}]})
    assert converge("s3_buckets", {**login, "buckets": [EVERYTHING]}) == []
    nothing = {"name": "everything", "versioning": False, "lifecycle": [], "cors": [], "policy": {}, "tags": {}}
    assert len(converge("s3_buckets", {**login, "buckets": [nothing]})) == 5


def test_batches_of_versions_markers_and_uploads_are_deleted(module, login, client, monkeypatch):
    client.create_bucket(Bucket="many")
    client.put_bucket_versioning(Bucket="many", VersioningConfiguration={"Status": "Enabled"})
    for key in [f"{number % 7}/{number}" for number in range(40)]:
        client.put_object(Bucket="many", Key=key, Body=b"x")
        client.put_object(Bucket="many", Key=key, Body=b"y")
        client.delete_object(Bucket="many", Key=key)
    client.create_multipart_upload(Bucket="many", Key="begun")
    gone = {"name": "many", "state": "absent"}
    assert "earlier versions of deleted objects" in module("s3_buckets", {**login, "buckets": [gone]}).refusal
    monkeypatch.setattr(contents, "BATCH", 50)
    options = {**login, "region": "us-east-1", "ca_cert": None, "validate_certs": True, "connect_timeout": 10}
    contents.delete(connection.Server(options), "many")
    # AWS deletes no bucket that has a version left.
    client.delete_bucket(Bucket="many")


def test_a_full_bucket_is_deleted_by_force(converge, login, client):
    client.create_bucket(Bucket="full")
    client.put_object(Bucket="full", Key="a", Body=b"x")
    assert converge("s3_buckets", {**login, "buckets": [{"name": "full", "state": "absent", "force": True}]}) == [
        "delete bucket full and all that is in it"
    ]


def test_what_is_under_retention_stays_and_is_named(module, login, client):
    client.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    locked = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": until}
    client.put_object(Bucket="locked", Key="held", Body=b"x", **locked)
    refused = module("s3_buckets", {**login, "buckets": [{"name": "locked", "state": "absent", "force": True}]})
    assert "cannot be deleted: held: Access Denied because object protected by object lock" in refused.refusal


def test_a_bucket_is_made_in_the_region_that_is_given(converge, login, client):
    europe = {**login, "region": "eu-west-1"}
    assert converge("s3_buckets", {**europe, "buckets": [{"name": "european"}]}) == ["create bucket european"]
    assert client.get_bucket_location(Bucket="european")["LocationConstraint"] == "eu-west-1"
