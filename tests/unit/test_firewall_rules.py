# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.borgstack.platform.plugins.filter.ufw_changes import ufw_changes
from ansible_collections.borgstack.platform.plugins.plugin_utils.container_rules import (
    docker_user_rules,
)
from ansible_collections.borgstack.platform.plugins.plugin_utils.ufw_rules import matching_interfaces, within

BRIDGES = ["docker0", "br-+", "docker_gwbridge"]
HTTPS = [{"port": 443, "proto": "tcp"}]
NETWORKS = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).flatmap(
    lambda address: st.integers(0, address.max_prefixlen).map(
        lambda prefix: str(ipaddress.ip_network(f"{address}/{prefix}", strict=False))
    )
)
PORTS = st.lists(
    st.fixed_dictionaries(
        {"port": st.integers(1, 65535), "proto": st.sampled_from(["tcp", "udp"])},
        optional={"sources": st.lists(NETWORKS, max_size=3)},
    ),
    max_size=6,
)


def verdict(rules: list[str], packet: dict) -> str:
    """Walk a chain as netfilter does and return the verdict on a new connection."""
    tests = {
        "-m": lambda value: value == "conntrack",
        "-s": lambda value: ipaddress.ip_address(packet.get("source", "192.0.2.1")) in ipaddress.ip_network(value),
        "-p": lambda value: value == packet.get("proto", "tcp"),
        "--ctstate": lambda value: packet["state"] in value.split(","),
        "--ctorigdstport": lambda value: value == str(packet.get("port")),
        "-i": lambda value: _same_interface(value, packet.get("from", "eth0")),
        "-o": lambda value: _same_interface(value, packet.get("to", "br-0")),
    }
    for rule in rules:
        words = rule.split()
        conditions = zip(words[2:-2:2], words[3:-2:2])
        if all(tests[option](value) for option, value in conditions):
            return words[-1]
    raise AssertionError("the chain does not end in a verdict")


def _same_interface(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("+") else name == pattern


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        ({"state": "DNAT", "port": 443}, "RETURN"),
        ({"state": "DNAT", "port": 443, "proto": "udp"}, "DROP"),
        ({"state": "DNAT", "port": 5432}, "DROP"),
        ({"state": "DNAT", "port": 5432, "to": "custom0"}, "DROP"),
        ({"state": "NEW", "to": "br-1234"}, "DROP"),
        ({"state": "NEW", "from": "docker0", "to": "eth0"}, "RETURN"),
        ({"state": "NEW", "from": "br-1", "to": "br-2"}, "RETURN"),
        ({"state": "ESTABLISHED", "port": 5432}, "RETURN"),
        ({"state": "NEW", "from": "wg0", "to": "eth0"}, "RETURN"),
    ],
)
def test_only_declared_ports_are_reached_from_outside(packet: dict, expected: str) -> None:
    assert verdict(docker_user_rules(HTTPS, 4, BRIDGES), packet) == expected


@given(PORTS, st.integers(1, 65535), st.sampled_from(["tcp", "udp"]), NETWORKS)
def test_a_published_port_answers_exactly_when_it_is_declared_for_its_source(allowed, port, proto, network) -> None:
    source = ipaddress.ip_network(network).network_address
    declared = any(
        (item["port"], item["proto"]) == (port, proto)
        and (not item.get("sources") or any(source in ipaddress.ip_network(cidr) for cidr in item["sources"]))
        for item in allowed
    )
    rules = docker_user_rules(allowed, source.version, BRIDGES)
    packet = {"state": "DNAT", "port": port, "proto": proto, "source": str(source)}
    assert verdict(rules, packet) == ("RETURN" if declared else "DROP")


@given(PORTS, st.sampled_from([4, 6]))
def test_no_rule_is_repeated(allowed, family) -> None:
    rules = docker_user_rules(allowed, family, BRIDGES)
    assert len(rules) == len(set(rules))


DECLARED = [
    {"port": 22},
    {"port": "8000:8010", "proto": "udp", "sources": ["10.0.0.5/8", "192.0.2.7", "2001:db8::/32"]},
]
PRINTED = [
    "allow 22/tcp comment 'it''s \"mine\"'",
    "allow from 10.0.0.0/8 to any port 8000:8010 proto udp",
    "allow from 192.0.2.7 to any port 8000:8010 proto udp",
    "allow from 2001:db8::/32 to any port 8000:8010 proto udp",
]


def test_rules_that_are_there_are_not_changed() -> None:
    assert ufw_changes(DECLARED, PRINTED) == {"missing": [], "opposed": [], "unclear": [], "undeclared": []}


def test_missing_rules_are_added_in_their_order() -> None:
    missing = ufw_changes(DECLARED, PRINTED[1:2])["missing"]
    assert [(rule["port"], rule.get("from_ip")) for rule in missing] == [
        ("22", None),
        ("8000:8010", "192.0.2.7/32"),
        ("8000:8010", "2001:db8::/32"),
    ]


SSH = [{"port": 22, "sources": ["10.0.0.0/8", "2001:db8::/32"]}]
APPLICATIONS = {
    "OpenSSH": "22/tcp",
    "Nginx Full": "80,443/tcp",
    "Bonjour": "5353/udp",
    "Samba": "137,138/udp|139,445/tcp",
}


@pytest.mark.parametrize(
    "opened",
    [
        "allow 22/tcp",
        "limit 22/tcp",
        "allow 22",
        "allow OpenSSH",
        "allow 22,443/tcp",
        "allow 20:30/tcp",
        "allow log 22/tcp",
        "allow log-all 22/tcp",
        "allow in 22/tcp",
        "allow in on eth0",
        "allow in on eth0 to any port 22 proto tcp",
        "allow to 198.51.100.7 port 22",
        "allow to any port 22 from any",
        "allow from 0.0.0.0/0",
        "allow from ::/0 to any app OpenSSH",
        "allow from 192.0.2.0/24 to any port 22",
        "allow from 10.0.0.0/7 to any port 22 proto tcp",
        "allow from 192.0.2.7",
        "allow proto tcp to any port 22",
    ],
)
def test_a_rule_that_lets_others_in_is_opposed_to_a_restricted_one(opened: str) -> None:
    changes = ufw_changes(SSH, [opened, "allow 9999/tcp"], APPLICATIONS, ["eth0"])
    assert (changes["opposed"], changes["undeclared"], changes["unclear"]) == ([opened], ["allow 9999/tcp"], [])


@pytest.mark.parametrize(
    "harmless",
    [
        "deny 22/tcp",
        "reject OpenSSH",
        "allow 'Nginx Full'",
        "allow Bonjour",
        "allow Samba",
        "allow 22/udp",
        "allow 80,443/tcp",
        "allow out 22/tcp",
        "allow out on eth0 to any port 22",
        "allow in on wg0 to any port 22",
        "allow from 10.1.2.3 to any port 22",
        "allow from 10.1.0.0/16",
        "allow from 2001:db8:1::/48 to any port 22 proto tcp",
        "route allow in on eth0 out on eth1 to any port 22",
        "allow to any port 80 from any port 22 proto tcp",
    ],
)
def test_a_rule_that_lets_nobody_else_in_is_left_alone(harmless: str) -> None:
    changes = ufw_changes(SSH, [harmless], APPLICATIONS, ["eth0"])
    assert (changes["opposed"], changes["undeclared"], changes["unclear"]) == ([], [harmless], [])


@pytest.mark.parametrize("odd", ["allow NoSuchProfile", "allow from nowhere", "permit 22", "allow 22 23", "allow 'x"])
def test_a_rule_that_cannot_be_read_may_open_a_restricted_port(odd: str) -> None:
    assert ufw_changes(SSH, [odd], APPLICATIONS)["unclear"] == [odd]
    assert ufw_changes([{"port": 22}], [odd], APPLICATIONS) == {
        **ufw_changes([{"port": 22}], []),
        "undeclared": [odd],
    }


def test_a_port_may_be_limited_or_open_but_not_both() -> None:
    changes = ufw_changes([{"port": 22, "rule": "limit"}], ["allow 22/tcp"])
    assert [rule["rule"] for rule in changes["missing"]] == ["limit"]


@pytest.mark.parametrize("everybody", ["0.0.0.0/0", "::/0"])
def test_a_source_that_is_everybody_is_no_restriction(everybody: str) -> None:
    assert ufw_changes([{"port": 22, "sources": [everybody]}], ["allow 22/tcp"])["missing"] == []


@pytest.mark.parametrize(
    ("address", "networks", "inside"),
    [
        ("10.1.2.3", ["10.0.0.0/8"], True),
        ("::ffff:10.1.2.3", ["10.0.0.0/8"], True),
        ("192.0.2.7", ["10.0.0.0/8", "2001:db8::/32"], False),
        ("2001:db8::7", ["10.0.0.0/8", "2001:db8::/32"], True),
        ("10.0.0.0/7", ["10.0.0.0/8"], False),
        ("192.0.2.7", ["192.0.2.7"], True),
        ("192.0.2.7", [], False),
    ],
)
def test_an_address_is_in_its_networks(address: str, networks: list[str], inside: bool) -> None:
    assert within(address, networks) is inside


def test_a_device_that_iptables_takes_for_a_bridge_of_docker_is_noticed() -> None:
    assert matching_interfaces(["br-ex", "eth0", "docker0", "docker01"], BRIDGES) == ["br-ex", "docker0"]
