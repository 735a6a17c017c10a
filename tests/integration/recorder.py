"""In place of the host's journal and syslog: writes down what a module logs. Installed in the process of the module."""

from __future__ import annotations

import json
import types

from ansible.module_utils import basic


def install(kind: str, path: str) -> None:
    """Have what the module logs appended to a file, as a host with systemd's Python library (`journal`) or without."""

    def record(*entry: object, **fields: object) -> None:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps([*entry, fields]) + "\n")

    basic.has_journal = kind == "journal"
    basic.journal = types.SimpleNamespace(send=record)
    basic.syslog = types.SimpleNamespace(LOG_USER=8, LOG_INFO=6, openlog=record, syslog=record)
