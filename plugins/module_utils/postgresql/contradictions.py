# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Declarations of one database that undo each other: each run would change something, and none would be right."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.privilege_catalog import EVERYBODY, Place
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.privilege_kinds import (
    in_words,
    place_of,
    wanted,
)

# What only some versions have is told when the version is known.
ANY_VERSION = 999999


def check(database: dict, owner: str | None) -> None:
    """Refuse a privilege that is declared to be held and not to be, by whichever options.

    Args:
        database: the declaration.
        owner: whom it will belong to; none where that is not known.

    Raises:
        PlatformError: there is one.
    """
    said: dict[tuple[Place, str, str], tuple[str, str]] = dict(_closed(database))
    for number, grant in enumerate(database["privileges"]):
        place, item = place_of(grant, owner), f"privileges[{number}]"
        for privilege in sorted(wanted(grant, ANY_VERSION)):
            before = said.setdefault((place, grant["role"], privilege), (grant["state"], item))
            if before[0] != grant["state"]:
                raise PlatformError(
                    CONFIGURATION,
                    f"{before[1]} and {item} contradict each other: {grant['role']} is to hold {privilege} on "
                    f"{in_words(database['name'], place)}, and not to hold it",
                    "keep one of the two",
                    where=f"database {database['name']}",
                )


def _closed(database: dict) -> t.Iterator[tuple[tuple[Place, str, str], tuple[str, str]]]:
    """Yield what revoke_public takes from everybody."""
    taken = [(Place("database"), privilege) for privilege in ("CONNECT", "CREATE", "TEMPORARY")]
    for place, privilege in [*taken, (Place("schema", "public"), "CREATE")] if database["revoke_public"] else ():
        yield (place, EVERYBODY, privilege), ("absent", "revoke_public")
