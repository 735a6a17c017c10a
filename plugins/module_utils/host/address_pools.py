# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Networks for containers that get into nobody's way."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, NETWORK, PlatformError


def free_address_pools(
    routes: t.Iterable[dict], candidates: t.Sequence[str], count: int, wanted_size: int
) -> list[dict]:
    """Return pools for Docker that overlap no route of the host, nor each other.

    Args:
        routes: the host's routes, `cidr` and `device`, without those of Docker's own bridges.
        candidates: networks in order of preference.
        count: how many pools are wanted.
        wanted_size: prefix length of the networks that Docker cuts out of a pool.

    Raises:
        PlatformError: too few candidates are free, with the routes in the way by name; or a candidate is no network,
            or one that nothing of the wanted size fits into.
    """
    networks = [(ipaddress.ip_network(route["cidr"], strict=False), route.get("device", "")) for route in routes]
    free, taken = [], []
    for candidate in candidates:
        pool = _pool(candidate, wanted_size)
        in_the_way = [
            f"{network} ({device})"
            for network, device in networks
            if network.version == pool.version and network.overlaps(pool)
        ]
        if in_the_way:
            taken.append(f"{candidate}: {', '.join(in_the_way)}")
        else:
            free.append({"base": candidate, "size": wanted_size})
            networks.append((pool, "chosen already"))
    if len(free) < count:
        raise PlatformError(
            NETWORK,
            f"{count} networks for containers are wanted and {len(free)} are free of routes ({'; '.join(taken)})",
            "add networks that nobody uses to docker_address_pool_candidates",
        )
    return free[:count]


def _pool(candidate: str, wanted_size: int) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        pool = ipaddress.ip_network(candidate)
    except ValueError as error:
        raise PlatformError(CONFIGURATION, str(error), "correct docker_address_pool_candidates") from None
    # dockerd does not start with a pool that is smaller than the networks cut out of it.
    if not pool.prefixlen <= wanted_size <= pool.max_prefixlen:
        raise PlatformError(
            CONFIGURATION,
            f"no network of size /{wanted_size} fits into {candidate}",
            "make the candidate larger, or set docker_address_pool_size to a longer prefix",
        )
    return pool
