# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Apply: carry out the steps of a plan."""

from __future__ import annotations

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step, apply_steps
from ansible_collections.borgstack.platform.plugins.module_utils.s3 import contents, plan
from ansible_collections.borgstack.platform.plugins.module_utils.s3.answers import Unsupported
from ansible_collections.borgstack.platform.plugins.module_utils.s3.connection import Server
from ansible_collections.borgstack.platform.plugins.module_utils.s3.features import FEATURES


def carry_out(server: Server, steps: list[Step], skip_unsupported: bool = False) -> tuple[list[Step], list[str]]:
    """Carry out the steps in order.

    Args:
        server: the server.
        steps: the plan.
        skip_unsupported: whether a step that the server turns out not to offer is left out.

    Returns:
        The steps that were done, and those that were left out, in words.

    Raises:
        PlatformError: the server cannot be reached or refuses; says what had been done.
    """
    done: list[Step] = []
    left_out: list[str] = []
    for step in steps:
        try:
            apply_steps([step], lambda step: _apply(server, step))
        except PlatformError as error:
            if skip_unsupported and isinstance(error, Unsupported) and step.operation[0] in (plan.WRITE, plan.REMOVE):
                left_out.append(f"{step.words} ({error.what})")
                continue
            error.done = [item.words for item in done] + error.done
            raise
        done.append(step)
    return done, left_out


def _apply(server: Server, step: Step) -> None:
    kind, name, value = step.operation
    if kind == plan.CREATE:
        _create(server, name)
    elif kind == plan.DELETE:
        _delete(server, name, force=value)
    elif kind == plan.MARK:
        server.call("put_object", Bucket=name, Key=value, Body=b"")
    else:
        key, wanted = value
        feature = FEATURES[key]
        if kind == plan.WRITE:
            server.call(feature.write, Bucket=name, **feature.arguments_of(wanted))
        else:
            server.call(feature.remove, feature.absent, Bucket=name)


def _create(server: Server, name: str) -> None:
    # AWS's first region is the one that must not be named.
    region = (
        {} if server.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": server.region}}
    )
    server.call("create_bucket", ("BucketAlreadyOwnedByYou",), Bucket=name, **region)


def _delete(server: Server, name: str, force: bool) -> None:
    # Looked at once more: some servers delete a bucket with all that is in it, and something may have come since.
    content = contents.in_words(server, name)
    if content:
        if not force:
            raise plan.not_empty(name, content)
        # Tried first: those servers need no more than this.
        if server.call("delete_bucket", ("BucketNotEmpty",), Bucket=name) is not None:
            return
        contents.delete(server, name)
    server.call("delete_bucket", ("NoSuchBucket",), Bucket=name)
