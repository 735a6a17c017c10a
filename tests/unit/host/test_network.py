"""Who listens where, and by which ports SSH comes in: what must not be closed by mistake."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.host import network
from ansible_collections.borgstack.platform.plugins.module_utils.host.probe import Unknown

SSHD = r"listenaddress (\S+)"
SOCKET = r"Listen=(\S+) \(Stream\)"


@pytest.mark.parametrize(
    ("text", "pattern", "ports"),
    [
        ("port 22\nlistenaddress [::]:22\nlistenaddress 0.0.0.0:22\n", SSHD, [22, 22]),
        # As recorded from sshd -T: `port` is the default, and nobody listens there.
        ("port 22\nlistenaddress 0.0.0.0:2222\nlistenaddress [::1]:2200\n", SSHD, [2222, 2200]),
        ("Listen=0.0.0.0:2222 (Stream)\nListen=[::]:2222 (Stream)\n", SOCKET, [2222, 2222]),
        ("Listen=/run/x.sock (Stream)\n", SOCKET, []),
        ("", SSHD, []),
        (None, SSHD, []),
    ],
)
def test_ports_of_listen_addresses(text, pattern, ports):
    assert network.listen_ports(text, pattern) == ports


def test_the_current_port_is_known_though_sudo_took_the_variable_away():
    paths = repr(sys.path)
    program = (
        f"import sys; sys.path = {paths}\n"
        "from ansible_collections.borgstack.platform.plugins.module_utils.host import network\n"
        "print(network.ssh_ports())"
    )
    inner = [sys.executable, "-c", program]
    # The shell keeps the variable, the interpreter below it has none: as below sudo.
    command = ["sh", "-c", 'env -u SSH_CONNECTION "$@"; true', "sh", *inner]
    environment = {**os.environ, "SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 2229"}
    finished = subprocess.run(command, env=environment, check=True, text=True, capture_output=True)
    assert 2229 in eval(finished.stdout)


def test_where_nothing_is_known_the_default_is_not_closed(monkeypatch):
    monkeypatch.setattr(network, "output", lambda *command: None)
    monkeypatch.setattr(network, "read", lambda path: None)
    assert network.ssh_ports() == [22]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("0100007F", "127.0.0.1"),
        ("00000000", "0.0.0.0"),
        ("00000000000000000000000000000000", "::"),
        ("00000000000000000000000001000000", "::1"),
        ("B80D0120000000000000000001000000", "2001:db8::1"),
    ],
)
@pytest.mark.skipif(sys.byteorder != "little", reason="recorded on a little-endian machine")
def test_addresses_as_the_kernel_writes_them(text, address):
    assert network.kernel_address(text) == address


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
@pytest.mark.parametrize(("kind", "protocol"), [(socket.SOCK_STREAM, "tcp"), (socket.SOCK_DGRAM, "udp")])
def test_a_holder_is_found_with_its_address(family, address, kind, protocol):
    with socket.socket(family, kind) as holder:
        holder.bind((address, 0))
        if protocol == "tcp":
            holder.listen()
        port = holder.getsockname()[1]
        (found,) = network.listeners([f"{port}/{protocol}", f"{port}/{protocol}"])
    assert (found["address"], found["pid"], found["container"]) == (address, os.getpid(), False)
    assert network.listeners([f"{port}/{protocol}"]) == []


@pytest.mark.parametrize(("address", "is_exposed"), [("127.0.0.1", False), ("0.0.0.0", True)])
def test_what_others_could_reach_is_found(address, is_exposed):
    with socket.socket() as holder:
        holder.bind((address, 0))
        holder.listen()
        port = holder.getsockname()[1]
        found = [(entry["pid"], entry["address"]) for entry in network.exposed() if entry["port"] == port]
    assert found == ([(os.getpid(), address)] if is_exposed else [])


@pytest.mark.parametrize("text", ["80", "80/sctp", "0/tcp", "65536/tcp", "http/tcp"])
def test_a_port_that_is_none_is_a_configuration_error(text):
    with pytest.raises(PlatformError) as refusal:
        network.listeners([text])
    assert refusal.value.category == 1 and repr(text) in refusal.value.message


def test_without_an_answer_no_network_passes_for_free(monkeypatch):
    monkeypatch.setattr(network, "output", lambda *command: None)
    with pytest.raises(Unknown, match="iproute2"):
        network.inspect()


def test_names_that_do_not_resolve_have_no_addresses():
    assert network.resolved(["127.0.0.1", "x..invalid"]) == {"127.0.0.1": ["127.0.0.1"], "x..invalid": []}
    assert network.resolved([]) == {}
