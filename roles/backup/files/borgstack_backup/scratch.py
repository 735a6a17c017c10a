# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Copies of containers beside production: same image, same settings, empty volumes, and a network without a way out.

All of it is labelled, and whatever has the label goes: at the end, and at the next start if there was no end.
"""

from __future__ import annotations

import time
import typing as t
from pathlib import Path

from borgstack_backup import commands, volumes
from borgstack_backup.commands import Container, run
from borgstack_backup.engine_api import create_container
from borgstack_backup.failure import SERVICE, Failure

LABEL = "borgstack.drill"
DEPENDS_LABEL = "com.docker.compose.depends_on"
START_SECONDS = 300
STOP_SECONDS = 60
# Of a container, what makes it what it is; of its host's side, what it may do. No port, no device, no restart.
CONFIG = ("Env", "Cmd", "Entrypoint", "User", "WorkingDir", "Healthcheck", "StopSignal", "StopTimeout")
HOST = ("CapAdd", "CapDrop", "SecurityOpt", "Tmpfs", "Init", "ReadonlyRootfs", "ShmSize", "Ulimits", "PidsLimit",
        "GroupAdd", "Sysctls")  # fmt: skip
# The kernel ends a copy before anything of production.
FIRST_TO_GO = 1000
# Of PostgreSQL nobody relies on what a copy wrote; and its memory is less than that of the server it is a copy of.
LATER_ARGUMENTS = {"postgres": ["--fsync=off", "--full_page_writes=off", "--archive_mode=off", "--shared_buffers=64MB"]}


class Scratch:
    """The copies of one drill.

    Args:
        platform: whose containers are copied.
        directory: the platform's folder; of what is mounted read-only, copies see what lies below it.
        memory: the most that a copy may use, in bytes.
    """

    def __init__(self, platform: str, directory: Path, memory: int):
        self._platform, self._directory, self._memory = platform, directory, memory
        self.network = f"{platform}-drill"
        self._copies: dict[str, Container] = {}

    def __enter__(self) -> Scratch:
        reap(self._platform)
        label = f"{LABEL}={self._platform}"
        run(["docker", "network", "create", "--internal", "--label", label, self.network], "Docker")
        return self

    def __exit__(self, *_error: object) -> None:
        reap(self._platform)

    def datastore(self, service: str) -> Container:
        """Return a copy of a container that answers, with copies of those that it starts after."""
        if service not in self._copies:
            original = self._original(service)
            for other in _started_before(original):
                self.datastore(other)
            self._copies[service] = self._copy(service, original, {})
            self.start(service)
        return self._copies[service]

    def start(self, service: str) -> None:
        """Start a copy and wait until it is healthy."""
        copy = self._copies[service]
        run(["docker", "start", copy.id], service)
        deadline = time.monotonic() + START_SECONDS
        while True:
            state = copy.inspect()["State"]
            if not state["Running"]:
                raise Failure(SERVICE, f"its copy ended with {state['ExitCode']}", "see the log of the unit", service)
            if state.get("Health", {}).get("Status", "healthy") == "healthy":
                return
            if time.monotonic() > deadline:
                raise Failure(SERVICE, f"its copy is not healthy within {START_SECONDS} s", "see its image", service)
            time.sleep(0.3)

    def stop(self, service: str) -> None:
        """Stop a copy."""
        run(["docker", "stop", f"--time={STOP_SECONDS}", self._copies[service].id], service)

    def command(self, service: str, command: t.Sequence[str], environment: t.Mapping[str, str]) -> str:
        """Run a command in a copy that does nothing else, and return what it printed.

        Args:
            service: the container that is copied.
            command: the program and its arguments.
            environment: variables in place of the container's own.
        """
        original = self._original(service)
        kept = [item for item in original["Config"]["Env"] if item.split("=", 1)[0] not in environment]
        settings = {
            "Env": [*kept, *(f"{name}={value}" for name, value in environment.items())],
            "Entrypoint": [command[0]],
            "Cmd": list(command[1:]),
            "Healthcheck": {"Test": ["NONE"]},
        }
        copy = self._copy(service, original, settings, suffix="-canary")
        try:
            return run(["docker", "start", "--attach", copy.id], service)
        finally:
            run(["docker", "rm", "--force", "--volumes", copy.id], service)

    def end(self) -> None:
        """End all copies at once."""
        for copy in list(self._copies.values()):
            run(["docker", "kill", copy.id], copy.service, good=(0, 1))

    def volume(self, name: str) -> str:
        """Return the copy of a volume, by the name that the original has; it is made where there is none yet."""
        copy = f"{self.network}-{name}"
        run(["docker", "volume", "create", "--label", f"{LABEL}={self._platform}", copy], name)
        return copy

    def folders(self) -> list[Path]:
        """Return where the volumes of all copies lie on the host."""
        return [volumes.mount_point(name) for name in _labelled("volume", self._platform)]

    def _original(self, service: str) -> dict[str, t.Any]:
        found = commands.containers(self._platform, f"label=com.docker.compose.service={service}")
        if not found:
            raise Failure(
                SERVICE, "there is no such container", "run site.yml, which makes it, then this again", service
            )
        return found[0].inspect()

    def _copy(self, service: str, original: dict, settings: dict[str, t.Any], suffix: str = "") -> Container:
        name = f"{self.network}-{service}{suffix}"
        config = {key: original["Config"][key] for key in CONFIG if original["Config"].get(key)}
        command = config.get("Cmd") or []
        config["Cmd"] = [*command, *LATER_ARGUMENTS.get(command[0] if command else "", [])]
        host = {key: original["HostConfig"][key] for key in HOST if original["HostConfig"].get(key) is not None}
        memory = min(self._memory, original["HostConfig"]["Memory"] or self._memory)
        host.update(Memory=memory, MemorySwap=memory, OomScoreAdj=FIRST_TO_GO, Binds=self._binds(original["Mounts"]),
                    NetworkMode=self.network)  # fmt: skip
        id_ = create_container(
            name,
            {
                **config,
                **settings,
                # Not by its name, which may stand for a newer one by now.
                "Image": original["Image"],
                "Labels": {LABEL: self._platform},
                "HostConfig": host,
                "NetworkingConfig": {"EndpointsConfig": {self.network: {"Aliases": _aliases(service, original)}}},
            },
        )
        return Container(id_, service, running=True)

    def _binds(self, mounts: list[dict]) -> list[str]:
        """Return what a copy mounts: what is written is a volume of its own, and what is read the platform's files."""
        binds = []
        for number, mount in enumerate(mounts):
            place = mount["Destination"]
            if mount["Type"] == "volume":
                binds.append(f"{self.volume(mount['Name'].replace(f'{self._platform}_', '', 1))}:{place}")
            elif mount["Type"] == "bind" and mount["RW"]:
                binds.append(f"{self.volume(f'bind-{number}')}:{place}")
            elif mount["Type"] == "bind" and self._directory in Path(mount["Source"]).parents:
                binds.append(f"{mount['Source']}:{place}:ro")
        return binds


def reap(platform: str) -> list[str]:
    """Remove all that has the label of a platform's drills, and return the names."""
    label = f"label={LABEL}={platform}"
    containers = run(["docker", "ps", "--all", "--quiet", "--no-trunc", f"--filter={label}"], "Docker").split()
    if containers:
        run(["docker", "rm", "--force", "--volumes", *containers], "Docker")
    removed = list(containers)
    for kind in ("network", "volume"):
        names = _labelled(kind, platform)
        if names:
            run(["docker", kind, "rm", *names], "Docker")
        removed += names
    return removed


def _labelled(kind: str, platform: str) -> list[str]:
    form = "{{.Name}}"
    return run(["docker", kind, "ls", f"--filter=label={LABEL}={platform}", f"--format={form}"], "Docker").split()


def _started_before(original: dict) -> list[str]:
    """Return the containers that Compose starts before one."""
    named = original["Config"]["Labels"].get(DEPENDS_LABEL, "")
    return [item.split(":")[0] for item in named.split(",") if item]


def _aliases(service: str, original: dict) -> list[str]:
    """Return the names by which others know a container."""
    networks = original["NetworkSettings"]["Networks"].values()
    aliases = {alias for network in networks for alias in network.get("Aliases") or []}
    return sorted({service, *aliases} - {original["Id"][:12]})
