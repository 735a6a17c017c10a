"""Settings that would cost the operator his data or his way in are refused; those that do not work are taken back."""

from __future__ import annotations

import json

import pytest

DAEMON = "/etc/docker/daemon.json"


@pytest.fixture(scope="module")
def converge(play):
    """Run the scenario's playbook with other settings."""
    return lambda *arguments, **variables: play(*arguments, playbook="molecule/host/converge.yml", **variables)


def settings(server) -> dict:
    return json.loads(server.check_output(f"cat {DAEMON}"))


def test_options_that_the_daemon_does_not_start_with_are_taken_back(converge, server):
    former = settings(server)
    # dockerd --validate is content with it: it does not know that the unit says the same.
    run = converge(docker_daemon_options={"hosts": ["unix:///var/run/docker.sock"]})
    assert run.returncode == 2 and "the former ones are in effect again" in run.output, run.output[-3000:]
    assert "[1] configuration error" in run.output
    assert settings(server) == former and server.check_output("docker info --format ok") == "ok"
    assert converge().changed == 0


def test_an_option_that_is_no_longer_declared_is_taken_back(converge, server):
    server.check_output(f"cp {DAEMON} /root/former && python3 -c %s", OPERATOR)
    assert converge(docker_daemon_options={"debug": True}).returncode == 0
    assert settings(server)["debug"] is True
    assert converge().changed > 0
    assert "debug" not in settings(server) and settings(server)["shutdown-timeout"] == 20
    server.check_output(f"cp /root/former {DAEMON} && systemctl reload docker")


OPERATOR = f"""
import json
settings = json.load(open({DAEMON!r}))
json.dump({{**settings, "shutdown-timeout": 20}}, open({DAEMON!r}, "w"))
"""


def test_another_data_root_does_not_leave_volumes_behind(converge, server):
    server.check_output("docker volume create kept")
    try:
        for variables in ({"docker_data_root": "/srv/docker"}, {"docker_daemon_options": {"data-root": "/srv/docker"}}):
            run = converge(**variables)
            assert run.returncode == 2 and "[10] data error" in run.output, run.output[-3000:]
            assert "would be left behind: kept" in run.output and "data-root" not in settings(server)
    finally:
        server.check_output("docker volume rm kept")


def test_ssh_is_restricted_however_a_rule_is_written_and_the_operator_stays_in(converge, server):
    us = server.check_output("ip -json route show default").split('"gateway":"')[1].split('"')[0]
    elsewhere = converge(firewall_ssh_sources=["192.0.2.0/24"])
    assert elsewhere.returncode == 2 and f"this run comes from {us}" in elsewhere.output, elsewhere.output[-3000:]
    server.check_output("ufw allow OpenSSH && ufw allow 20:30/tcp")
    run = converge(firewall_ssh_sources=[f"{us}/32", "192.0.2.0/24"])
    assert run.returncode == 0, run.output[-3000:]
    rules = server.check_output("ufw show added")
    assert "OpenSSH" not in rules and "20:30" not in rules and "allow 22/tcp" not in rules
    assert f"allow from {us} to any port 22 proto tcp" in rules
    assert converge().returncode == 0
    server.check_output(f"ufw delete allow from {us} to any port 22 proto tcp")
    server.check_output("ufw delete allow from 192.0.2.0/24 to any port 22 proto tcp")
    assert converge().changed == 0


def test_emptied_tables_are_filled_again(converge, server):
    # What `nft flush ruleset` does: neither rules nor policies are left.
    for family in ("iptables", "ip6tables"):
        for chain in ("INPUT", "FORWARD"):
            server.check_output(f"{family} -P {chain} ACCEPT")
        server.check_output(f"{family} -F && {family} -X && {family} -t nat -F && {family} -t nat -X")
    run = converge()
    assert run.returncode == 0 and "the tables were emptied" in run.output, run.output[-3000:]
    assert "-A FORWARD -j DOCKER-USER" in server.check_output("iptables -S FORWARD")
    assert "--ctstate DNAT -j DROP" in server.check_output("iptables -S DOCKER-USER")
    assert "Status: active" in server.check_output("ufw status")
    assert converge().changed == 0
