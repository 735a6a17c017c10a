# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The connection to an S3 server."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils import libraries, provisioning
from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    PlatformError,
)
from ansible_collections.borgstack.platform.plugins.module_utils.s3 import answers

# Without boto3 itself, which brings it: importing that takes a third longer, and nothing of it is needed.
try:
    import botocore.config
    import botocore.exceptions
    import botocore.parsers
    import botocore.session
    import botocore.validate
except ImportError:
    botocore = None

OPTIONS: dict = {
    **provisioning.CONNECTION,
    "endpoint_url": {"type": "str"},
    "access_key": {"type": "str", "required": True, "no_log": False},
    "secret_key": {"type": "str", "required": True, "no_log": True},
    "region": {"type": "str", "default": "us-east-1"},
    "ca_cert": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
}
# How many requests are made at the same time; botocore's pool of connections holds as many.
CONCURRENCY = 8


class Server:
    """An S3 server; may be used from several threads.

    Args:
        options: the module's connection options.

    Raises:
        PlatformError: the client library is missing, or an option makes no sense.
    """

    def __init__(self, options: dict):
        libraries.require("botocore", botocore)
        self.name = f"S3 at {options['endpoint_url'] or 'AWS'}"
        self.region = options["region"]
        if options["validate_certs"] and options["ca_cert"] and not os.access(options["ca_cert"], os.R_OK):
            raise PlatformError(
                CONFIGURATION, f"ca_cert {options['ca_cert']} cannot be read", "correct its path", where=self.name
            )
        try:
            self._client = botocore.session.get_session().create_client(
                "s3",
                endpoint_url=options["endpoint_url"],
                aws_access_key_id=options["access_key"],
                aws_secret_access_key=options["secret_key"],
                region_name=options["region"],
                verify=(options["ca_cert"] or True) if options["validate_certs"] else False,
                config=_config(options["connect_timeout"]),
            )
        except (ValueError, botocore.exceptions.BotoCoreError) as error:
            raise PlatformError(
                CONFIGURATION,
                f"no client can be made: {error}",
                "correct endpoint_url, which begins with http:// or https://, and region; see also the host's AWS_* "
                "variables and ~/.aws/config",
                where=self.name,
            ) from None
        self._client.meta.events.register("before-call.s3", _add_digest)

    def validate(self, method: str, **arguments) -> None:
        """Check a request's arguments without making it.

        Raises:
            PlatformError: an argument is unknown, missing or of a wrong type.
        """
        shape = self._client.meta.service_model.operation_model(self._request(method)).input_shape
        errors = botocore.validate.ParamValidator().validate(arguments, shape)
        if errors.has_errors():
            raise _malformed(method, errors.generate_report(), self._where(arguments))

    def call(self, method: str, absent: t.Collection[str] = (), **arguments) -> dict | None:
        """Make a request.

        Args:
            method: the client's method, such as `create_bucket`.
            absent: error codes that mean that there is nothing; they give none.
            arguments: its arguments.

        Raises:
            Unsupported: the server does not offer it.
            Denied: the access key may not do it.
            PlatformError: the server cannot be reached or refuses.
        """
        with self._in_words(method, arguments):
            try:
                return getattr(self._client, method)(**arguments)
            except botocore.exceptions.ClientError as error:
                if error.response["Error"]["Code"] in absent:
                    return None
                raise

    def pages(self, method: str, **arguments) -> t.Iterator[dict]:
        """Yield all pages of a listing.

        Raises:
            PlatformError: as `call`.
        """
        with self._in_words(method, arguments):
            yield from self._client.get_paginator(method).paginate(**arguments)

    @contextlib.contextmanager
    def _in_words(self, method: str, arguments: dict) -> t.Iterator[None]:
        try:
            yield
        except botocore.exceptions.ClientError as error:
            told, metadata = error.response["Error"], error.response.get("ResponseMetadata", {})
            raise answers.refusal(
                self._request(method),
                str(told.get("Code")),
                metadata.get("HTTPStatusCode") or 0,
                str(told.get("Message", "")),
                self._where(arguments),
            ) from None
        except botocore.exceptions.ParamValidationError as error:
            raise _malformed(method, error.kwargs["report"], self._where(arguments)) from None
        except botocore.parsers.ResponseParserError:
            raise answers.not_s3("its answer is not XML", self.name) from None
        except TypeError:
            if "Bucket" in arguments:
                raise
            # botocore stumbles when it follows a redirect: it looks for the region of the bucket.
            raise answers.refusal(self._request(method), "301", 301, "", self.name) from None
        except botocore.exceptions.SSLError as error:
            raise answers.no_tls(error, self.name) from None
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.HTTPClientError) as error:
            raise answers.no_connection(error, self.name) from None

    def _request(self, method: str) -> str:
        return self._client.meta.method_to_api_mapping[method]

    def _where(self, arguments: dict) -> str:
        return f"bucket {arguments['Bucket']} on {self.name}" if "Bucket" in arguments else self.name


def _config(connect_timeout: int) -> t.Any:
    settings = {
        "connect_timeout": connect_timeout,
        "read_timeout": 60,
        "retries": {"max_attempts": 2},
        "max_pool_connections": CONCURRENCY,
        # Buckets as host names would need a DNS record each.
        "s3": {"addressing_style": "path"},
    }
    try:
        # From 1.36 on botocore adds checksums of its own, which servers other than AWS may not know.
        return botocore.config.Config(
            request_checksum_calculation="when_required", response_checksum_validation="when_required", **settings
        )
    except TypeError:
        return botocore.config.Config(**settings)


def _add_digest(model, params: dict, **_context) -> None:
    # Where S3 asks for a checksum, older servers accept none but this one, which botocore no longer sends since 1.36.
    # Before 1.24 a request knows nothing of checksums but that it needs one.
    checksum = getattr(model, "http_checksum", None) or {}
    required = model.http_checksum_required or checksum.get("requestChecksumRequired")
    body = params["body"]
    if required and isinstance(body, bytes):
        digest = hashlib.md5(body, usedforsecurity=False).digest()
        params["headers"]["Content-MD5"] = base64.b64encode(digest).decode("ascii")


def _malformed(method: str, report: str, where: str) -> PlatformError:
    return PlatformError(
        CONFIGURATION,
        f"{method} cannot be asked like this: {'; '.join(report.splitlines())}",
        "correct the declaration; it is written as in S3's API",
        where=where,
    )
