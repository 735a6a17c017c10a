"""Docker's plugin `compose` for an engine before 25: the real one, but it waits for health the old way.

Such an engine cannot probe more often while a container starts, and Compose refuses a file that asks for it. So each
check gets the short interval for good. Runs as a command of its own; COMPOSE_BINARY names the real plugin.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import yaml

OLD_ENGINE_FILE = "compose.old-engine.yaml"


def for_old_engines(project: dict) -> dict:
    """Return the project with the interval of the start as the only one."""
    for service in project["services"].values():
        check = service.get("healthcheck", {})
        if "start_interval" in check:
            check["interval"] = check.pop("start_interval")
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
