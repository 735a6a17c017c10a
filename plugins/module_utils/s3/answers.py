# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What an S3 server answers, in words that an operator can act on."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    DATA,
    INTEGRATION,
    NETWORK,
    PREREQUISITE,
    SERVICE_STARTUP,
    PlatformError,
)

# By the server's error code: category, what it means, what to do.
MEANINGS = {
    "InvalidAccessKeyId": (INTEGRATION, "the server does not know the access key", "correct access_key"),
    "SignatureDoesNotMatch": (INTEGRATION, "the server refuses the secret key", "correct secret_key"),
    "RequestTimeTooSkewed": (
        PREREQUISITE,
        "the clocks of this host and the server differ too much",
        "synchronise both",
    ),
    "BucketAlreadyExists": (DATA, "the bucket belongs to somebody else", "choose another name"),
    "BucketNotEmpty": (DATA, "it is not empty", "empty it, or set force to delete what is in it"),
    "NoSuchBucket": (
        DATA,
        "the bucket was deleted at the same time",
        "see who else administers this server, and run again",
    ),
    "OperationAborted": (
        DATA,
        "the bucket is being changed by somebody else, or was deleted a moment ago",
        "wait a minute, and run again",
    ),
    "TooManyBuckets": (PREREQUISITE, "the account may not own more buckets", "have its limit raised"),
    "InvalidBucketState": (
        DATA,
        "the bucket's object lock or replication needs versioning",
        "leave its versioning on",
    ),
}
MEANINGS["RequestExpired"] = MEANINGS["RequestTimeTooSkewed"]
REGION = {
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
    "InvalidLocationConstraint",
    "InvalidRegion",
    "PermanentRedirect",
    "TemporaryRedirect",
}
DENIED = {"AccessDenied", "AllAccessDisabled", "Forbidden", "403"}
UNSUPPORTED = {
    "MethodNotAllowed",
    "NotImplemented",
    "NotSupported",
    "UnsupportedOperation",
    "XNotImplemented",
    "405",
    "501",
}
# Named unlike the request that they allow.
RIGHTS = {
    "DeleteBucketCors": "s3:PutBucketCORS",
    "DeleteBucketLifecycle": "s3:PutLifecycleConfiguration",
    "DeleteBucketTagging": "s3:PutBucketTagging",
    "DeleteObjects": "s3:DeleteObject and s3:DeleteObjectVersion",
    "GetBucketCors": "s3:GetBucketCORS",
    "GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "HeadBucket": "s3:ListBucket",
    "ListBuckets": "s3:ListAllMyBuckets",
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "ListObjectVersions": "s3:ListBucketVersions",
    "ListObjectsV2": "s3:ListBucket",
    "PutBucketCors": "s3:PutBucketCORS",
    "PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
}


class Unsupported(PlatformError):
    """The server does not offer a feature."""


class Denied(PlatformError):
    """The access key lacks a right."""


def refusal(request: str, code: str, status: int, message: str, where: str) -> PlatformError:
    """Return a server's refusal in words.

    Args:
        request: the request's name in S3's API, such as `PutBucketPolicy`.
        code: the server's error code; where it gives none, botocore's, which is the status.
        status: the answer's HTTP status.
        message: the server's own words.
        where: the object that it is about.
    """
    if request == "ListBuckets" and code.isdigit() and code not in ("301", "302", "307", "308", "502", "503", "504"):
        # The first request of all. An S3 server answers it with a list or with an error that has a name.
        return not_s3(f"its answer is {code}: {message}", where)
    given = {code, str(status)}
    if code in MEANINGS:
        category, meaning, remedy = MEANINGS[code]
        return PlatformError(category, f"{request}: {meaning}", remedy, where=where)
    if code in REGION:
        return PlatformError(
            CONFIGURATION,
            f"{request}: the server keeps another region than the one given: {message}",
            "correct region or endpoint_url",
            where=where,
        )
    if given & UNSUPPORTED:
        return Unsupported(
            INTEGRATION,
            f"{request}: the server does not offer this: {code}: {message}",
            "remove the option that needs it, or set skip_unsupported",
            where=where,
        )
    if given & DENIED:
        return Denied(
            INTEGRATION,
            f"{request}: the access key lacks the right to do this: {code}: {message}",
            f"allow it {RIGHTS.get(request, f's3:{request}')}, or use a key that may administer buckets",
            where=where,
        )
    if status in (301, 302, 307, 308):
        return PlatformError(
            CONFIGURATION,
            f"{request}: the address redirects to another one",
            "give the final address as endpoint_url, often the one with https",
            where=where,
        )
    if status == 503 or code in ("SlowDown", "ServiceUnavailable", "XMinioServerNotInitialized"):
        return PlatformError(
            SERVICE_STARTUP,
            f"{request}: the server is not ready: {code}: {message}",
            "wait, and run again",
            where=where,
        )
    if status >= 500:
        return PlatformError(
            INTEGRATION, f"{request}: the server failed: {code}: {message}", "look into its log", where=where
        )
    return PlatformError(CONFIGURATION, f"{request}: {code}: {message}", "correct the declaration", where=where)


def not_s3(what: str, where: str) -> PlatformError:
    """Return the refusal of an answer that no S3 server gives."""
    return PlatformError(
        CONFIGURATION,
        f"what answers there is not an S3 server: {what}",
        "correct endpoint_url; it is the S3 API's address and port, not those of a console or of another service",
        where=where,
    )


def no_connection(error: t.Any, where: str) -> PlatformError:
    """Return in words that there was no connection, or that it broke."""
    return PlatformError(
        NETWORK,
        f"no connection: {error}",
        "check that the server runs and can be reached from this host",
        where=where,
    )


def no_tls(error: t.Any, where: str) -> PlatformError:
    """Return in words that TLS failed."""
    return PlatformError(
        NETWORK,
        f"no TLS connection: {error}",
        "check that endpoint_url names a TLS port by a name of its certificate, and that ca_cert has its authority",
        where=where,
    )
