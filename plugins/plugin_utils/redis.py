# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What services need of one Redis server: pure functions."""

from __future__ import annotations

import typing as t

# Reaches beyond a user's own keys, however much else he may: functions and scripts are everybody's, a key by chance is
# anybody's as is the number of keys, and tracking tells of every key that changes.
NEVER = ("-function", "-script|flush", "-script|kill", "-randomkey", "-dbsize", "-client|tracking")


def redis_users_of(needs: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Return the user of each need, without what no service gets.

    Args:
        needs: of kind `redis`.
    """
    return [{**need["user"], "commands": [*need["user"].get("commands", []), *NEVER]} for need in needs]
