"""Networks for containers overlap no route."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.host.address_pools import free_address_pools

CANDIDATES = ["10.201.0.0/16", "172.30.0.0/16", "192.168.224.0/19", "10.0.0.0/8", "fd00:1::/48"]
NETWORKS = st.ip_addresses(v=4).flatmap(
    lambda address: st.integers(1, 32).map(
        lambda length: str(ipaddress.ip_network(f"{address}/{length}", strict=False))
    )
)


@given(st.lists(NETWORKS, max_size=4), st.integers(1, 3))
def test_what_is_chosen_is_free_and_in_order_of_preference(routes, count):
    try:
        chosen = free_address_pools([{"cidr": route, "device": "eth0"} for route in routes], CANDIDATES, count, 24)
    except PlatformError as error:
        assert error.category == 3
        return
    bases = [pool["base"] for pool in chosen]
    assert bases == [candidate for candidate in CANDIDATES if candidate in bases] and len(bases) == count
    for base in map(ipaddress.ip_network, bases):
        assert not any(base.version == 4 and base.overlaps(ipaddress.ip_network(route)) for route in routes)


def test_a_refusal_names_the_route_in_the_way():
    with pytest.raises(PlatformError, match=r"10\.201\.0\.0/16: 10\.201\.7\.0/24 \(tun0\)"):
        free_address_pools([{"cidr": "10.201.7.0/24", "device": "tun0"}], ["10.201.0.0/16"], 1, 24)
