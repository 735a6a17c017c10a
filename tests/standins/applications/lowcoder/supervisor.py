"""Stands for the image's entry point and its supervisor: root hands over the directories, the parts run as 9001."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from variables import PUBLISHED, REQUIRED, VARIABLES
from web import check_variables

DIRECTORIES = (Path("/lowcoder-stacks"), Path("/lowcoder/assets"))


def main() -> int:
    """Run the application until told to stop; return its exit code."""
    check_variables(VARIABLES, REQUIRED)
    for name in ("LOWCODER_MONGODB_ENABLED", "LOWCODER_REDIS_ENABLED"):
        if os.environ.get(name, "true") != "false":
            sys.exit(f"{name} is not false: this stand-in has no datastore of its own, as nobody should want it")
    published = sorted(name for name, value in PUBLISHED.items() if os.environ[name] == value)
    if published:
        sys.exit(f"still the published default: {', '.join(published)}")
    user, group = int(os.environ.get("LOWCODER_PUID", "9001")), int(os.environ.get("LOWCODER_PGID", "9001"))
    (DIRECTORIES[0] / "logs/api-service").mkdir(parents=True, exist_ok=True)
    for directory in DIRECTORIES:
        for path in (directory, *directory.rglob("*")):
            os.chown(path, user, group)
    application = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("server.py"))], user=user, group=group, extra_groups=[]
    )
    # Another user's process: without CAP_KILL nobody could stop it but the kernel.
    signal.signal(signal.SIGTERM, lambda *_signal: application.terminate())
    return application.wait()


if __name__ == "__main__":
    sys.exit(main())
