"""s3_buckets against a real SeaweedFS."""

from __future__ import annotations

import json

import boto3
import botocore
import pytest
from integration.conftest import VERSIONS, Container

pytestmark = pytest.mark.integration
SECRET = "administrator-secret-key"
IDENTITIES = {
    "identities": [
        {
            "name": "admin",
            "credentials": [{"accessKey": "admin", "secretKey": SECRET}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        },
        {
            "name": "app",
            "credentials": [{"accessKey": "app", "secretKey": "app-secret-key"}],
            "actions": ["Read:app", "Write:app", "List:app"],
        },
    ]
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    config = tmp_path_factory.mktemp("seaweedfs") / "s3.json"
    config.write_text(json.dumps(IDENTITIES), encoding="utf-8")
    container = Container(
        f"chrislusf/seaweedfs:{VERSIONS['seaweedfs_version']}",
        "server",
        "-ip.bind=0.0.0.0",
        "-ip=127.0.0.1",
        "-master.volumePreallocate=false",
        "-filer",
        "-s3",
        "-s3.config=/etc/seaweedfs/s3.json",
        options=("--volume", f"{config.parent}:/etc/seaweedfs:ro"),
    )
    container.wait("wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8333/healthz")
    yield container
    container.remove()


@pytest.fixture(scope="module")
def login(server):
    return {"endpoint_url": f"http://{server.address}:8333", "access_key": "admin", "secret_key": SECRET}


@pytest.fixture(scope="module")
def client(login):
    return boto3.client(
        "s3",
        endpoint_url=login["endpoint_url"],
        aws_access_key_id="admin",
        aws_secret_access_key=SECRET,
        region_name="us-east-1",
        config=botocore.config.Config(s3={"addressing_style": "path"}),
    )


def names(client) -> set[str]:
    return {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}


def test_created_and_again(converge, login, client):
    assert converge("s3_buckets", {**login, "buckets": [{"name": "one"}, {"name": "two.three"}]}) == [
        "create bucket one",
        "create bucket two.three",
    ]
    assert {"one", "two.three"} <= names(client)


def test_prefixes_are_made_visible(converge, login, client):
    assert converge("s3_buckets", {**login, "buckets": [{"name": "prefixed", "prefixes": ["input", "a/b/"]}]}) == [
        "create bucket prefixed",
        "create prefix input/ in bucket prefixed",
        "create prefix a/b/ in bucket prefixed",
    ]


def test_versioning_is_suspended_not_forgotten(converge, login, client):
    converge("s3_buckets", {**login, "buckets": [{"name": "versioned", "versioning": True}]})
    assert client.get_bucket_versioning(Bucket="versioned")["Status"] == "Enabled"
    assert converge("s3_buckets", {**login, "buckets": [{"name": "versioned", "versioning": False}]}) == [
        "suspend versioning of bucket versioned"
    ]
    assert client.get_bucket_versioning(Bucket="versioned")["Status"] == "Suspended"


def test_tags_and_cors(converge, login, client):
    rules = [{"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["https://www.example.com"]}]
    converge("s3_buckets", {**login, "buckets": [{"name": "featured", "tags": {"team": "crm"}, "cors": rules}]})
    assert client.get_bucket_tagging(Bucket="featured")["TagSet"] == [{"Key": "team", "Value": "crm"}]
    other_order = [{"AllowedOrigins": ["https://www.example.com"], "AllowedMethods": ["PUT", "GET"]}]
    assert converge("s3_buckets", {**login, "buckets": [{"name": "featured", "cors": other_order}]}) == []
    assert converge("s3_buckets", {**login, "buckets": [{"name": "featured", "cors": []}]}) == [
        "remove cors of bucket featured"
    ]


def test_a_full_bucket_is_deleted_by_force_only(module, converge, login, client):
    converge("s3_buckets", {**login, "buckets": [{"name": "full"}]})
    client.put_object(Bucket="full", Key="a/b", Body=b"x")
    absent = {"name": "full", "state": "absent"}
    assert "it is not empty" in module("s3_buckets", {**login, "buckets": [absent]}).refusal
    assert converge("s3_buckets", {**login, "buckets": [{**absent, "force": True}]}) == [
        "delete bucket full and all that is in it"
    ]
    assert "full" not in names(client)


@pytest.mark.parametrize("name", ["ab", "Upper", "under_score", "a..b", "192.168.0.1", "-dash", "x" * 64])
def test_impossible_names_are_refused(module, login, name):
    assert "is not a bucket name" in module("s3_buckets", {**login, "buckets": [{"name": name}]}).refusal


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"access_key": "nobody"}, "does not know the access key"),
        ({"secret_key": "wrong"}, "refuses the secret key"),
        ({"endpoint_url": "http://127.0.0.1:1"}, "[3] network error"),
        ({"buckets": [{"name": "quoted", "quota": 1}]}, "no request for a quota"),
        ({"assume_empty": True}, "for check mode only"),
    ],
)
def test_refusals(module, login, change, reason):
    refusal = module("s3_buckets", {**login, "buckets": [{"name": "never"}], **change}).refusal
    assert reason in refusal and SECRET not in refusal


def test_one_identity_cannot_make_buckets_or_read_anothers(module, login, client):
    weak = {**login, "access_key": "app", "secret_key": "app-secret-key"}
    assert "lacks the right" in module("s3_buckets", {**weak, "buckets": [{"name": "never"}]}).refusal
    assert "never" not in names(client)
