# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The client libraries that modules need on a host, and the oldest of each that they are tested with.

The only place where these versions are kept: modules refuse what is older, and whoever looks at a host before anything
is changed asks here too.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PREREQUISITE, PlatformError


class Library(t.NamedTuple):
    """A client library.

    Attributes:
        name: what Python imports it as.
        package: the package of Debian and Ubuntu that has it or brings it.
        oldest: the oldest version that will do: no newer than what Debian 12 and Ubuntu 22.04 have.
    """

    name: str
    package: str
    oldest: tuple[int, ...]

    @property
    def oldest_in_words(self) -> str:
        """The oldest version as it is written."""
        return ".".join(map(str, self.oldest))


LIBRARIES = {
    library.name: library
    for library in (
        Library("psycopg2", "python3-psycopg2", (2, 9, 2)),
        Library("pymongo", "python3-pymongo", (3, 11)),
        Library("redis", "python3-redis", (3, 5, 3)),
        # A package of its own, though it is boto3 that is installed.
        Library("botocore", "python3-botocore", (1, 23, 34)),
    )
}


def numbers_of(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, of a library or of its package: `1:3.11.0-1+deb12u2` is 3, 11, 0."""
    found = re.match(r"(?:\d+:)?(\d+(?:\.\d+)*)", version)
    return tuple(map(int, found[1].split("."))) if found else ()


def is_too_old(name: str, version: str) -> bool:
    """Tell whether a version of a library, or of its package, is older than modules can use."""
    return numbers_of(version) < LIBRARIES[name].oldest


def require(name: str, library: t.Any) -> None:
    """Refuse to go on without a library.

    Args:
        name: what Python imports it as.
        library: the imported library, none where there is none.

    Raises:
        PlatformError: it is missing or too old.
    """
    known = LIBRARIES[name]
    found = getattr(library, "__version__", None) or getattr(library, "version", "")
    if library is not None and not is_too_old(name, found):
        return
    what = "missing" if library is None else f"{'.'.join(map(str, numbers_of(found)))}, which is too old,"
    raise PlatformError(
        PREREQUISITE,
        f"the Python library {name} is {what} on the host",
        f"install {known.oldest_in_words} or later, for example the package {known.package}",
    )
