# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One run of a PostgreSQL module: inspect → plan → apply."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils import provisioning, references
from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import connection

# Documented in doc_fragments/postgresql.py.
OPTIONS: dict = {
    **provisioning.OPTIONS,
    **connection.OPTIONS,
    "assume_roles": {"type": "list", "elements": "str"},
}

INFO_OPTIONS: dict = {**connection.OPTIONS, **provisioning.INFO_OPTIONS}


def run(module, engine, declared: list[dict]) -> dict:
    """Converge one kind of objects and return the result for `exit_json`.

    Args:
        module: the `AnsibleModule`.
        engine: a Python module with `EMPTY`, `check`, `references`, `inspect`, `plan` and `undeclared`.
        declared: the declared objects.

    Raises:
        PlatformError: whatever stood in the way.
    """
    engine.check(declared)
    if module.params["assume_empty"]:
        provisioning.refuse_assumption(module)
        steps = engine.plan(declared, engine.EMPTY)
        return provisioning.result_of(module, steps, lambda: engine.undeclared(declared, engine.EMPTY))
    server = connection.Server(module.params)
    try:
        if not module.check_mode:
            server.lock()
        actual = engine.inspect(server, declared, module.params["report_undeclared"])
        if module.check_mode:
            references.foresee(module, engine.references(declared, actual), known(actual))
        for warning in actual.get("warnings", ()):
            module.warn(warning)
        steps = engine.plan(declared, actual)
        return _carried_out(module, server, steps, lambda: engine.undeclared(declared, actual))
    finally:
        server.close()


def known(actual: dict) -> dict[str, set | None]:
    """Return the names that exist by kind, for `references`."""
    return {"role": actual["known_roles"], "database": actual.get("known_databases")}


def read(module, **readings: t.Callable[[connection.Server, list[str] | None], t.Any]) -> dict:
    """Return what there is.

    Args:
        module: the `AnsibleModule`.
        readings: what reads it from the server, by the name that it is returned under.

    Raises:
        PlatformError: the server cannot be asked.
    """
    server = connection.Server(module.params)
    try:
        names = module.params["names"]
        return {"changed": False, **{key: reading(server, names) for key, reading in readings.items()}}
    finally:
        server.close()


def _carried_out(module, server: connection.Server, steps: list[Step], undeclared: t.Callable[[], list[str]]) -> dict:
    def apply(step: Step) -> None:
        try:
            server.execute(step.operation)
        except PlatformError as error:
            error.what = f"cannot {step.words}: {error.what}"
            raise

    try:
        result = provisioning.converge(module, steps, apply, undeclared)
        server.commit()
    except PlatformError as error:
        # A step that was carried out but not committed has been undone.
        error.done = [step.words for step in steps[: server.committed]]
        raise
    return result
