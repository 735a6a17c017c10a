"""A process that runs modules as a host would, each in a process of its own, without starting Python each time.

Listens on the Unix socket given as its argument. One connection is one run: a JSON object with `name`, `arguments` and
`before` (a function to call in that process before the module starts, as `module:function`, and its arguments) is
answered with the module's output and errors.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import signal
import socket
import sys
import traceback

from ansible.module_utils import basic
from ansible.module_utils.common.text.converters import to_bytes

COLLECTION = "ansible_collections.borgstack.platform.plugins.modules"
# Loaded once: what takes long to import, as far as it is installed.
SLOW_TO_LOAD = ("psycopg2", "psycopg2.sql", "redis", "boto3", "botocore.session", "pymongo")


def run(name: str, arguments: dict, before: list | None) -> None:
    """Run a module as `__main__`; it ends with SystemExit."""
    basic._ANSIBLE_ARGS = to_bytes(json.dumps({"ANSIBLE_MODULE_ARGS": arguments}))
    basic._ANSIBLE_PROFILE = "legacy"
    if before:
        place, _colon, function = before[0].partition(":")
        getattr(importlib.import_module(place), function)(*before[1:])
    runpy.run_module(f"{COLLECTION}.{name}", run_name="__main__")


def answer(connection: socket.socket) -> None:
    """Read one request and run it with the connection as output."""
    with connection.makefile("r") as lines:
        request = json.loads(lines.readline())
    os.dup2(connection.fileno(), 1)
    os.dup2(connection.fileno(), 2)
    sys.stdout = sys.stderr = os.fdopen(1, "w", closefd=False)
    try:
        run(request["name"], request["arguments"], request["before"])
    except SystemExit:
        pass
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()


def main() -> None:
    """Serve until the process is stopped."""
    for library in SLOW_TO_LOAD:
        try:
            importlib.import_module(library)
        except ImportError:
            continue
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(sys.argv[1])
        listener.listen()
        while True:
            connection, _address = listener.accept()
            if os.fork() == 0:
                # What the module starts is to be waited for again.
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                answer(connection)
                os._exit(0)
            connection.close()


if __name__ == "__main__":
    main()
