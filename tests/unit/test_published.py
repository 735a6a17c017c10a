"""Ports that are reached by way of the host: what Compose and the firewall make of them, and what is refused."""

from __future__ import annotations

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils.compose import compose_project
from ansible_collections.borgstack.platform.plugins.plugin_utils.declaration import checked
from ansible_collections.borgstack.platform.plugins.plugin_utils.published import clashes, firewall_rules

CONTAINER = {"image": "database:1", "healthcheck": {"test": ["CMD", "true"]}, "mem_limit": "256m"}
HERE = {"bind": ["127.0.0.1", "::1"]}


def declared(*published: dict, name: str = "database", **container) -> dict:
    """Return a declaration of one container that publishes ports, by its name."""
    items = [{"container": name, **item} for item in published]
    containers = {name: {**CONTAINER, **container}}
    return {name: {"service": "database", "tier": "datastore", "containers": containers, "published": items}}


def test_ports_are_bound_where_they_are_declared():
    both = declared({"port": 5433, "container_port": 5432, **HERE}, {"port": 53, "proto": "udp"})
    ports = compose_project(both, "one")["services"]["database"]["ports"]
    assert ports == ["127.0.0.1:5433:5432/tcp", "[::1]:5433:5432/tcp", "53:53/udp"]


def test_a_container_without_a_way_out_gets_a_network_of_its_own_by_which_nothing_leaves():
    project = compose_project(declared({"port": 5433}), "one")
    assert project["services"]["database"]["networks"] == ["internal", "database-published"]
    masquerade = project["networks"]["database-published"]["driver_opts"]
    assert masquerade == {"com.docker.network.bridge.enable_ip_masquerade": "false"}
    assert project["networks"]["internal"] == {"internal": True}


def test_a_container_with_a_way_out_gets_none():
    project = compose_project(declared({"port": 443}, networks=["edge-external"]), "one")
    assert project["services"]["database"]["networks"] == ["edge-external"]


def test_the_firewall_lets_in_who_may_come_and_nobody_to_what_is_for_the_host():
    office = {"port": 5434, "to": ["10.0.0.0/8"]}
    rules = firewall_rules(declared({"port": 5433, **HERE}, office, {"port": 443}, {"port": 5435, "to": []}))
    assert rules == [
        {"port": "5434", "proto": "tcp", "sources": ["10.0.0.0/8"]},
        {"port": "443", "proto": "tcp"},
    ]


def test_two_instances_on_one_port_are_named_unless_their_addresses_differ():
    first, second = {"port": 5433, "bind": ["127.0.0.1"]}, {"port": 5433, "bind": ["10.0.0.1"]}
    assert not list(clashes({**declared(first), **declared(second, name="other")}))
    (words,) = clashes({**declared(first), **declared({"port": 5433}, name="other")})
    assert words == "database and other both publish port 5433/tcp of the host"
    assert not list(clashes({**declared(first), **declared({"port": 5433, "proto": "udp"}, name="other")}))


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"port": 70000}, "70000 is no port"),
        ({"port": 5433, "container_port": 0}, "0 is no port"),
        ({"port": 5433, "bind": ["localhost"]}, "localhost"),
        ({"port": 5433, "to": ["10.0.0.1/8"]}, "host bits"),
        ({"port": 5433, "container": "nobody"}, "there is no container nobody"),
        ({"port": 5433, "to": ["10.0.0.0/8"], **HERE}, "loopback address alone"),
        ({"port": 5433, "binds": []}, "did you mean bind"),
    ],
)
def test_what_makes_no_sense_is_refused(item, words):
    with pytest.raises(PlatformError, match=words):
        checked("database", declared(item)["database"])


def test_a_container_publishes_nothing_by_itself():
    with pytest.raises(PlatformError, match="ports"):
        checked("database", declared(ports=["80:80"])["database"])
