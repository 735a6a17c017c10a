"""What a service may do with the identity that the platform makes for it."""

from __future__ import annotations

import boto3
import botocore
import pytest
from integration.s3.servers import SeaweedFS

pytestmark = pytest.mark.integration
POLICY = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
             "Resource": "arn:aws:s3:::app/*"}]}"""


@pytest.fixture(scope="module")
def server():
    running = SeaweedFS()
    connect(running.login).create_bucket(Bucket="app")
    yield running
    running.remove()


def connect(login: dict, **other: str):
    login = {**login, **other}
    return boto3.client(
        "s3",
        endpoint_url=login["endpoint_url"],
        aws_access_key_id=login["access_key"],
        aws_secret_access_key=login["secret_key"],
        region_name="us-east-1",
        config=botocore.config.Config(s3={"addressing_style": "path"}),
    )


@pytest.fixture(scope="module")
def app(server):
    return connect(server.login, access_key="app", secret_key="app-secret-key")


def test_it_works_with_objects_in_every_usual_way(app):
    app.put_object(Bucket="app", Key="a/one", Body=b"1", Tagging="kind=x")
    app.copy_object(Bucket="app", Key="a/two", CopySource="app/a/one")
    upload = app.create_multipart_upload(Bucket="app", Key="a/large")["UploadId"]
    part = app.upload_part(Bucket="app", Key="a/large", PartNumber=1, UploadId=upload, Body=b"x" * 2**20)
    parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
    app.complete_multipart_upload(Bucket="app", Key="a/large", UploadId=upload, MultipartUpload={"Parts": parts})
    app.head_bucket(Bucket="app")
    found = [item["Key"] for item in app.list_objects_v2(Bucket="app", Prefix="a/")["Contents"]]
    assert found == ["a/large", "a/one", "a/two"]
    assert app.get_object_tagging(Bucket="app", Key="a/one")["TagSet"] == [{"Key": "kind", "Value": "x"}]
    deleted = app.delete_objects(Bucket="app", Delete={"Objects": [{"Key": key} for key in found]})
    assert len(deleted["Deleted"]) == 3


# The bucket's settings are the platform's: versions would keep what was deleted, a policy would open it to everybody.
@pytest.mark.parametrize(
    ("change", "arguments"),
    [
        ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Enabled"}}),
        (
            "put_bucket_cors",
            {"CORSConfiguration": {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}},
        ),
        (
            "put_bucket_lifecycle_configuration",
            {
                "LifecycleConfiguration": {
                    "Rules": [{"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]
                }
            },
        ),
        ("put_bucket_policy", {"Policy": POLICY}),
        ("put_bucket_acl", {"ACL": "public-read"}),
        ("put_bucket_tagging", {"Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}}),
        ("delete_bucket", {}),
    ],
)
def test_it_has_no_say_about_its_bucket(app, change, arguments):
    with pytest.raises(botocore.exceptions.ClientError, match="AccessDenied"):
        getattr(app, change)(Bucket="app", **arguments)
