"""A server that had neither Docker nor a firewall."""

from __future__ import annotations

import json

from conftest import answers, eventually


def test_docker_runs_with_its_settings(server):
    settings = json.loads(server.check_output("cat /etc/docker/daemon.json"))
    assert settings["live-restore"] is True and settings["log-opts"]["max-size"] == "10m"
    assert server.check_output("docker info --format %s", "{{.LiveRestoreEnabled}}") == "true"
    assert server.service("docker").is_enabled and server.service("docker").is_running
    assert server.check_output("docker compose version --short").startswith("2.")


def test_container_networks_keep_off_the_hosts_own(server):
    pools = [
        pool["base"] for pool in json.loads(server.check_output("cat /etc/docker/daemon.json"))["default-address-pools"]
    ]
    assert pools == ["10.202.0.0/16", "10.203.0.0/16"]
    server.check_output("docker network create proof")
    subnet = server.check_output("docker network inspect proof --format %s", "{{(index .IPAM.Config 0).Subnet}}")
    server.check_output("docker network rm proof")
    assert subnet.startswith("10.202.")


def test_packages_of_docker_are_held(server):
    assert {"docker.io", "docker-compose"} <= set(server.check_output("apt-mark showhold").split())


def test_the_firewall_is_closed_but_for_declared_ports(server, address):
    status = server.check_output("ufw status verbose")
    assert "Status: active" in status and "deny (incoming), allow (outgoing)" in status
    assert answers(address, 22)
    server.check_output("systemd-run --unit listener python3 -m http.server 8000")
    try:
        assert eventually(lambda: server.socket("tcp://0.0.0.0:8000").is_listening, 60)
        assert not answers(address, 8000)
    finally:
        server.check_output("systemctl stop listener")


def test_rules_outlive_a_restart_of_docker_and_a_reload(server):
    for command in ("systemctl restart docker", "ufw reload"):
        server.check_output(command)
        for family in ("iptables", "ip6tables"):
            rules = server.check_output(f"{family} -S DOCKER-USER")
            assert "--ctstate DNAT -j DROP" in rules and "--ctorigdstport 443" in rules, command
