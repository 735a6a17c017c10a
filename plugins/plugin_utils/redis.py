# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What services need of one Redis server: pure functions."""

from __future__ import annotations

import typing as t

# Reaches beyond a user's own keys, however much else he may: functions and scripts are everybody's, a key by chance is
# anybody's as is the number of keys, and tracking tells of every key that changes.
NEVER = ("-function", "-script|flush", "-script|kill", "-randomkey", "-dbsize", "-client|tracking")


# Shows the names of everybody's keys, or leads to where they are: nobody gets it who does not ask for it by its name.
ASKED_FOR = ("scan", "keys", "select")


def redis_users_of(needs: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Return the user of each need, without what no service gets.

    Args:
        needs: of kind `redis`.
    """
    return [{**need["user"], "commands": _limited(need["user"].get("commands", []))} for need in needs]


def _limited(commands: list[str]) -> list[str]:
    named = {rule.lower().partition("|")[0] for rule in commands if rule.startswith("+")}
    return [*commands, *(f"-{command}" for command in ASKED_FOR if f"+{command}" not in named), *NEVER]
