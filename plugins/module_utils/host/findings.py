# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is to be said about a measured host: a pure function."""

from __future__ import annotations

import ipaddress
import re
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import NETWORK, PREREQUISITE
from ansible_collections.borgstack.platform.plugins.module_utils.libraries import LIBRARIES, is_too_old

# Hosters sell what the kernel has a little less of.
TOLERANCE = 0.94
SEVERITIES = {"required": "error", "warn": "warning"}


def preflight_findings(host: dict, requirements: dict) -> list[dict]:
    """Return everything that is wrong with a host, the worst first.

    Args:
        host: as measured by `host_info`.
        requirements: the thresholds and settings of the role `preflight`, without its prefix.

    Returns:
        Findings with `id`, `severity` (error, warning), `category`, `subject`, `measured`, `required` and `remedy`.
    """
    found = list(_unknown(host))
    for check, parts in CHECKS:
        if all(host.get(part) is not None for part in parts):
            found += check(host, requirements)
    return sorted(found, key=lambda finding: finding["severity"] != "error")


def _finding(
    name: str, severity: str, subject: str, measured: t.Any, required: t.Any, remedy: str, category: int = PREREQUISITE
) -> dict:
    return {
        "id": name,
        "severity": severity,
        "category": category,
        "subject": subject,
        "measured": str(measured),
        "required": str(required),
        "remedy": remedy,
    }


def _unknown(host: dict) -> t.Iterator[dict]:
    """Name the parts that were not measured at all: later roles would decide without knowing."""
    reasons = dict(line.split(": ", 1) for line in host["unknown"])
    for part in sorted(reasons):
        if host.get(part) is None:
            remedy = "correct the cause, and run this as root"
            yield _finding("unknown", "error", part, f"unknown: {reasons[part]}", "to be measured", remedy)


def _system(host: dict, requirements: dict) -> t.Iterator[dict]:
    release = f"{host['os']['id']} {host['os']['version']}"
    if release not in requirements["supported_systems"]:
        supported = ", ".join(requirements["supported_systems"])
        yield _finding(
            "system", "error", "operating system", release, supported, "reinstall the server with one of these"
        )
    if host["architecture"] not in requirements["supported_architectures"]:
        supported = ", ".join(requirements["supported_architectures"])
        yield _finding(
            "architecture", "error", "architecture", host["architecture"], supported, "use a server of one of these"
        )
    if _version(host["kernel"]) < _version(requirements["minimum_kernel"]):
        yield _finding(
            "kernel", "error", "kernel", host["kernel"], requirements["minimum_kernel"], "upgrade and reboot the server"
        )
    missing = sorted({"cpu", "memory"} - set(host["cgroup"]["controllers"]))
    if missing:
        remedy = "enable them on the kernel's command line (cgroup_enable=memory)"
        yield _finding("cgroup", "error", "control groups", f"without {', '.join(missing)}", "cpu, memory", remedy)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text)[:2])


def _processor(host: dict, requirements: dict) -> t.Iterator[dict]:
    """Name what declared services cannot run without; where the kernel tells nothing, there is nothing to say."""
    wanted = {features.get(host["architecture"]) for features in requirements["cpu_features"]} - {None}
    missing = sorted(wanted - set(host["cpu_features"])) if host["cpu_features"] else []
    if missing:
        names = ", ".join(missing)
        remedy = (
            "give the virtual machine the processor type of its host (Proxmox, KVM: `host`), choose another server, "
            "or leave out what needs it"
        )
        yield _finding("cpu_features", "error", "processor", f"without {names}", names, remedy)


def _size(host: dict, requirements: dict) -> t.Iterator[dict]:
    sizes = (
        ("cpus", "processors", host["cpu_count"], 1.0, "", "choose a server with more of them"),
        (
            "memory_gb",
            "memory",
            round(host["memory_mb"] / 1024, 1),
            TOLERANCE,
            " GB",
            "choose a server with more memory",
        ),
        (
            "disk_gb",
            f"disk of {host['data']['path']}",
            host["data"]["total_gb"],
            TOLERANCE,
            " GB",
            "enlarge the disk or attach another",
        ),
    )
    for key, subject, measured, tolerance, unit, remedy in sizes:
        for severity, word in (("error", "minimum"), ("warning", "recommended")):
            wanted = requirements[f"{word}_{key}"]
            if measured < wanted * tolerance:
                required = f"{wanted}{unit} ({word})"
                override = f"; or lower preflight_{word}_{key}, knowing what you do" if severity == "error" else ""
                yield _finding(f"{word}_{key}", severity, subject, f"{measured}{unit}", required, remedy + override)
                break
    if host["data"]["free_gb"] < requirements["minimum_free_gb"]:
        required = f"{requirements['minimum_free_gb']} GB free"
        yield _finding(
            "free_gb",
            "error",
            f"disk of {host['data']['path']}",
            f"{host['data']['free_gb']} GB free",
            required,
            "make room",
        )


def _ports(host: dict, requirements: dict) -> t.Iterator[dict]:
    # One process may hold a port in both families.
    holders = {
        (holder["port"], holder["protocol"], holder["process"], holder["pid"])
        for holder in host["listeners"]
        if not holder["container"]
    }
    for port, protocol, process, pid in sorted(holders, key=str):
        measured = f"held by {process or 'an unknown process'} (pid {pid or 'unknown'})"
        remedy = f"stop and disable {process or 'that process'}: the proxy needs the port"
        yield _finding("port", "error", f"port {port}/{protocol}", measured, "free", remedy)


def _libraries(host: dict, requirements: dict) -> t.Iterator[dict]:
    """Name packages that modules cannot work with, before anything depends on them; a missing one is installed."""
    for library in LIBRARIES.values():
        found = host["packages"].get(library.package)
        if found and is_too_old(library.name, found["version"]):
            remedy = "upgrade the package, or the operating system"
            required = f"{library.oldest_in_words} or later"
            yield _finding("library", "error", f"package {library.package}", found["version"], required, remedy)


def _clock(host: dict, requirements: dict) -> t.Iterator[dict]:
    synchronized = host["clock"]["synchronized"]
    if not synchronized:
        measured = "unknown" if synchronized is None else "not synchronised"
        remedy = (
            "run `timedatectl set-ntp true` (package systemd-timesyncd): certificates and signatures depend on the time"
        )
        yield _finding("clock", "warning", "clock", measured, "synchronised", remedy)


def _names(host: dict, requirements: dict) -> t.Iterator[dict]:
    severity = SEVERITIES.get(requirements["dns"])
    own = {_canonical(address) for address in [*host["network"]["addresses"], *requirements["public_addresses"]]}
    for name, addresses in host["resolved"].items():
        # One wrong record is enough: certificate authorities and browsers prefer an AAAA, and take any of several.
        foreign = [address for address in addresses if _canonical(address) not in own]
        if severity and (foreign or not addresses):
            remedy = (
                "correct or remove those of its A and AAAA records that are not this server's; behind address "
                "translation set preflight_public_addresses"
            )
            measured = ", ".join(foreign) or "does not resolve"
            yield _finding("dns", severity, f"DNS of {name}", measured, " or ".join(sorted(own)), remedy, NETWORK)


def _canonical(address: str) -> str:
    """Return an address in the one spelling that compares; what is none stays as it is."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address


def _encryption(host: dict, requirements: dict) -> t.Iterator[dict]:
    severity = SEVERITIES.get(requirements["encryption"])
    data = host["data"]
    if severity and not data["encrypted"]:
        measured = (
            "unknown" if data["encrypted"] is None else f"in clear ({' on '.join([data['fstype'], *data['layers']])})"
        )
        remedy = "put the data on a LUKS device before the first deployment; later it has to be moved"
        yield _finding(
            "encryption", severity, f"encryption of {data['path']}", measured, "LUKS on every way to a disk", remedy
        )
    if severity and data["clear_swap"]:
        remedy = "encrypt swap or switch it off: memory with passwords is written there"
        yield _finding(
            "swap", severity, "swap", f"in clear: {', '.join(data['clear_swap'])}", "encrypted or none", remedy
        )


def _declared_memory(host: dict, requirements: dict) -> t.Iterator[dict]:
    declared = requirements["declared_memory_mb"]
    if declared > host["memory_mb"] and not requirements["allow_memory_overcommit"]:
        remedy = "lower memory limits, leave services out, or set preflight_allow_memory_overcommit"
        yield _finding(
            "declared_memory",
            "error",
            "sum of memory limits",
            f"{declared} MB",
            f"at most {host['memory_mb']} MB",
            remedy,
        )


def _docker(host: dict, requirements: dict) -> t.Iterator[dict]:
    # The role docker, which comes next, starts it, and takes back settings that keep it from starting.
    if host["docker"]["version"] and not host["docker"]["running"]:
        remedy = "if it does not start in this run, read `systemctl status docker` and `journalctl -u docker`"
        yield _finding("docker", "warning", "Docker's daemon", "stopped", "running", remedy)


# Each check, and the parts of the host that it reads: without one of them it has nothing to say.
CHECKS: tuple[tuple[t.Callable[[dict, dict], t.Iterable[dict]], tuple[str, ...]], ...] = (
    (_system, ("os", "architecture", "kernel", "cgroup")),
    (_processor, ("architecture", "cpu_features")),
    (_size, ("cpu_count", "memory_mb", "data")),
    (_ports, ("listeners",)),
    (_libraries, ("packages",)),
    (_clock, ("clock",)),
    (_names, ("network", "resolved")),
    (_encryption, ("data",)),
    (_declared_memory, ("memory_mb",)),
    (_docker, ("docker",)),
)
