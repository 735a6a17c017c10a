"""What the client library raises, in our words."""

from __future__ import annotations

import pytest
from redis import exceptions

from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl import failures

OPTIONS = {"login_user": "keeper", "login_password": "Secret-1", "tls": False}
ACL_LIST = "has no permissions to run the 'acl|list' command"


@pytest.mark.parametrize(
    ("error", "options", "category", "what", "remedy"),
    [
        (
            exceptions.ResponseError("DENIED Running in protected mode because"),
            {},
            2,
            "in protected mode",
            "a password",
        ),
        (exceptions.AuthenticationError("DENIED Redis is running in"), {}, 2, "in protected mode", "a password"),
        (exceptions.ResponseError("unknown command `HELLO`, with"), {}, 2, "does not know the command ACL LIST", "7"),
        (exceptions.NoPermissionError(ACL_LIST), {}, 5, "keeper may not run ACL LIST", "allow +acl|list to this one"),
        (exceptions.NoPermissionError("no"), {}, 5, "keeper may not run ACL LIST", "allow +acl list to this one"),
        (exceptions.AuthenticationError("any"), {}, 5, "refuses the password of keeper", "login_password"),
        (exceptions.ResponseError("WRONGPASS any"), {}, 5, "refuses the password of keeper", "login_password"),
        (exceptions.ResponseError("invalid password"), {}, 5, "refuses the password of keeper", "login_password"),
        (
            exceptions.ResponseError("NOAUTH any"),
            {"login_password": None},
            5,
            "wants a password of keeper",
            "login_user",
        ),
        (exceptions.ConnectionError("Connection refused"), {}, 3, "no connection: Connection refused", "or set tls"),
        (exceptions.TimeoutError("Timeout"), {"tls": True}, 3, "no connection: Timeout", "speaks TLS there"),
        (exceptions.ConnectionError(""), {}, 3, "no connection: connection lost", "can be reached"),
        (exceptions.ConnectionError("[SSL] Certificate verify"), {}, 3, "certificate is not accepted", "ca_cert"),
        (
            exceptions.ResponseError("MISCONF errors"),
            {},
            4,
            "ACL LIST was refused: MISCONF errors",
            "see to the server",
        ),
        (
            exceptions.ReadOnlyError("You can't write against a read only replica."),
            {},
            4,
            "read only",
            "see to the server",
        ),
        (exceptions.ResponseError("something\nelse"), {}, 1, "ACL LIST was refused: something", "correct"),
    ],
)
def test_translated(error, options, category, what, remedy):
    failure = failures.translated(error, "ACL LIST", {**OPTIONS, **options}, "Redis at host:6379", exceptions)
    assert (failure.category, failure.where) == (category, "Redis at host:6379")
    assert what in failure.what and remedy in failure.remedy
    assert "\n" not in failure.message and "Secret-1" not in failure.message
