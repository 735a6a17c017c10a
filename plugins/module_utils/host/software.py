# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Packages, Docker and UFW."""

from __future__ import annotations

import configparser
import contextlib
import glob
import hashlib
import json
import os
import re
import typing as t
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.borgstack.platform.plugins.module_utils.host.probe import Unknown, assignments, output, read

# How /etc/default/ufw spells policies, and how ufw's commands do.
POLICIES = {"ACCEPT": "allow", "DROP": "deny", "REJECT": "reject"}
DAEMON_CONFIG = "/etc/docker/daemon.json"
# Which keys of it are the role docker's, so that one which is no longer declared can be taken back.
MANAGED_CONFIG = "/etc/docker/daemon.json.managed"
DATA_ROOT = "/var/lib/docker"
# What the role docker adds, so that containers are stopped in order when the host goes down.
SHUTDOWN_UNIT = "docker-in-order.service"
SHUTDOWN_FILES = (f"/etc/systemd/system/{SHUTDOWN_UNIT}", "/usr/local/sbin/docker-in-order")


def packages(names: t.Sequence[str]) -> dict[str, dict]:
    """Return version and hold of those packages that are installed.

    Raises:
        Unknown: this is no system with dpkg.
    """
    listing = output(
        "dpkg-query", "--show", "--showformat=${Package} ${db:Status-Want} ${db:Status-Status} ${Version}\\n"
    )
    if listing is None:
        raise Unknown("dpkg-query does not work")
    found = {}
    for line in listing.splitlines():
        name, want, status, version = line.split(" ", 3)
        if name in names and status == "installed":
            found[name] = {"version": version, "held": want == "hold"}
    return found


def docker() -> dict:
    """Return the versions of Docker's parts and the daemon's settings; none where there is no such part."""
    # At the same time: Docker's command takes long to begin.
    commands = (
        ("docker", "--version"),
        ("docker", "compose", "version", "--short"),
        ("docker", "version", "--format", "{{.Server.Version}}"),
        ("systemctl", "is-enabled", "docker.service"),
        ("systemctl", "is-enabled", SHUTDOWN_UNIT),
        ("systemctl", "is-active", SHUTDOWN_UNIT),
    )
    with ThreadPoolExecutor(len(commands)) as pool:
        version, compose, engine, *units = pool.map(lambda command: output(*command), commands)
    enabled, shutdown_enabled, shutdown_active = (answer is not None for answer in units)
    client = re.search(r"version ([\d.]+)", version or "")
    config = _daemon_config()
    return {
        "version": client.group(1) if client else None,
        "engine_version": engine.strip().partition("+")[0] if engine else None,
        "running": bool(engine),
        "enabled": enabled,
        "shutdown": {
            "enabled": shutdown_enabled,
            "active": shutdown_active,
            "files": {path: hashlib.sha256((read(path) or "").encode()).hexdigest() for path in SHUTDOWN_FILES},
        },
        "compose_version": compose.strip().lstrip("v").partition("-")[0].partition("+")[0] if compose else None,
        "config": config,
        "managed": (_parsed(read(MANAGED_CONFIG) or "") or {}).get("keys", []),
        "data_root": data_root(),
        "volumes": volumes(data_root()),
    }


def data_root() -> str:
    """Return where Docker keeps images and volumes, or would."""
    return (_daemon_config() or {}).get("data-root", DATA_ROOT)


def _daemon_config() -> dict | None:
    text = read(DAEMON_CONFIG)
    return {} if text is None else _parsed(text)


def volumes(root: str) -> list[str]:
    """Return the names of the volumes below one of Docker's data roots, whether its daemon runs or not.

    Raises:
        OSError: they cannot be read.
    """
    try:
        with os.scandir(os.path.join(root, "volumes")) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _parsed(text: str) -> dict | None:
    try:
        config = json.loads(text) if text.strip() else {}
    except ValueError:
        return None
    return config if isinstance(config, dict) else None


def ufw() -> dict:
    """Return UFW's state, policies and rules; the rules as `ufw show added` lists them, without the leading `ufw`."""
    settings = assignments(read("/etc/default/ufw"))
    added = output("ufw", "show", "added") or ""
    enabled = assignments(read("/etc/ufw/ufw.conf")).get("ENABLED") == "yes"
    policies = {
        "incoming": "DEFAULT_INPUT_POLICY",
        "outgoing": "DEFAULT_OUTPUT_POLICY",
        "routed": "DEFAULT_FORWARD_POLICY",
    }
    return {
        "installed": os.path.exists("/usr/sbin/ufw"),
        "enabled": enabled,
        "active": enabled and _loaded(),
        "ipv6": settings.get("IPV6") == "yes",
        "defaults": {direction: POLICIES.get(settings.get(name, ""), "") for direction, name in policies.items()},
        "rules": [line[4:] for line in added.splitlines() if line.startswith("ufw ")],
        "applications": _applications(),
    }


def _applications() -> dict[str, str]:
    """Return the ports of UFW's application profiles by name; a file that UFW could not read either is left out."""
    found = {}
    for path in sorted(glob.glob("/etc/ufw/applications.d/*")):
        profiles = configparser.RawConfigParser(strict=False)
        with contextlib.suppress(configparser.Error):
            profiles.read_string(read(path) or "")
            named = [name for name in profiles.sections() if profiles.has_option(name, "ports")]
            found.update({name: profiles.get(name, "ports") for name in named})
    return found


def _loaded() -> bool:
    # What `ufw status` looks at, without starting a program that takes longer than all the rest.
    return output("iptables", "-S", "ufw-user-input") is not None
