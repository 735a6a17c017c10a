"""What is said about a host: all at once, with numbers and a remedy."""

from __future__ import annotations

import copy

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.host.findings import preflight_findings

GOOD = {
    "os": {"id": "debian", "version": "13"},
    "architecture": "x86_64",
    "kernel": "6.12.5-amd64",
    "cpu_count": 8,
    "cpu_features": ["aes", "avx"],
    "memory_mb": 36 * 1024,
    "cgroup": {"version": 2, "controllers": ["cpu", "io", "memory"]},
    "clock": {"synchronized": True},
    "data": {
        "path": "/var/lib",
        "device": "/dev/dm-0",
        "fstype": "ext4",
        "total_gb": 500,
        "free_gb": 400,
        "encrypted": True,
        "layers": ["crypt"],
        "clear_swap": [],
    },
    "network": {"addresses": ["198.51.100.7"]},
    "listeners": [],
    "resolved": {"n8n.example.com": ["198.51.100.7"]},
    "packages": {"python3-pymongo": {"version": "3.11.0-1+deb12u2", "held": False}},
    "docker": {"version": None, "running": False},
    "unknown": [],
}
REQUIREMENTS = {
    "supported_systems": ["debian 13"],
    "supported_architectures": ["x86_64"],
    "minimum_kernel": "5.4",
    "minimum_cpus": 4,
    "recommended_cpus": 8,
    "minimum_memory_gb": 16,
    "recommended_memory_gb": 36,
    "minimum_disk_gb": 200,
    "recommended_disk_gb": 500,
    "minimum_free_gb": 10,
    "dns": "warn",
    "encryption": "warn",
    "public_addresses": [],
    "declared_memory_mb": 1000,
    "allow_memory_overcommit": False,
    "cpu_features": [],
}


def judge(changes: dict | None = None, **requirements) -> list[dict]:
    host = copy.deepcopy(GOOD)
    for path, value in (changes or {}).items():
        *parents, last = path.split(".")
        place = host
        for parent in parents:
            place = place[parent]
        place[last] = value
    return preflight_findings(host, {**REQUIREMENTS, **requirements})


def test_a_good_host_leaves_nothing_to_say():
    assert judge() == []


@pytest.mark.parametrize(
    ("changes", "name", "severity", "measured"),
    [
        ({"os.version": "11"}, "system", "error", "debian 11"),
        ({"architecture": "riscv64"}, "architecture", "error", "riscv64"),
        ({"kernel": "4.19.0-6-amd64"}, "kernel", "error", "4.19.0-6-amd64"),
        ({"kernel": "5.3+deb10-amd64"}, "kernel", "error", "5.3+deb10-amd64"),
        ({"cgroup.controllers": ["cpu"]}, "cgroup", "error", "without memory"),
        ({"cpu_count": 3}, "minimum_cpus", "error", "3"),
        ({"cpu_count": 4}, "recommended_cpus", "warning", "4"),
        ({"memory_mb": 15000}, "minimum_memory_gb", "error", "14.6 GB"),
        ({"memory_mb": 16000}, "recommended_memory_gb", "warning", "15.6 GB"),
        ({"data.total_gb": 100}, "minimum_disk_gb", "error", "100 GB"),
        ({"data.free_gb": 5}, "free_gb", "error", "5 GB free"),
        (
            {"listeners": [{"port": 80, "protocol": "tcp", "pid": 7, "process": "nginx", "container": False}]},
            "port",
            "error",
            "held by nginx (pid 7)",
        ),
        (
            {"packages.python3-pymongo": {"version": "3.10.1-0ubuntu2", "held": False}},
            "library",
            "error",
            "3.10.1-0ubuntu2",
        ),
        ({"clock.synchronized": False}, "clock", "warning", "not synchronised"),
        ({"clock.synchronized": None}, "clock", "warning", "unknown"),
        ({"resolved": {"n8n.example.com": []}}, "dns", "warning", "does not resolve"),
        ({"resolved": {"n8n.example.com": ["203.0.113.1"]}}, "dns", "warning", "203.0.113.1"),
        ({"resolved": {"n8n.example.com": ["198.51.100.7", "2001:db8::1"]}}, "dns", "warning", "2001:db8::1"),
        ({"data.encrypted": False}, "encryption", "warning", "in clear (ext4 on crypt)"),
        ({"data.encrypted": None}, "encryption", "warning", "unknown"),
        ({"data.clear_swap": ["/dev/sda3"]}, "swap", "warning", "in clear: /dev/sda3"),
        ({"docker.version": "28.5.2"}, "docker", "warning", "stopped"),
    ],
)
def test_each_shortcoming_is_one_finding(changes, name, severity, measured):
    (finding,) = judge(changes)
    assert (finding["id"], finding["severity"], finding["measured"]) == (name, severity, measured)
    assert finding["remedy"] and finding["required"] and finding["category"] in (2, 3)


def test_hosters_usual_shortfall_is_allowed_for():
    assert judge({"memory_mb": int(36 * 1024 * 0.95)}) == []


def test_all_findings_come_at_once_errors_first():
    found = judge(
        {"clock.synchronized": False, "cpu_count": 1, "memory_mb": 1000, "kernel": "4.19"},
        declared_memory_mb=2000,
    )
    assert [finding["severity"] for finding in found] == ["error"] * 4 + ["warning"]


def test_memory_limits_that_exceed_the_host_need_a_decision():
    assert judge(declared_memory_mb=10**6)[0]["id"] == "declared_memory"
    assert judge(declared_memory_mb=10**6, allow_memory_overcommit=True) == []


@pytest.mark.parametrize(("setting", "severities"), [("required", ["error"]), ("warn", ["warning"]), ("skip", [])])
def test_dns_and_encryption_are_as_strict_as_asked(setting, severities):
    assert [finding["severity"] for finding in judge({"data.encrypted": False}, encryption=setting)] == severities
    assert [finding["severity"] for finding in judge({"resolved": {"a.b": []}}, dns=setting)] == severities


def test_a_port_that_docker_holds_is_ours():
    assert (
        judge({"listeners": [{"port": 80, "protocol": "tcp", "pid": 7, "process": "docker-proxy", "container": True}]})
        == []
    )


def test_a_process_that_holds_a_port_in_both_families_is_named_once():
    nginx = {"port": 80, "protocol": "tcp", "pid": 7, "process": "nginx", "container": False}
    (finding,) = judge({"listeners": [{**nginx, "address": "0.0.0.0"}, {**nginx, "address": "::"}]})
    assert finding["subject"] == "port 80/tcp" and "nginx" in finding["remedy"]


@pytest.mark.parametrize("kernel", ["5.4.0-1-amd64", "5.15+generic", "6.12.5+deb13-amd64", "10.0"])
def test_kernels_are_compared_as_numbers(kernel):
    assert judge({"kernel": kernel}) == []


def test_addresses_are_compared_as_addresses():
    assert judge({"resolved": {"a.b": ["2001:db8::1"]}}, public_addresses=["2001:DB8:0::1"]) == []


@pytest.mark.parametrize("part", ["data", "network", "listeners", "packages", "docker", "ufw", "clock", "ssh_ports"])
def test_a_part_that_was_not_measured_is_an_error_and_the_rest_is_judged(part):
    found = judge({part: None, "unknown": [f"{part}: no such program: x"], "architecture": "riscv64"})
    assert [finding["id"] for finding in found] == ["unknown", "architecture"]
    assert found[0]["severity"] == "error" and found[0]["measured"] == "unknown: no such program: x"


def test_a_host_about_which_nothing_is_known_is_refused():
    (finding,) = preflight_findings({"unknown": ["system: cannot read"], "resolved": {}}, REQUIREMENTS)
    assert (finding["subject"], finding["severity"]) == ("system", "error")


def test_what_is_unknown_within_a_measured_part_is_said_once():
    found = judge({"clock.synchronized": None, "unknown": ["clock: no answer about synchronized"]})
    assert [finding["id"] for finding in found] == ["clock"]


def test_behind_address_translation_the_public_address_counts():
    assert judge({"resolved": {"a.b": ["203.0.113.1"]}}, public_addresses=["203.0.113.1"]) == []


NEEDS_AVX = [{"x86_64": "avx", "aarch64": "dcpop"}]


@pytest.mark.parametrize(
    ("host", "missing"),
    [
        ({"cpu_features": ["aes", "avx"]}, []),
        ({"cpu_features": ["aes"]}, ["without avx"]),
        # ARM has another name for it, another architecture none, and a kernel need not tell.
        ({"architecture": "aarch64", "cpu_features": ["avx"]}, ["without dcpop"]),
        ({"architecture": "riscv64", "cpu_features": ["c"]}, []),
        ({"cpu_features": []}, []),
    ],
)
def test_a_processor_that_a_service_cannot_run_on_is_refused_before_it_dies_in_silence(host, missing):
    found = judge(host, cpu_features=NEEDS_AVX, supported_architectures=["x86_64", "aarch64", "riscv64"])
    assert [finding["measured"] for finding in found] == missing
    assert all((finding["severity"], finding["category"]) == ("error", 2) for finding in found)
    assert judge(host, cpu_features=[], supported_architectures=["x86_64", "aarch64", "riscv64"]) == []
