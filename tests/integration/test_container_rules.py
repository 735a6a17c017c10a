"""What netfilter makes of the rules about containers: a host, a container and the outside, as namespaces of the kernel.

The host has the chains that UFW and Docker write, and the rules of one published port as Docker writes them.
"""

from __future__ import annotations

import subprocess
import sys
import time
import typing as t
import uuid

import pytest

from ansible_collections.borgstack.platform.plugins.plugin_utils.container_rules import (
    container_rules,
    docker_user_block,
    docker_user_drift,
)

pytestmark = pytest.mark.integration
LIMIT = 12
BRIDGES = ["docker0", "br-+"]
ALLOWED = [{"port": 80}, {"port": 443}]
REFUSED = ["169.254.0.0/16", "fd00:ec2::/32"]
REACHABLE = [{"port": 8025}]
CLOUD = {4: "169.254.169.254", 6: "fd00:ec2::254"}
HOST = {4: "10.77.0.1", 6: "fd77::1"}
PUBLIC = {4: "198.51.100.1", 6: "2001:db8:1::1"}
WIRES = """
link add br-1 type bridge
link set br-1 up
link add c0 type veth peer name eth0 netns {container}
link set c0 master br-1 up
link add eth0 type veth peer name eth0 netns {outside}
link set eth0 up
link set lo up
address add 10.77.0.1/24 dev br-1
address add fd77::1/64 dev br-1 nodad
address add 198.51.100.1/24 dev eth0
address add 2001:db8:1::1/64 dev eth0 nodad
route add 169.254.169.254 via 198.51.100.9
route add fd00:ec2::254 via 2001:db8:1::9
"""
CONTAINER = """
link set lo up
link set eth0 up
address add 10.77.0.2/24 dev eth0
address add fd77::2/64 dev eth0 nodad
route add default via 10.77.0.1
route add ::/0 via fd77::1
"""
OUTSIDE = """
link set lo up
link set eth0 up
address add 198.51.100.9/24 dev eth0
address add 198.51.100.10/24 dev eth0
address add 2001:db8:1::9/64 dev eth0 nodad
address add 169.254.169.254/32 dev lo
address add fd00:ec2::254/128 dev lo nodad
"""
# What UFW has before its own rules, the ports that it lets in, and what Docker does for a container.
BEFORE = """*filter
:INPUT DROP
:FORWARD DROP
:{ufw} -
:user -
:DOCKER-USER -
-A INPUT -j {ufw}
-A INPUT -j user
-A {ufw} -i lo -j ACCEPT
-A {ufw} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A {ufw} -p {ping} -j ACCEPT
-A user -p tcp -m multiport --dports 22,80,443 -j ACCEPT
-A FORWARD -j DOCKER-USER
-A FORWARD -j ACCEPT
COMMIT
*nat
-A PREROUTING ! -i br-1 -p tcp --dport 443 -j {published}
-A POSTROUTING -o eth0 -j MASQUERADE
COMMIT
"""
# IPv6 comes through Docker's own proxy, which listens on the host.
PUBLISHED = {4: "DNAT --to-destination 10.77.0.2:443", 6: "ACCEPT"}
LISTEN = """
import selectors, socket, sys
waiting = selectors.DefaultSelector()
for port in sys.argv[1:]:
    one = socket.create_server(("::", int(port)), family=socket.AF_INET6, dualstack_ipv6=True, backlog=64)
    waiting.register(one, selectors.EVENT_READ, True)
while True:
    for key, _events in waiting.select():
        if key.data:
            waiting.register(key.fileobj.accept()[0], selectors.EVENT_READ, False)
        else:
            # The client has gone: it sends nothing.
            waiting.unregister(key.fileobj)
            key.fileobj.close()
"""
OPEN = """
import socket, sys
host, port, number, source = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
kept = []
for _number in range(number):
    try:
        kept.append(socket.create_connection((host, port), 1, (source[0], 0) if source else None))
    except OSError:
        pass
print(len(kept))
"""


class Network:
    """The three namespaces, and what listens in them."""

    def __init__(self):
        name = uuid.uuid4().hex[:6]
        self.host, self.container, self.outside = (f"it-{name}-{one}" for one in ("host", "container", "outside"))
        self._listening: list[subprocess.Popen] = []
        for namespace in (self.host, self.container, self.outside):
            subprocess.run(["ip", "netns", "add", namespace], check=True)
        for namespace, lines in ((self.host, WIRES), (self.container, CONTAINER), (self.outside, OUTSIDE)):
            batch = lines.format(container=self.container, outside=self.outside)
            subprocess.run(["ip", "-n", namespace, "-batch", "-"], input=batch, text=True, check=True)
        self.run(
            self.host,
            "sh",
            "-c",
            "echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding",
        )
        for family, command, ufw in ((4, "iptables", "ufw-before-input"), (6, "ip6tables", "ufw6-before-input")):
            ping = {4: "icmp", 6: "ipv6-icmp"}[family]
            self.restore(command, BEFORE.format(ufw=ufw, ping=ping, published=PUBLISHED[family]))
        self._listen(self.host, "22", "53", "443", "8025")
        self._listen(self.container, "443")
        self._listen(self.outside, "53", "80")

    def run(self, namespace: str, *command: str, text: str = "") -> str:
        """Run a command in a namespace; return what it prints."""
        whole = ["ip", "netns", "exec", namespace, *command]
        return subprocess.run(whole, input=text, text=True, check=True, stdout=subprocess.PIPE).stdout

    def restore(self, command: str, table: str) -> None:
        """Load a table as UFW does."""
        self.run(self.host, f"{command}-restore", "-n", text=f"{table}\n")

    def opened(self, namespace: str, host: str, port: int, number: int = 1, *source: str) -> int:
        """Return how many of some connections, all held at once, were opened."""
        return int(self.run(namespace, sys.executable, "-c", OPEN, host, str(port), str(number), *source))

    def _listen(self, namespace: str, *ports: str) -> None:
        command = ["ip", "netns", "exec", namespace, sys.executable, "-c", LISTEN, *ports]
        self._listening.append(subprocess.Popen(command))

    def remove(self) -> None:
        """Remove it."""
        for process in self._listening:
            process.kill()
            process.wait()
        for namespace in (self.host, self.container, self.outside):
            subprocess.run(["ip", "netns", "delete", namespace], check=True)


def eventually(condition: t.Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline


def rules(family: int) -> list[str]:
    return container_rules(ALLOWED, family, BRIDGES, REFUSED, REACHABLE, LIMIT, ["198.51.100.10/32"])


@pytest.fixture(scope="module")
def bare():
    """The network without rules of ours: everything answers."""
    made = Network()
    eventually(lambda: all(made.opened(made.container, CLOUD[family], 80) for family in (4, 6)))
    yield made
    made.remove()


@pytest.fixture(scope="module")
def network(bare):
    """The network with them, loaded twice as by `ufw reload`."""
    assert bare.opened(bare.container, HOST[4], 22) == bare.opened(bare.container, HOST[6], 22) == 1
    for family, command in ((4, "iptables"), (6, "ip6tables")):
        # UFW empties its own chain before it loads what follows.
        chain = {4: "ufw-before-input", 6: "ufw6-before-input"}[family]
        saved = bare.run(bare.host, command, "-S", chain).splitlines()[1:]
        for _time in range(2):
            bare.restore(command, "\n".join(["*filter", f":{chain} -", *saved, "COMMIT"]))
            bare.restore(command, docker_user_block(rules(family), str(family)))
    return bare


@pytest.mark.parametrize("family", [4, 6])
def test_the_kernel_prints_the_rules_as_they_were_written(network, family):
    command = {4: "iptables", 6: "ip6tables"}[family]
    live = network.run(network.host, command, "-S")
    sections = {"docker": "active", f"hook{family}": live, f"docker{family}": "", f"chain{family}": live}
    sections |= {"docker4": "-N DOCKER", f"file{family}": docker_user_block(rules(family), str(family))}
    probe = "".join(f"== {name}\n{text}\n" for name, text in sections.items())
    assert docker_user_drift(probe, {str(family): rules(family)}) == {
        "files": [],
        "chains": [],
        "differing": {str(family): []},
        "unhooked": [],
        "foreign_backend": False,
    }


@pytest.mark.parametrize("family", [4, 6])
def test_a_container_reaches_neither_credentials_nor_services_of_the_host(network, family):
    reached = {
        (host, port)
        for host, port in [
            (CLOUD[family], 80),
            (CLOUD[family], 53),
            (HOST[family], 22),
            (PUBLIC[family], 22),
            (HOST[family], 443),
            (HOST[family], 8025),
        ]
        if network.opened(network.container, host, port)
    }
    assert reached == {(CLOUD[family], 53), (HOST[family], 443), (HOST[family], 8025)}


@pytest.mark.parametrize("family", [4, 6])
def test_others_reach_published_ports_and_what_ufw_lets_in_and_no_more(network, family):
    ports = [port for port in (22, 53, 443, 8025) if network.opened(network.outside, PUBLIC[family], port)]
    assert ports == [22, 443]
    assert network.opened(network.host, CLOUD[family], 80) == 1


@pytest.mark.parametrize("family", [4, 6])
def test_one_address_has_so_many_connections_at_once(network, family):
    source = {4: "198.51.100.9", 6: "2001:db8:1::9"}[family]
    # The ones of a test before may still be closing.
    eventually(lambda: network.opened(network.outside, PUBLIC[family], 443, LIMIT + 3, source) == LIMIT)
    # Those were closed, and count no more.
    eventually(lambda: network.opened(network.outside, PUBLIC[family], 443, LIMIT, source) == LIMIT)
    assert network.opened(network.outside, PUBLIC[family], 22, LIMIT + 3, source) == LIMIT + 3
    assert network.opened(network.container, HOST[family], 443, LIMIT + 3) == LIMIT + 3


def test_a_proxy_in_front_is_not_limited(network):
    assert network.opened(network.outside, PUBLIC[4], 443, LIMIT + 3, "198.51.100.10") == LIMIT + 3
