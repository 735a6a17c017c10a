"""What containers reach, and what one client may take: asked of the kernel by a container and a client from outside."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import pytest
from conftest import answers, eventually

CLOUD = "169.254.169.254"
LISTEN = "python3 -m http.server --directory /tmp"
# A neighbour of the server's at the address where clouds give away credentials, at its port and at that of names.
NEIGHBOUR = f"""
set -e
ip netns add cloud
ip link add cloud0 type veth peer name cloud1
ip link set cloud1 netns cloud
ip address add 169.254.1.1/16 dev cloud0
ip link set cloud0 up
ip netns exec cloud ip address add {CLOUD}/16 dev cloud1
ip netns exec cloud ip link set cloud1 up
systemd-run --unit cloud80 ip netns exec cloud {LISTEN} 80
systemd-run --unit cloud53 ip netns exec cloud {LISTEN} 53
systemd-run --unit own8025 {LISTEN} 8025
"""
# No registry is needed for a container of the server's own Python.
CONTAINER = f"""
set -e
cd /
python="usr/bin/python3* usr/lib/python3* usr/lib/*-linux-gnu/*.so*"
tar -c bin lib lib64 usr/lib64 $python | docker import - within >/dev/null
docker network create within >/dev/null
docker run -d --name within --network within --publish 443:443 --tmpfs /tmp within {LISTEN} 443
"""


@pytest.fixture(scope="module")
def converge(play):
    """Run the scenario's playbook with other settings."""
    return lambda **variables: play(playbook="molecule/host/converge.yml", **variables)


@pytest.fixture(scope="module")
def reaches(server):
    """Tell whether a TCP port answers a container: `reaches("10.0.0.1", 22)`."""
    server.check_output(NEIGHBOUR)
    server.check_output(CONTAINER)
    ask = "import socket; socket.create_connection(('{}', {}), 2)"
    yield lambda host, port: server.run("docker exec within python3 -c %s", ask.format(host, port)).rc == 0
    server.run("docker rm -f within; docker network rm within; docker rmi within")
    server.run("systemctl stop cloud80 cloud53 own8025; ip netns delete cloud; ip link delete cloud0")


@pytest.fixture(scope="module")
def gateway(server, reaches) -> str:
    """The server's address on the container's network."""
    return server.check_output("docker network inspect within --format %s", "{{(index .IPAM.Config 0).Gateway}}")


def test_no_container_reaches_the_credentials_of_a_cloud(server, reaches):
    ask = f"import socket; socket.create_connection(('{CLOUD}', 80), 2)"
    assert eventually(lambda: server.run("python3 -c %s", ask).rc == 0, 60)
    assert eventually(lambda: reaches(CLOUD, 53), 60)
    assert not reaches(CLOUD, 80)


def test_no_container_reaches_services_of_the_host_but_published_ports(reaches, gateway, address):
    for host in (gateway, address):
        assert not reaches(host, 22) and not reaches(host, 8025)
        assert reaches(host, 443)
    assert reaches("within", 443)
    assert answers(address, 443) and answers(address, 22)


def test_exceptions_are_let_through(converge, reaches, gateway, address):
    run = converge(firewall_container_reachable=[{"port": 8025}], firewall_container_refused=[])
    assert run.returncode == 0, run.output[-3000:]
    assert reaches(gateway, 8025) and not reaches(gateway, 22) and reaches(CLOUD, 80)
    assert not answers(address, 8025)


def test_one_address_gets_so_many_connections_and_no_more(converge, address, reaches, gateway):
    limit = 20
    assert converge(firewall_connections_per_address=limit).returncode == 0
    with ExitStack() as opened:
        for _number in range(limit):
            opened.enter_context(socket.create_connection((address, 443), 5))
        assert not answers(address, 443)
        assert answers(address, 22) and reaches(gateway, 443)
    assert eventually(lambda: answers(address, 443), 60)


def test_rules_that_somebody_took_away_are_named_and_come_back(converge, server, reaches, gateway):
    assert converge().returncode == 0
    server.check_output("iptables -F BORGSTACK-EGRESS && iptables -D ufw-before-input 1")
    assert reaches(CLOUD, 80) and reaches(gateway, 22)
    run = converge()
    assert "these chains differ from what is declared: BORGSTACK-EGRESS, ufw-before-input" in run.output
    assert not reaches(CLOUD, 80) and not reaches(gateway, 22)
    assert converge().changed == 0


def test_networks_of_the_containers_themselves_are_not_refused_to_them(converge):
    run = converge(firewall_container_refused=["10.0.0.0/8"])
    assert run.returncode == 2 and "[1] configuration error" in run.output, run.output[-3000:]
    assert "holds networks of the containers themselves" in run.output
