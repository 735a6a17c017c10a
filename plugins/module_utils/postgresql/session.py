# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One run of a PostgreSQL module: inspect → plan → apply."""

from __future__ import annotations

from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.connection import Server
from ansible_collections.borgstack.platform.plugins.module_utils.provisioning import converge, refuse_assumption


def run(module, engine, declared: list[dict]) -> dict:
    """Converge one kind of objects and return the result for `exit_json`.

    Args:
        module: the `AnsibleModule`.
        engine: a Python module with `EMPTY`, `check`, `inspect` and `plan`.
        declared: the declared objects.

    Raises:
        PlatformError: whatever stood in the way.
    """
    engine.check(declared)
    if module.params["assume_empty"]:
        refuse_assumption(module)
        return converge(module, engine.plan(declared, engine.EMPTY), lambda step: None)
    server = Server(module.params)
    try:
        if not module.check_mode:
            server.lock()
        steps = engine.plan(declared, engine.inspect(server, declared))
        return converge(module, steps, lambda step: server.execute(step.operation))
    finally:
        server.close()
