# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Networks for containers that get into nobody's way."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import NETWORK, PlatformError


def free_address_pools(
    routes: t.Iterable[dict], candidates: t.Sequence[str], count: int, wanted_size: int
) -> list[dict]:
    """Return pools for Docker that overlap no route of the host.

    Args:
        routes: the host's routes, `cidr` and `device`, without those of Docker's own bridges.
        candidates: networks in order of preference.
        count: how many pools are wanted.
        wanted_size: prefix length of the networks that Docker cuts out of a pool.

    Raises:
        PlatformError: too few candidates are free; names the routes in the way.
    """
    networks = [(ipaddress.ip_network(route["cidr"], strict=False), route.get("device", "")) for route in routes]
    free, taken = [], []
    for candidate in candidates:
        pool = ipaddress.ip_network(candidate)
        in_the_way = [
            f"{network} ({device})"
            for network, device in networks
            if network.version == pool.version and network.overlaps(pool)
        ]
        if in_the_way:
            taken.append(f"{candidate}: {', '.join(in_the_way)}")
        else:
            free.append({"base": candidate, "size": wanted_size})
    if len(free) < count:
        raise PlatformError(
            NETWORK,
            f"{count} networks for containers are wanted and {len(free)} are free of routes ({'; '.join(taken)})",
            "add networks that nobody uses to docker_address_pool_candidates",
        )
    return free[:count]
