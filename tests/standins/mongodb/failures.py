"""The errors that mongod answers with, by its own codes and names."""

from __future__ import annotations

NAMES = {
    2: "BadValue",
    11: "UserNotFound",
    13: "Unauthorized",
    14: "TypeMismatch",
    17: "ProtocolError",
    18: "AuthenticationFailed",
    31: "RoleNotFound",
    59: "CommandNotFound",
    73: "InvalidNamespace",
    334: "MechanismUnavailable",
    10107: "NotWritablePrimary",
    11000: "DuplicateKey",
    40414: "IDLFailedToParse",
    40415: "IDLUnknownField",
    51003: "Location51003",
}


class Failure(Exception):
    """An error answer."""

    def __init__(self, code: int, message: str):
        super().__init__(message)
        self.answer = {"ok": 0.0, "errmsg": message, "code": code, "codeName": NAMES[code]}
