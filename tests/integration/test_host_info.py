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


def test_what_must_never_change_is_written_when_it_is_asked_for(module, converge, tmp_path):
    files = [{"path": "compose.yaml", "content": "name: x\n"}, {"path": "immutable/key", "immutable": True}]
    declared = {"root": str(tmp_path), "files": files, "secrets": {"immutable/key": "hash"}}
    withheld = {**declared, "withhold_immutable": True, "private_directories": ["immutable", "backups"]}
    assert converge("project_files", withheld) == [
        "create directory backups",
        "create directory immutable",
        "create file compose.yaml",
    ]
    assert module("project_files", withheld)["withheld"] == ["immutable/key"]
    noted = {**declared, "files": files[1:], "exclusive": False}
    assert converge("project_files", noted) == ["create file immutable/key"]
    assert module("project_files", withheld)["withheld"] == [] and (tmp_path / "compose.yaml").exists()
    refused = module("project_files", {**withheld, "secrets": {"immutable/key": "other"}})
    assert refused["error"]["category"] == 10


def test_traces_of_a_platform_are_found(module, tmp_path):
    asked = {"platform_directory": str(tmp_path), "platform_name": "no-such-platform"}
    none = {"directory": "", "immutable": [], "volumes": []}
    assert module("host_info", asked)["host"]["deployed"] == none
    files = [{"path": "immutable/key", "content": "hash", "immutable": True}]
    module("project_files", {"root": str(tmp_path), "files": files})
    assert module("host_info", asked)["host"]["deployed"] == {**none, "directory": str(tmp_path), "immutable": ["key"]}
    (tmp_path / "immutable/key").unlink()
    module("project_files", {"root": str(tmp_path), "files": [{"path": "a", "content": "a"}]})
    assert module("host_info", asked)["host"]["deployed"] == {**none, "directory": str(tmp_path)}
