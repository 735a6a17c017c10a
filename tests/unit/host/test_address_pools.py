"""Networks for containers overlap no route."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.host.address_pools import free_address_pools

CANDIDATES = ["10.201.0.0/16", "172.30.0.0/16", "192.168.224.0/19", "10.0.0.0/8"]
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
    networks = [ipaddress.ip_network(base) for base in bases]
    taken = [ipaddress.ip_network(route) for route in routes]
    for place, network in enumerate(networks):
        assert not any(network.overlaps(other) for other in taken + networks[:place])


def test_a_refusal_names_the_route_in_the_way():
    with pytest.raises(PlatformError, match=r"10\.201\.0\.0/16: 10\.201\.7\.0/24 \(tun0\)"):
        free_address_pools([{"cidr": "10.201.7.0/24", "device": "tun0"}], ["10.201.0.0/16"], 1, 24)


def test_pools_do_not_overlap_each_other():
    with pytest.raises(PlatformError, match=r"10\.0\.0\.0/8: 10\.201\.0\.0/16 \(chosen already\)"):
        free_address_pools([], ["10.201.0.0/16", "10.0.0.0/8"], 2, 24)


@pytest.mark.parametrize(
    ("candidate", "size", "message"),
    [
        ("10.201.0.5/16", 24, "host bits"),
        ("ten", 24, "ten"),
        ("10.201.0.0/24", 16, "no network of size /16 fits into 10.201.0.0/24"),
        ("10.201.0.0/24", 33, "no network of size /33"),
        ("fd00:1::/48", 24, "no network of size /24"),
    ],
)
def test_a_candidate_that_docker_would_refuse_is_a_configuration_error(candidate, size, message):
    with pytest.raises(PlatformError, match=message) as refusal:
        free_address_pools([], [candidate], 1, size)
    assert refusal.value.category == 1


def test_routes_of_the_other_family_are_in_nobodys_way():
    routes = [{"cidr": "::/0", "device": "eth0"}]
    assert free_address_pools(routes, ["10.201.0.0/16"], 1, 24) == [{"base": "10.201.0.0/16", "size": 24}]
