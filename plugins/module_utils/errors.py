# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The one exception of this collection: every failure has a category, says what happened, where, and what to do."""

from __future__ import annotations

import errno

CONFIGURATION = 1
PREREQUISITE = 2
NETWORK = 3
SERVICE_STARTUP = 4
INTEGRATION = 5
DATA = 10

CATEGORIES = {
    CONFIGURATION: "configuration error",
    PREREQUISITE: "prerequisite error",
    NETWORK: "network error",
    SERVICE_STARTUP: "service startup error",
    INTEGRATION: "integration error",
    DATA: "data error",
}


class PlatformError(Exception):
    """A failure that an operator can act on.

    Args:
        category: one of the constants above.
        what: what was tried and what was answered; never holds a secret.
        remedy: what to do next, in the imperative.
        where: the object or place that it happened at, such as `role n8n_user`.
        done: the steps that had been carried out before, in words.
    """

    def __init__(self, category: int, what: str, remedy: str, where: str = "", done: list[str] | None = None):
        super().__init__(what)
        self.category = category
        self.what = what
        self.remedy = remedy
        self.where = where
        self.done = list(done or [])

    @property
    def message(self) -> str:
        """The whole failure as one paragraph."""
        parts = [f"[{self.category}] {CATEGORIES[self.category]}"]
        if self.where:
            parts.append(f" at {self.where}")
        parts.append(f": {self.what.rstrip('.')}.")
        if self.done:
            parts.append(f" Already done: {'; '.join(self.done)}.")
        parts.append(f" What to do: {self.remedy.rstrip('.')}.")
        return "".join(parts)

    def as_result(self) -> dict:
        """Return the keyword arguments of `fail_json`."""
        return {
            "msg": self.message,
            "error": {
                "category": self.category,
                "category_name": CATEGORIES[self.category],
                "what": self.what,
                "where": self.where,
                "remedy": self.remedy,
                "done": self.done,
            },
        }


# By what the system answers: what to do about the place that it names.
SYSTEM_REMEDIES = {
    errno.ENOSPC: "make room on the file system of {place}, and run again",
    errno.EDQUOT: "raise the quota of the file system of {place}, and run again",
    errno.EROFS: "mount the file system of {place} so that it can be written, and run again",
    errno.EACCES: "run as root (become: true), or have {place} accessible to who runs this",
    errno.EPERM: "run as root (become: true), or have {place} changeable by who runs this",
}


def of_system(error: OSError, where: str = "") -> PlatformError:
    """Return what the operating system refused, as a failure with a category and a remedy."""
    place = str(error.filename2 or error.filename or where or "the place named here")
    remedy = SYSTEM_REMEDIES.get(error.errno or 0, "correct what it says about {place}, and run again")
    what = f"the system refused it: {error.strerror or error}"
    return PlatformError(PREREQUISITE, what, remedy.format(place=place), where or place)
