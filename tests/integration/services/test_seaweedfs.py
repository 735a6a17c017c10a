"""SeaweedFS as its role runs it: what a container beside it can do without a key, and with one."""

from __future__ import annotations

import json

import boto3
import grpc
import pytest
from botocore.config import Config

pytestmark = pytest.mark.integration

# What stands for "make intruder an administrator" in each generation of the store, as bytes of gRPC's own format.
ALL_RIGHTS = ["Admin", "Read", "Write", "List", "Tagging"]


def field(number: int, content: bytes) -> bytes:
    """Return a field of a message; one byte tells its length, or two."""
    length = len(content)
    size = bytes([length]) if length < 128 else bytes([length & 127 | 128, length >> 7])
    return bytes([number << 3 | 2]) + size + content


CREDENTIAL = field(1, b"intruder") + field(2, b"intruder-key")
IDENTITY = field(1, b"intruder") + field(2, CREDENTIAL) + b"".join(field(3, right.encode()) for right in ALL_RIGHTS)
WHOLE_CONFIGURATION = {
    "identities": [
        {
            "name": "intruder",
            "credentials": [{"accessKey": "intruder", "secretKey": "intruder-key"}],
            "actions": ALL_RIGHTS,
        }
    ]
}
WAYS_IN = {
    "version 3": ("/messaging_pb.SeaweedS3/Configure", field(1, json.dumps(WHOLE_CONFIGURATION).encode())),
    "version 4": ("/messaging_pb.SeaweedS3IamCache/PutIdentity", field(1, IDENTITY)),
    "version 4, its own tasks": ("/messaging_pb.SeaweedS3LifecycleInternal/LifecycleDelete", b""),
    "what it can be asked": ("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", b""),
}


@pytest.fixture(scope="module")
def seaweedfs(deploy):
    return deploy(platform_datastores=["seaweedfs"])


def client(deployment, access_key: str, secret_key: str):
    return boto3.client(
        "s3",
        endpoint_url=f"http://{deployment.address('seaweedfs')}:8333",
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        region_name="us-east-1",
        config=Config(retries={"total_max_attempts": 1}),
    )


def listening(deployment, service: str) -> set[int]:
    """Return the ports that a container can be reached at from its networks."""
    table = deployment.run(service, "sh", "-c", "cat /proc/net/tcp /proc/net/tcp6")
    rows = [line.split() for line in table.splitlines() if ":" in line]
    places = [row[1].split(":") for row in rows if row[3] == "0A"]
    return {int(port, 16) for address, port in places if not address.endswith("00007F")}


@pytest.mark.parametrize("way", WAYS_IN)
def test_nobody_makes_himself_an_administrator(seaweedfs, way):
    method, request = WAYS_IN[way]
    place = f"{seaweedfs.address('seaweedfs')}:18333"
    with grpc.insecure_channel(place) as channel, pytest.raises(grpc.RpcError) as refused:
        channel.unary_unary(method)(request, timeout=5)
    assert refused.value.code() == grpc.StatusCode.UNAVAILABLE, refused.value
    with pytest.raises(client(seaweedfs, "intruder", "intruder-key").exceptions.ClientError):
        client(seaweedfs, "intruder", "intruder-key").list_buckets()


def test_the_gateway_listens_at_nothing_else(seaweedfs):
    assert listening(seaweedfs, "seaweedfs") == {8333, 18333}


def test_the_store_is_on_no_network_of_services(seaweedfs):
    networks = seaweedfs.inspect("seaweedfs-store")["NetworkSettings"]["Networks"]
    assert set(networks) == {f"{seaweedfs.project}_storage"}


def test_objects_are_written_and_read_through_what_is_signed_between_the_two(seaweedfs):
    administrator = client(seaweedfs, "platform", seaweedfs.secrets["seaweedfs_admin_secret_key"])
    administrator.create_bucket(Bucket="proof")
    administrator.put_object(Bucket="proof", Key="large", Body=b"x" * 2**20)
    assert len(administrator.get_object(Bucket="proof", Key="large")["Body"].read()) == 2**20


def test_a_second_run_changes_nothing(seaweedfs):
    again = seaweedfs.converge()
    assert (again.returncode, again.changed) == (0, 0), again.output
