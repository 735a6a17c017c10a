# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The connection to an S3 server, and its errors in words that an operator can act on."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils import provisioning
from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    DATA,
    INTEGRATION,
    NETWORK,
    PREREQUISITE,
    PlatformError,
)

try:
    import boto3
    import botocore.config
    import botocore.exceptions
except ImportError:
    boto3 = None

OPTIONS: dict = {
    **provisioning.CONNECTION,
    "endpoint_url": {"type": "str"},
    "access_key": {"type": "str", "required": True, "no_log": False},
    "secret_key": {"type": "str", "required": True, "no_log": True},
    "region": {"type": "str", "default": "us-east-1"},
    "ca_cert": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
}

# By the server's error code: category, what it means, what to do.
MEANINGS = {
    "InvalidAccessKeyId": (INTEGRATION, "the server does not know the access key", "correct access_key"),
    "SignatureDoesNotMatch": (INTEGRATION, "the server refuses the secret key", "correct secret_key"),
    "AccessDenied": (INTEGRATION, "the access key lacks the right to do this", "use a key that may administer buckets"),
    "RequestTimeTooSkewed": (
        PREREQUISITE,
        "the clocks of this host and the server differ too much",
        "synchronise both",
    ),
    "BucketAlreadyExists": (DATA, "the bucket belongs to somebody else", "choose another name"),
    "BucketNotEmpty": (DATA, "the bucket is not empty", "empty it, or set force to delete what is in it"),
}
UNSUPPORTED = {"NotImplemented", "MethodNotAllowed", "UnsupportedOperation", "XNotImplemented", "501", "405"}


class Unsupported(PlatformError):
    """The server does not offer a feature."""


class Server:
    """An S3 server.

    Args:
        options: the module's connection options.

    Raises:
        PlatformError: the client library is missing.
    """

    def __init__(self, options: dict):
        if boto3 is None:
            raise PlatformError(
                PREREQUISITE,
                "the Python library boto3 is missing on the host",
                "install it, for example the package python3-boto3",
            )
        self.name = f"S3 at {options['endpoint_url'] or 'AWS'}"
        self.region = options["region"]
        self._client = boto3.client(
            "s3",
            endpoint_url=options["endpoint_url"],
            aws_access_key_id=options["access_key"],
            aws_secret_access_key=options["secret_key"],
            region_name=options["region"],
            verify=options["ca_cert"] or options["validate_certs"],
            config=botocore.config.Config(
                connect_timeout=options["connect_timeout"],
                read_timeout=60,
                retries={"max_attempts": 2},
                # Buckets as host names would need a DNS record each.
                s3={"addressing_style": "path"},
            ),
        )

    def call(self, method: str, absent: t.Collection[str] = (), **arguments) -> dict | None:
        """Call a method of the client.

        Args:
            method: its name, such as `create_bucket`.
            absent: error codes that mean that there is nothing; they give none.
            arguments: its arguments.

        Raises:
            Unsupported: the server does not know it.
            PlatformError: it cannot be reached or refuses.
        """
        try:
            return getattr(self._client, method)(**arguments)
        except botocore.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            status = str(error.response["ResponseMetadata"].get("HTTPStatusCode"))
            if code in absent or status in absent:
                return None
            raise self._translated(method, code, status, error.response["Error"].get("Message", "")) from None
        except botocore.exceptions.BotoCoreError as error:
            raise PlatformError(
                NETWORK,
                f"no connection: {error}",
                "check that the server runs and can be reached from this host",
                where=self.name,
            ) from None

    def pages(self, method: str, **arguments) -> t.Iterator[dict]:
        """Yield all pages of a listing."""
        try:
            yield from self._client.get_paginator(method).paginate(**arguments)
        except botocore.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            status = str(error.response["ResponseMetadata"].get("HTTPStatusCode"))
            raise self._translated(method, code, status, error.response["Error"].get("Message", "")) from None

    def _translated(self, method: str, code: str, status: str, message: str) -> PlatformError:
        if code in UNSUPPORTED or status in UNSUPPORTED:
            return Unsupported(
                INTEGRATION, f"the server does not offer {method}", "remove the option that needs it", where=self.name
            )
        category, meaning, remedy = MEANINGS.get(
            code,
            MEANINGS["AccessDenied"]
            if status == "403"
            else (CONFIGURATION, f"{code}: {message}", "correct the declaration"),
        )
        return PlatformError(category, f"{method}: {meaning}", remedy, where=self.name)
