"""Identities of the S3 gateway."""

from __future__ import annotations

import pytest

from ansible_collections.borgstack.platform.plugins.plugin_utils.seaweedfs import s3_identities

KEY = {"access_key": "app", "secret_key": "k"}


@pytest.mark.parametrize(
    ("identity", "actions"),
    [
        (KEY, ["Read:files", "List:files", "Write:files/*", "Tagging:files/*"]),
        ({**KEY, "prefix": "app/"}, ["Read:files", "List:files", "Write:files/app/*", "Tagging:files/app/*"]),
    ],
)
def test_an_identity_has_rights_in_its_bucket_or_below_its_prefix_only(identity, actions):
    assert s3_identities([{"bucket": {"name": "files"}, "identity": identity}]) == [
        {"name": "app", "credentials": [{"accessKey": "app", "secretKey": "k"}], "actions": actions}
    ]
