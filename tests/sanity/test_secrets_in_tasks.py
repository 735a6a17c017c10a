"""A task of a module that is not ours logs its arguments on the host: those that may hold secrets are hidden."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted([*ROOT.glob("roles/*/tasks/*.yml"), *ROOT.glob("roles/*/handlers/*.yml")])
# What variables that hold secrets, or are made of some, are called.
SECRETS = re.compile(
    r"(?<!_)platform_(configuration|configuration_before|credentials|declarations|needs|supplied_secrets)\b"
    r"|[._](declaration|login|headers|script|password|token|passphrase|secret\w*)\b|lookup\('borgstack"
)
# Parts of them without any, as their declarations show, and what is made of them for people.
HARMLESS = re.compile(
    r"platform_secrets_file\b"
    r"|platform_configuration[.](folders|owner(?![.]password)|flows|instances|set_up)\b|'platform_declarations': {}"
    r"|platform_declarations\.caddy\.files\[0\]|platform_declarations \| borgstack\.platform\.\w+"
    r"|(platform_declarations\[\w+\]|__verify_declaration)\.(service|provides|containers)"
)
KEYWORDS = {"name", "when", "register", "loop_control", "vars", "tags", "changed_when", "failed_when", "until"}
# Ours log no argument; these hand something on within the run, and log nothing.
QUIET = re.compile(
    r"borgstack[.]platform[.]|ansible[.]builtin[.](include|import)_|ansible[.]builtin[.](assert|fail|meta)$"
)


def tasks(items: list[dict], hidden: bool = False) -> t.Iterator[tuple[dict, str, bool]]:
    """Yield each task with its module's name and whether it is hidden."""
    for item in items or []:
        here = item.get("no_log", hidden)
        if "block" in item:
            for part in ("block", "rescue", "always"):
                yield from tasks(item.get(part, []), here)
        else:
            yield item, next(key for key in item if "." in key and key not in KEYWORDS), here


ALL = [
    pytest.param(task, module, hidden, id=f"{path.parents[1].name}-{task['name']}")
    for path in FILES
    for task, module, hidden in tasks(yaml.safe_load(path.read_text(encoding="utf-8")))
    if not QUIET.match(module)
]


@pytest.mark.parametrize(("task", "module", "hidden"), ALL)
def test_what_may_hold_a_secret_is_hidden(task, module, hidden):
    given = str([task[module], task.get("loop"), task.get("vars")])
    assert hidden is True or not SECRETS.search(HARMLESS.sub("", given)), given
