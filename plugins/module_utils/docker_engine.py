# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What Docker's engine tells about the containers of a Compose project, asked at its own socket."""

from __future__ import annotations

import datetime
import http.client
import json
import os
import re
import socket
import typing as t
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PREREQUISITE, PlatformError

MEGABYTE = 2**20
AT_A_TIME = 8


class _Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, timeout: float):
        super().__init__("docker", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def containers(path: str, project: str, timeout: float) -> list[dict[str, t.Any]]:
    """Return a project's containers, stopped ones included, as Docker lists them, each with what was `measured`.

    What `docker compose run` made beside them is left out: it carries the same labels, but is no part of the project.

    Args:
        path: Docker's socket.
        project: the Compose project.
        timeout: seconds that one answer may take.

    Raises:
        PlatformError: Docker does not answer.
    """
    filters = quote(json.dumps({"label": [f"com.docker.compose.project={project}"]}))
    found = _get(path, f"/containers/json?all=1&filters={filters}", timeout) or []
    listed = [item for item in found if item["Labels"].get("com.docker.compose.oneoff") != "True"]
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        measured = list(pool.map(lambda item: _measured(path, item["Id"], timeout), listed))
    return [{**item, "measured": one} for item, one in zip(listed, measured)]


def volumes(path: str, project: str, timeout: float) -> list[str]:
    """Return the names of the volumes that are a project's by their name, whoever made them."""
    found = (_get(path, "/volumes", timeout) or {}).get("Volumes") or []
    return sorted(item["Name"] for item in found if item["Name"].startswith(f"{project}_"))


def networks(path: str, project: str, timeout: float) -> dict[str, str]:
    """Return the ids of a project's networks, by name."""
    filters = quote(json.dumps({"label": [f"com.docker.compose.project={project}"]}))
    return {item["Name"]: item["Id"] for item in _get(path, f"/networks?filters={filters}", timeout) or []}


def root(path: str, timeout: float) -> str:
    """Return where Docker keeps volumes and images."""
    return (_get(path, "/info", timeout) or {}).get("DockerRootDir", "")


def published_by_others(path: str, project: str, label: str, timeout: float) -> dict[int, str]:
    """Return the other projects with containers that have a label, by the host's ports that they are published at."""
    filters = quote(json.dumps({"label": [label]}))
    found: dict[int, str] = {}
    for item in _get(path, f"/containers/json?filters={filters}", timeout) or []:
        other = item["Labels"].get("com.docker.compose.project", "")
        if other and other != project:
            found.update({port["PublicPort"]: other for port in item.get("Ports") or [] if port.get("PublicPort")})
    return found


def _get(path: str, question: str, timeout: float) -> t.Any:
    """Return the answer's document; none for what is not there any more."""
    connection = _Connection(path, timeout)
    try:
        connection.request("GET", question)
        response = connection.getresponse()
        document = json.loads(response.read() or b"null")
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise PlatformError(
            PREREQUISITE,
            f"Docker does not answer at {path}: {error or type(error).__name__}",
            "see `systemctl status docker` on the host, and start it",
        ) from None
    finally:
        connection.close()
    if response.status == 404:
        return None
    if response.status != 200:
        raise PlatformError(
            PREREQUISITE,
            f"Docker answered {response.status} at {path}",
            "see `journalctl --unit docker` on the host",
        )
    return document


def _measured(path: str, container: str, timeout: float) -> dict[str, t.Any]:
    """Return what the list does not tell; empty where the container has gone since."""
    inspected = _get(path, f"/containers/{container}/json", timeout)
    if not inspected:
        return {}
    state, limits = inspected["State"], inspected["HostConfig"]
    stats = _get(path, f"/containers/{container}/stats?stream=false&one-shot=true", timeout) if state["Running"] else {}
    return {
        "restarts": inspected["RestartCount"],
        "started_seconds_ago": _seconds_since(state["StartedAt"]) if state["Running"] else None,
        "out_of_memory": state["OOMKilled"],
        "exit_code": state["ExitCode"],
        "restart": limits["RestartPolicy"]["Name"] or "no",
        "memory_bytes": limits["Memory"],
        "nano_cpus": limits["NanoCpus"],
        "pids_limit": limits.get("PidsLimit") or 0,
        "image": inspected["Image"],
        "tagged_image": _tagged(path, inspected["Config"]["Image"], timeout),
        "replaced_mounts": replaced_mounts(state.get("Pid") or 0, inspected.get("Mounts") or []),
        **memory((stats or {}).get("memory_stats") or {}),
    }


def _tagged(path: str, name: str, timeout: float) -> str:
    """Return the id of the image that a name stands for now; empty where it stands for none."""
    return (_get(path, f"/images/{quote(name)}/json", timeout) or {}).get("Id", "")


def replaced_mounts(process: int, mounts: list[dict[str, t.Any]]) -> list[str]:
    """Return which mounted folders of the host are others by now than the ones that a container has.

    Such as one that was removed and made anew, or over which a disk was mounted: the container keeps the old one.

    Args:
        process: of the container, on the host; 0 where it does not run.
        mounts: as Docker tells them.
    """
    found = []
    for mount in mounts if process else []:
        if mount["Type"] != "bind":
            continue
        try:
            inside = os.stat(f"/proc/{process}/root{mount['Destination']}")
        except OSError:
            continue
        try:
            outside = os.stat(mount["Source"])
        except OSError:
            found.append(mount["Source"])
            continue
        if (inside.st_dev, inside.st_ino) != (outside.st_dev, outside.st_ino):
            found.append(mount["Source"])
    return sorted(found)


def memory(stats: dict[str, t.Any]) -> dict[str, int | None]:
    """Return what a container uses of its memory limit, without files that the kernel gives up when it needs space.

    Args:
        stats: Docker's `memory_stats`, of either generation of control groups.
    """
    if not stats.get("usage") or not stats.get("limit"):
        return {"memory_mb": None, "memory_limit_mb": None}
    parts = stats.get("stats") or {}
    files = sum(parts.get(f"total_{name}", parts.get(name, 0)) for name in ("active_file", "inactive_file"))
    return {
        "memory_mb": max(0, stats["usage"] - files) // MEGABYTE,
        "memory_limit_mb": stats["limit"] // MEGABYTE,
    }


def _seconds_since(moment: str) -> int:
    match = re.match(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)$", moment)
    if not match:
        return 0
    then = datetime.datetime.strptime(match.group(1) + match.group(2).replace("Z", "+00:00"), "%Y-%m-%dT%H:%M:%S%z")
    return max(0, int((datetime.datetime.now(datetime.timezone.utc) - then).total_seconds()))
