# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What containers reach, how many connections a client may have, and whether a host still has these rules."""

from __future__ import annotations

import ipaddress

import pytest

from ansible_collections.borgstack.platform.plugins.plugin_utils.container_rules import (
    CHAINS,
    container_rules,
    docker_user_block,
    docker_user_drift,
)

BRIDGES = ["docker0", "br-+"]
ALLOWED = [{"port": 80}, {"port": 443}, {"port": 443, "proto": "udp"}, {"port": "8000:8010"}]
REFUSED = ["169.254.0.0/16", "fd00:ec2::/32"]
REACHABLE = [{"port": 25}, {"port": 514, "proto": "udp"}]


def rules_of(family: int = 4, limit: int = 500, refused: list[str] = REFUSED) -> list[str]:
    return container_rules(ALLOWED, family, BRIDGES, refused, REACHABLE, limit, ["203.0.113.0/24", "2001:db8::/32"])


def verdict(rules: list[str], chain: str, packet: dict) -> str:
    """Walk a chain and those that it jumps to as netfilter does; a connection that passes the chain gives RETURN."""
    tests = {
        "-m": lambda value: value in ("conntrack", "tcp", "udp", "connlimit"),
        "-s": lambda value: packet["source"] in ipaddress.ip_network(value),
        "-d": lambda value: packet["target"] in ipaddress.ip_network(value),
        "-p": lambda value: value == packet["proto"],
        "--dport": lambda value: _in_range(packet["port"], value),
        "--ctorigdstport": lambda value: _in_range(packet["port"], value),
        "--ctstate": lambda value: packet.get("state", "NEW") in value.split(","),
        "-i": lambda value: packet["from"].startswith(value[:-1]) if value.endswith("+") else packet["from"] == value,
        "-o": lambda value: False,
        "--connlimit-above": lambda value: packet.get("connections", 1) > int(value),
        "--connlimit-mask": lambda value: True,
    }
    for rule in rules:
        words = rule.replace(" --connlimit-saddr", "").split()
        if words[1] != chain or not all(tests[key](value) for key, value in zip(words[2:-2:2], words[3:-2:2])):
            continue
        reached = words[-1] if words[-1] not in CHAINS else verdict(rules, words[-1], packet)
        if reached != "RETURN" or words[-1] == "RETURN":
            return reached
    return "RETURN"


def _in_range(port: int, value: str) -> bool:
    low, _colon, high = value.partition(":")
    return int(low) <= port <= int(high or low)


def packet(target: str, port: int, proto: str = "tcp", device: str = "br-1", source: str = "10.0.0.2", **more) -> dict:
    addresses = {"target": ipaddress.ip_address(target), "source": ipaddress.ip_address(source)}
    return {"port": port, "proto": proto, "from": device, **addresses, **more}


@pytest.mark.parametrize(
    ("target", "port", "proto", "expected"),
    [
        ("169.254.169.254", 80, "tcp", "DROP"),
        ("169.254.170.2", 80, "tcp", "DROP"),
        # The resolver of some clouds has the very address that gives away credentials at port 80.
        ("169.254.169.254", 53, "udp", "RETURN"),
        ("169.254.169.254", 53, "tcp", "RETURN"),
        ("fd00:ec2::254", 80, "tcp", "DROP"),
        ("fd00:ec2::253", 53, "udp", "RETURN"),
        ("198.51.100.7", 443, "tcp", "RETURN"),
        ("2001:db8::7", 443, "tcp", "RETURN"),
    ],
)
@pytest.mark.parametrize("device", ["docker0", "br-1234"])
def test_containers_do_not_reach_a_clouds_credentials(target, port, proto, expected, device):
    family = ipaddress.ip_address(target).version
    source = "10.0.0.2" if family == 4 else "fd12::2"
    assert verdict(rules_of(family), "DOCKER-USER", packet(target, port, proto, device, source)) == expected


def test_a_network_of_all_addresses_is_written_as_iptables_prints_it():
    assert "-A BORGSTACK-EGRESS -j DROP" in rules_of(refused=["0.0.0.0/0"])


@pytest.mark.parametrize(
    ("port", "proto", "expected"),
    [
        (22, "tcp", "DROP"),
        (9100, "tcp", "DROP"),
        (443, "tcp", "RETURN"),
        (443, "udp", "RETURN"),
        (80, "udp", "DROP"),
        (8005, "tcp", "RETURN"),
        (53, "udp", "RETURN"),
        (25, "tcp", "ACCEPT"),
        (514, "udp", "ACCEPT"),
        (514, "tcp", "DROP"),
    ],
)
@pytest.mark.parametrize("family", [4, 6])
def test_containers_reach_published_ports_of_the_host_and_no_service_of_its_own(port, proto, expected, family):
    host = {4: "10.0.0.1", 6: "fd12::1"}[family]
    source = {4: "10.0.0.2", 6: "fd12::2"}[family]
    assert verdict(rules_of(family), "BORGSTACK-INPUT", packet(host, port, proto, "br-1", source)) == expected
    assert verdict(rules_of(family), "BORGSTACK-INPUT", packet(host, port, proto, "eth0", source)) == "RETURN"


@pytest.mark.parametrize(("family", "ping"), [(4, "icmp"), (6, "ipv6-icmp")])
def test_neighbours_find_each_other(family, ping):
    source = {4: "10.0.0.2", 6: "fd12::2"}[family]
    assert verdict(rules_of(family), "BORGSTACK-INPUT", packet(source, 0, ping, "br-1", source)) == "RETURN"


@pytest.mark.parametrize(
    ("source", "connections", "device", "limit", "expected"),
    [
        ("192.0.2.1", 500, "eth0", 500, "RETURN"),
        ("192.0.2.1", 501, "eth0", 500, "DROP"),
        ("192.0.2.1", 5000, "eth0", 0, "RETURN"),
        ("203.0.113.9", 5000, "eth0", 500, "RETURN"),
        ("2001:db8::9", 5000, "eth0", 500, "RETURN"),
        ("2001:db9::9", 501, "eth0", 500, "DROP"),
        ("10.0.0.2", 501, "br-1", 500, "RETURN"),
    ],
)
def test_one_address_has_so_many_connections_to_published_ports(source, connections, device, limit, expected):
    family = ipaddress.ip_address(source).version
    sent = packet("2001:db8:1::1" if family == 6 else "198.51.100.1", 443, "tcp", device, source)
    sent = {**sent, "connections": connections}
    rules = rules_of(family, limit)
    assert verdict(rules, "BORGSTACK-INPUT", sent) == expected
    assert verdict(rules, "DOCKER-USER", {**sent, "state": "DNAT"}) == expected


def test_connections_to_other_ports_and_by_udp_are_not_counted():
    for sent in (packet("198.51.100.1", 22, source="192.0.2.1"), packet("198.51.100.1", 443, "udp")):
        assert verdict(rules_of(), "BORGSTACK-INPUT", {**sent, "from": "eth0", "connections": 9999}) == "RETURN"


RULES = {str(family): rules_of(family) for family in (4, 6)}


def live(family: str, rules: list[str]) -> list[str]:
    """Return what `iptables -S` prints of these chains: their names first."""
    ufw = {"4": "ufw-before-input", "6": "ufw6-before-input"}[family]
    visit = f"-A {ufw} ! -i lo -m conntrack --ctstate NEW -j BORGSTACK-INPUT"
    return [*(f"-N {name}" for name in (*CHAINS, ufw)), *rules, visit, f"-A {ufw} -i lo -j ACCEPT"]


def probe(**changed: list[str]) -> str:
    """Return what the role's command prints on a host that is as declared, but for `changed` sections."""
    sections = {"docker": ["active"]}
    for family, rules in RULES.items():
        sections[f"hook{family}"] = ["-P FORWARD DROP", "-A FORWARD -j DOCKER-USER"]
        sections[f"docker{family}"] = ["-N DOCKER"]
        sections[f"chain{family}"] = live(family, rules)
        sections[f"file{family}"] = ["# BEGIN x", *docker_user_block(rules, family).splitlines(), "# END x"]
    return "\n".join(line for name, lines in {**sections, **changed}.items() for line in (f"== {name}", *lines))


NONE: dict = {"4": [], "6": []}
AS_DECLARED = {"files": [], "chains": [], "differing": NONE, "unhooked": [], "foreign_backend": False}


def without(family: str, *endings: str) -> list[str]:
    return [line for line in live(family, RULES[family]) if not line.endswith(endings)]


@pytest.mark.parametrize(
    ("changed", "noticed"),
    [
        ({}, {}),
        ({"file4": []}, {"files": ["4"]}),
        ({"file6": ["*filter", "COMMIT"]}, {"files": ["6"]}),
        ({"hook4": ["-P FORWARD DROP"]}, {"unhooked": ["4"]}),
        # Docker before 27 writes no IPv6 chains unless told to; without Docker there is nothing to visit.
        ({"hook6": [], "docker6": []}, {}),
        ({"docker": ["inactive"], "hook4": [], "docker4": []}, {}),
        ({"docker4": []}, {"foreign_backend": True}),
    ],
)
def test_drift_is_noticed(changed: dict, noticed: dict) -> None:
    assert docker_user_drift(probe(**changed), RULES) == {**AS_DECLARED, **noticed}


@pytest.mark.parametrize(
    ("family", "chains", "names"),
    [
        ("4", ["-N DOCKER-USER"], [*CHAINS, "ufw-before-input"]),
        ("6", [], [*CHAINS, "ufw6-before-input"]),
        ("4", live("4", ["-A DOCKER-USER -j RETURN", *RULES["4"]]), ["DOCKER-USER"]),
        ("4", without("4", "169.254.0.0/16 -j DROP"), ["BORGSTACK-EGRESS"]),
        ("6", without("6", "--connlimit-saddr -j DROP"), ["BORGSTACK-LIMIT"]),
        ("4", without("4", "--dport 25 -j ACCEPT"), ["BORGSTACK-HOST"]),
        ("4", without("4", "-j BORGSTACK-HOST"), ["BORGSTACK-INPUT"]),
        ("6", without("6", "--ctstate NEW -j BORGSTACK-INPUT"), ["ufw6-before-input"]),
    ],
)
def test_the_chains_that_differ_are_named(family, chains, names) -> None:
    drift = docker_user_drift(probe(**{f"chain{family}": chains}), RULES)
    assert drift == {**AS_DECLARED, "chains": [family], "differing": {**NONE, family: names}}
