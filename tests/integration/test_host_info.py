"""host_info on this machine, and project_files below a real directory."""

from __future__ import annotations

import os
import socket

import pytest

pytestmark = pytest.mark.integration


def test_this_machine(module):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        asked = {
            "ports": [f"{port}/tcp"],
            "packages": ["dpkg", "no-such-package"],
            "resolve": ["localhost", "no.such.invalid"],
            "data_path": "/no/such/path",
        }
        host = module("host_info", asked)["host"]
    assert host["cpu_count"] == len(os.sched_getaffinity(0))
    assert abs(host["memory_mb"] - os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20) < 2
    assert [(entry["port"], entry["pid"], entry["container"]) for entry in host["listeners"]] == [
        (port, os.getpid(), False)
    ]
    assert set(host["packages"]) == {"dpkg"}
    assert host["data"]["path"] == "/" and host["data"]["total_gb"] > 0
    assert "127.0.0.1" in host["resolved"]["localhost"] and host["resolved"]["no.such.invalid"] == []
    assert host["docker"]["running"] and host["ssh_ports"]


def test_files_are_written_once(converge, tmp_path):
    files = [{"path": "compose.yaml", "content": "name: x\n"}, {"path": "secrets/a.env"}]
    secrets = {"secrets/a.env": "A=1\n"}
    assert converge("project_files", {"root": str(tmp_path), "files": files, "secrets": secrets}) == [
        "create file compose.yaml",
        "create file secrets/a.env",
    ]
    assert (tmp_path / "secrets/a.env").stat().st_mode & 0o777 == 0o600
    assert converge("project_files", {"root": str(tmp_path), "files": files[:1]}) == ["remove file secrets/a.env"]
