"""What servers answer, in words."""

from __future__ import annotations

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.s3.answers import Denied, Unsupported, refusal


@pytest.mark.parametrize(
    ("code", "status", "category", "words"),
    [
        ("InvalidAccessKeyId", 403, 5, "does not know the access key"),
        ("SignatureDoesNotMatch", 403, 5, "refuses the secret key"),
        ("RequestTimeTooSkewed", 403, 2, "the clocks of this host and the server differ too much"),
        ("RequestExpired", 400, 2, "the clocks"),
        ("BucketAlreadyExists", 409, 10, "belongs to somebody else"),
        ("BucketNotEmpty", 409, 10, "set force"),
        ("NoSuchBucket", 404, 10, "deleted at the same time"),
        ("OperationAborted", 409, 10, "being changed by somebody else"),
        ("TooManyBuckets", 400, 2, "may not own more buckets"),
        ("InvalidBucketState", 409, 10, "object lock"),
        ("AuthorizationHeaderMalformed", 400, 1, "another region than the one given: told"),
        ("IllegalLocationConstraintException", 400, 1, "correct region or endpoint_url"),
        ("PermanentRedirect", 301, 1, "another region"),
        ("301", 301, 1, "redirects to another one"),
        ("307", 307, 1, "redirects to another one"),
        ("ServiceUnavailable", 503, 4, "is not ready: ServiceUnavailable: told"),
        ("503", 503, 4, "wait, and run again"),
        ("SlowDown", 429, 4, "is not ready"),
        ("InternalError", 500, 5, "the server failed: InternalError: told"),
        ("502", 502, 5, "look into its log"),
        ("MalformedPolicy", 400, 1, "MalformedPolicy: told"),
        ("404", 404, 1, "404: told"),
    ],
)
def test_refusals(code, status, category, words):
    error = refusal("GetBucketPolicy", code, status, "told", "bucket app")
    assert (error.category, error.where) == (category, "bucket app")
    assert error.what.startswith("GetBucketPolicy: ") and words in error.message


@pytest.mark.parametrize(
    ("code", "status"), [("NotImplemented", 501), ("NotImplemented", 400), ("501", 501), ("MethodNotAllowed", 405)]
)
def test_what_the_server_does_not_offer(code, status):
    error = refusal("PutBucketCors", code, status, "told", "bucket app")
    assert isinstance(error, Unsupported) and (error.category, error.where) == (5, "bucket app")
    assert error.what == f"PutBucketCors: the server does not offer this: {code}: told"


@pytest.mark.parametrize(
    ("request_", "right"),
    [
        ("PutBucketPolicy", "s3:PutBucketPolicy"),
        ("HeadBucket", "s3:ListBucket"),
        ("DeleteBucketTagging", "s3:PutBucketTagging"),
    ],
)
@pytest.mark.parametrize("code", ["AccessDenied", "403", "Odd"])
def test_the_right_that_is_missing_is_named(request_, right, code):
    error = refusal(request_, code, 403, "told", "bucket app")
    assert isinstance(error, Denied) and f"allow it {right}, or" in error.remedy
    assert "lacks the right" in error.what and (error.category, error.where) == (5, "bucket app")


def test_the_right_to_list_all_buckets_is_named():
    assert "allow it s3:ListAllMyBuckets" in refusal("ListBuckets", "AccessDenied", 403, "told", "S3").remedy
