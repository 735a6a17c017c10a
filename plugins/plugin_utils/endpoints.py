# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Where an instance is reached by those that need it: pure functions."""

from __future__ import annotations

import typing as t

Endpoint = dict[str, t.Any]


def endpoint(container: str, port: int) -> Endpoint:
    """Return how an instance is reached from a container beside it.

    Args:
        container: that listens.
        port: where it listens.

    Returns:
        `host`, `port`, and `address`, which is both of them with a colon.
    """
    return {"host": container, "port": int(port), "address": f"{container}:{port}"}


def endpoints_of(declarations: dict[str, dict]) -> dict[str, Endpoint]:
    """Return the endpoints of those that provide something, by instance name."""
    return {
        name: endpoint(declared["provides"]["container"], declared["provides"]["port"])
        for name, declared in declarations.items()
        if "provides" in declared
    }


def with_unknown(endpoints: dict[str, Endpoint], used: t.Iterable[str]) -> dict[str, Endpoint]:
    """Return endpoints in which every instance that is used has one, so that all that does not fit is told at once.

    Args:
        endpoints: by instance name.
        used: names of instances that a service is set to use, whether they exist or not.
    """
    return {**{name: endpoint(name, 0) for name in used}, **endpoints}
