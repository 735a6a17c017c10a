"""A small model of an S3 server: the requests that the collection makes, and what is documented of their answers."""

from __future__ import annotations

import copy
import json

from ansible_collections.borgstack.platform.plugins.module_utils.errors import INTEGRATION
from ansible_collections.borgstack.platform.plugins.module_utils.s3.answers import Denied, Unsupported, refusal

ABSENT = {
    "lifecycle": "NoSuchLifecycleConfiguration",
    "cors": "NoSuchCORSConfiguration",
    "policy": "NoSuchBucketPolicy",
    "tags": "NoSuchTagSet",
}
# By the method's name: the feature, and where its value is in arguments and answers.
FEATURES = {
    "bucket_versioning": ("versioning", "VersioningConfiguration"),
    "bucket_lifecycle_configuration": ("lifecycle", "LifecycleConfiguration"),
    "bucket_lifecycle": ("lifecycle", ""),
    "bucket_cors": ("cors", "CORSConfiguration"),
    "bucket_policy": ("policy", "Policy"),
    "bucket_tagging": ("tags", "Tagging"),
}


class Model:
    """Stands for `connection.Server`.

    Args:
        lacking: the features that it refuses to read and to set.
        read_only: the features that it refuses to set.
        denied: the methods that the access key may not use.
    """

    name, region = "S3 at model", "us-east-1"

    def __init__(self, lacking=(), read_only=(), denied=()):
        self.lacking, self.read_only, self.denied = set(lacking), set(read_only), set(denied)
        self.buckets: dict[str, dict] = {}
        self.foreign: set[str] = set()
        self.requests: list[str] = []

    def validate(self, method, **arguments):
        self.requests.append("validate")

    def pages(self, method, **arguments):
        yield self.call(method, **arguments)

    def call(self, method, absent=(), **arguments):
        self.requests.append(method)
        if method in self.denied:
            raise Denied(INTEGRATION, method, "")
        if method == "list_buckets":
            return {"Buckets": [{"Name": name} for name in self.buckets], "Owner": {}}
        code, answer = self._answer(method, **arguments)
        if code and code not in absent:
            raise refusal(method, code, 0, "", f"bucket {arguments['Bucket']}")
        return None if code else answer

    def _answer(self, method, Bucket, **arguments):
        verb, _, subject = method.partition("_")
        if subject in FEATURES:
            refused = self.lacking | (set() if verb == "get" else self.read_only)
            if FEATURES[subject][0] in refused:
                raise Unsupported(INTEGRATION, f"{method} is not offered", "")
        if Bucket in self.foreign:
            return ("403" if method == "head_bucket" else "BucketAlreadyExists"), None
        if method == "create_bucket":
            if Bucket in self.buckets:
                return "BucketAlreadyOwnedByYou", None
            self.buckets[Bucket] = {"objects": [], "versions": [], "uploads": []}
            return "", {}
        if Bucket not in self.buckets:
            return ("404" if method == "head_bucket" else "NoSuchBucket"), None
        bucket = self.buckets[Bucket]
        if subject in FEATURES:
            return self._feature(bucket, verb, *FEATURES[subject], arguments)
        return getattr(self, f"_{method}")(Bucket, bucket, **arguments)

    @staticmethod
    def _feature(bucket, verb, feature, place, arguments):
        if verb == "put":
            bucket[feature] = copy.deepcopy(arguments[place])
        elif verb == "delete":
            bucket.pop(feature, None)
        elif feature not in bucket:
            return ABSENT.get(feature, ""), {}
        elif feature == "policy":
            return "", {"Policy": bucket["policy"] + "\n"}
        else:
            return "", copy.deepcopy(bucket[feature])
        return "", {}

    def _head_bucket(self, name, bucket):
        return "", {}

    def _list_objects_v2(self, name, bucket, Prefix="", Delimiter="", MaxKeys=10**6):
        keys = sorted(key for key in bucket["objects"] if key.startswith(Prefix))
        answer = {"Contents": [{"Key": key, "Size": 0} for key in keys[:MaxKeys]]} if keys else {}
        if Delimiter:
            groups = sorted({key.partition("/")[0] + "/" for key in keys if "/" in key})
            answer = {"CommonPrefixes": [{"Prefix": group} for group in groups]}
        return "", answer

    def _list_object_versions(self, name, bucket, MaxKeys=10**6):
        return "", {"Versions": [{"Key": key, "VersionId": "1"} for key in bucket["versions"][:MaxKeys]]}

    def _list_multipart_uploads(self, name, bucket, MaxUploads=10**6):
        return "", {"Uploads": [{"Key": key, "UploadId": "1"} for key in bucket["uploads"][:MaxUploads]]}

    def _abort_multipart_upload(self, name, bucket, Key, UploadId):
        bucket["uploads"].remove(Key)
        return "", {}

    def _put_object(self, name, bucket, Key, Body):
        bucket["objects"] = sorted({*bucket["objects"], Key})
        return "", {}

    def _delete_objects(self, name, bucket, Delete):
        for item in Delete["Objects"]:
            self._delete_object(name, bucket, **item)
        return "", {}

    def _delete_object(self, name, bucket, Key, VersionId=None):
        kind = "versions" if VersionId else "objects"
        bucket[kind] = [key for key in bucket[kind] if key != Key]
        return "", {}

    def _delete_bucket(self, name, bucket):
        if bucket["objects"] or bucket["versions"]:
            return "BucketNotEmpty", None
        del self.buckets[name]
        return "", {}

    def dump(self) -> str:
        """Return all that it holds."""
        return json.dumps(self.buckets, sort_keys=True)
