"""Docker's plugin `compose` for an engine before 25: the real one, but it waits for health the old way.

Such an engine cannot probe more often while a container starts, and Compose refuses a file that asks for it. So each
check gets the short interval for good, and takes its time as long as the container is healthy: a dozen containers that
are probed every second would keep a processor busy. Runs as a command of its own; COMPOSE_BINARY names the real plugin.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import yaml

OLD_ENGINE_FILE = "compose.old-engine.yaml"
REST = 15
# The file is in a file system of the container's own that it can write to in any case, and that ends with it.
UNHURRIED = (
    f'if [ -e /dev/shm/healthy ]; then rm /dev/shm/healthy; sleep {REST}; fi; timeout "$$@" && : >/dev/shm/healthy'
)


def probed_seldom(check: dict) -> dict:
    """Return the check so that it begins a while later if it succeeded before; its time limit is written in seconds."""
    kind, *words = check["test"]
    command = ["sh", "-c", *words] if kind == "CMD-SHELL" else words
    (seconds,) = re.fullmatch(r"(\d+)s", check["timeout"]).groups()
    return {
        **{name: value for name, value in check.items() if name != "start_interval"},
        "test": ["CMD", "sh", "-c", UNHURRIED, "sh", seconds, *command],
        # That `timeout` ends it, and not the engine, which would leave the next ones as long.
        "timeout": f"{int(seconds) + REST + 5}s",
        "interval": check["start_interval"],
    }


def for_old_engines(project: dict) -> dict:
    """Return the project with the interval of the start as the only one."""
    for service in project["services"].values():
        if "start_interval" in service.get("healthcheck", {}):
            service["healthcheck"] = probed_seldom(service["healthcheck"])
    return project


def main() -> None:
    """Become the real plugin, with the file exchanged."""
    arguments = sys.argv[1:]
    if "--file" in arguments and "--project-directory" in arguments:
        folder = Path(arguments[arguments.index("--project-directory") + 1])
        place = arguments.index("--file") + 1
        project = yaml.safe_load((folder / arguments[place]).read_text(encoding="utf-8"))
        (folder / OLD_ENGINE_FILE).write_text(yaml.safe_dump(for_old_engines(project)), encoding="utf-8")
        arguments[place] = OLD_ENGINE_FILE
    os.execv(os.environ["COMPOSE_BINARY"], ["docker-compose", *arguments])


if __name__ == "__main__":
    main()
