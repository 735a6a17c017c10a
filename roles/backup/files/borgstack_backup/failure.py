# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The one failure of this program, in the form that all failures of the collection have."""

from __future__ import annotations

import errno

CONFIGURATION = 1
PREREQUISITE = 2
NETWORK = 3
SERVICE = 4
DATA = 10

NAMES = {
    CONFIGURATION: "configuration error",
    PREREQUISITE: "prerequisite error",
    NETWORK: "network error",
    SERVICE: "service startup error",
    DATA: "data error",
}

FULL = (errno.ENOSPC, errno.EDQUOT)
FULL_WORDS = ("no space left on device", "disk quota exceeded")


class Failure(Exception):
    """What happened, where, and what to do about it; `category` is the exit status too."""

    def __init__(self, category: int, what: str, remedy: str, where: str = ""):
        super().__init__(what)
        self.category, self.what, self.remedy, self.where = category, what.strip().rstrip("."), remedy, where

    @property
    def message(self) -> str:
        """The whole failure in one line."""
        place = f" at {self.where}" if self.where else ""
        return f"[{self.category}] {NAMES[self.category]}{place}: {self.what}. What to do: {self.remedy}."

    def as_dict(self) -> dict:
        """Return it for the status file."""
        return {
            "category": self.category,
            "what": self.what,
            "remedy": self.remedy,
            "where": self.where,
            "message": self.message,
        }


def full(where: str) -> Failure:
    """Return that a file system is full."""
    return Failure(DATA, "there is no room left on the file system", "make room and run again", where)


def of_system(error: OSError, where: str = "") -> Failure:
    """Return what the operating system refused."""
    place = str(error.filename or where)
    if error.errno in FULL:
        return full(place)
    return Failure(PREREQUISITE, error.strerror or str(error), "correct what it says and run again", place)
