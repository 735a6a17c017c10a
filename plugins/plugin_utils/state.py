# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What runs beside what is declared: pure functions."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.plugin_utils.compose import DECLARED_LABEL

MEGABYTE = 2**20
NANO = 10**9


def by_service(containers: list[dict]) -> dict[str, dict]:
    """Return containers by the name that the project has for them."""
    return {item["Labels"].get("com.docker.compose.service", ""): item for item in containers}


def project_state(
    containers: list[dict],
    project: dict,
    networks: dict[str, str] | None = None,
    external: dict[str, str] | None = None,
) -> dict:
    """Compare what runs with what is declared.

    Args:
        containers: the project's, as returned by the module `containers_info`.
        project: the Compose project as returned by `compose_project`.
        networks: ids of the project's networks, by name, where they are known.
        external: the addresses of instances that are somebody else's servers, by instance name.

    Returns:
        `stale`: the declared containers that are absent, outdated, changed by hand, stopped or unhealthy; `unmade`:
        those of them that are absent, outdated or changed by hand, so that starting them makes them anew; `drifted`:
        in words what was changed by hand, by container; `hanging`: those that run and are not healthy;
        `orphans`: those that run but are not declared; `addresses`: on the network `internal`, by container, of
        those that can answer (a paused one would only be waited for); `ids`: Docker's container ids, by container.
    """
    found = by_service(containers)
    services = project["services"]
    drifted = {
        name: words
        for name, service in services.items()
        if _is_made(found.get(name), service) and (words := drift(found[name], service, project["name"], networks))
    }
    unmade = [name for name, service in services.items() if name in drifted or not _is_made(found.get(name), service)]
    return {
        "stale": [name for name in services if name in unmade or not _is_well(found[name])],
        "unmade": unmade,
        "drifted": drifted,
        "hanging": [name for name in services if name not in unmade and _hangs(found[name])],
        "orphans": sorted(set(found) - set(services)),
        "addresses": {
            name: _address(item["NetworkSettings"]["Networks"], f"{project['name']}_internal")
            for name, item in found.items()
            if item["State"] == "running"
        }
        | (external or {}),
        "ids": {name: item["Id"] for name, item in found.items()},
    }


def _address(networks: dict[str, dict], preferred: str) -> str:
    """Return an address on the preferred network, or on one of its own where the container is not on that."""
    found = {name: network["IPAddress"] for name, network in networks.items() if network.get("IPAddress")}
    return found.get(preferred) or next((found[name] for name in sorted(found)), "")


def drift(container: dict, service: dict, project: str, networks: dict[str, str] | None = None) -> list[str]:
    """Return in words what of a container is not as it was made, though its label says what is declared.

    Args:
        container: as returned by the module `containers_info`.
        service: the container's definition in the Compose project.
        project: the project's name.
        networks: ids of the project's networks, by name, where they are known.
    """
    words = _network_drift(container, {f"{project}_{name}" for name in service.get("networks", [])}, networks)
    measured = container.get("measured") or {}
    declared = {
        "restart": service.get("restart", "no"),
        "memory_bytes": int(str(service.get("mem_limit", "0m"))[:-1]) * MEGABYTE,
        "nano_cpus": round(float(service.get("cpus", 0)) * NANO),
        "pids_limit": int(service.get("pids_limit", 0)),
    }
    names = {"restart": "restart policy", "memory_bytes": "memory limit", "nano_cpus": "processor limit"}
    for key, value in declared.items():
        if key in measured and not _same(measured[key], value):
            words.append(f"its {names.get(key, 'limit of processes')} was changed")
    words += [f"it has a former {folder} of the host" for folder in measured.get("replaced_mounts", [])]
    return words


def _same(measured: t.Any, declared: t.Any) -> bool:
    """Compose calculates processors in single precision."""
    return measured == declared or (isinstance(declared, int) and declared and abs(measured / declared - 1) < 1e-6)


def _network_drift(container: dict, wanted: set[str], networks: dict[str, str] | None) -> list[str]:
    attached = (container.get("NetworkSettings") or {}).get("Networks")
    if attached is None:
        return []
    words = [f"it is not in the network {name}" for name in sorted(wanted - set(attached))]
    words += [f"it is in the network {name}" for name in sorted(set(attached) - wanted)]
    for name in sorted(wanted & set(attached)):
        known = attached[name].get("NetworkID")
        if networks is not None and known and known != networks.get(name):
            words.append(f"its network {name} was made anew")
    return words


def _is_made(container: dict | None, service: dict) -> bool:
    return container is not None and container["Labels"].get(DECLARED_LABEL) == service["labels"][DECLARED_LABEL]


def _is_well(container: dict[str, t.Any]) -> bool:
    return container["State"] == "running" and container["Status"].endswith("(healthy)")


def _hangs(container: dict[str, t.Any]) -> bool:
    """What is unhealthy, or paused, stays so when Compose is asked to start it."""
    return container["State"] == "paused" or container["Status"].endswith("(unhealthy)")
