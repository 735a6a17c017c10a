# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which secrets are asked for while declarations are rendered, as what, and by whom."""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.borgstack.platform.plugins.plugin_utils.declaration import Declaration
from ansible_collections.borgstack.platform.plugins.plugin_utils.external import is_external

# Of this process: a task runs in one, and what its options ask for is asked there as well.
_asked: dict[str, Asked] = {}
_listening: list[set[str]] = []


class Asked(t.NamedTuple):
    """What was asked for by one name.

    Attributes:
        value: the secret.
        kinds: as what.
        supplied: whether the operator keeps it elsewhere than in the file.
    """

    value: str
    kinds: frozenset[str]
    supplied: bool


def hear(name: str, value: str, kind: str, supplied: bool) -> None:
    """Take notice that a secret is asked for."""
    kinds = _asked[name].kinds if name in _asked else frozenset()
    _asked[name] = Asked(value, kinds | {kind}, supplied)
    for names in _listening:
        names.add(name)


@contextlib.contextmanager
def listening() -> t.Iterator[set[str]]:
    """Give a set that gets the names of all secrets that are asked for meanwhile."""
    names: set[str] = set()
    _listening.append(names)
    try:
        yield names
    finally:
        _listening.remove(names)


def uses(declarations: t.Mapping[str, Declaration], heard: t.Mapping[str, t.Collection[str]]) -> dict[str, dict]:
    """Return of each secret, by its name and without its value, what declarations say of it.

    Args:
        declarations: by instance name.
        heard: what each instance asked for; what it was given with its settings is found by its value.

    Returns:
        `kinds`, `supplied`, `used_by` (instances), `written_by` (those whose data is written with it), `outside`
        (somebody else's servers whose administrator has it), and `elsewhere` (those that use it and whose program the
        platform does not run).
    """
    texts = {name: set(_texts(item)) for name, item in declarations.items()}
    found = {}
    for secret, (value, kinds, supplied) in sorted(_asked.items()):
        users = [name for name in declarations if secret in heard.get(name, ()) or value in texts[name]]
        written = [name for name in users if _is_immutable(declarations[name], secret, value)]
        outside = [name for name in users if _is_administrators(declarations[name], value)]
        elsewhere = [name for name in users if _runs_elsewhere(declarations[name], declarations)]
        found[secret] = {
            "kinds": sorted(kinds),
            "supplied": supplied,
            "used_by": users,
            "written_by": written,
            "outside": outside,
            "elsewhere": elsewhere,
        }
    return found


def merged(known: t.Iterable[t.Mapping[str, dict]]) -> dict[str, dict]:
    """Return what the declarations of several hosts, which share a file, say of each secret."""
    together: dict[str, dict] = {}
    for uses_of_host in known:
        for secret, use in uses_of_host.items():
            together[secret] = _both(together[secret], use) if secret in together else use
    return together


def _both(one: dict, other: dict) -> dict:
    return {
        key: sorted({*one[key], *value}) if isinstance(value, list) else one[key] or value
        for key, value in other.items()
    }


def _texts(value: t.Any) -> t.Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield str(value)


def _is_immutable(declaration: Declaration, secret: str, value: str) -> bool:
    kept = declaration.get("immutable_secrets", {})
    return secret in kept or value in kept.values()


def _is_administrators(declaration: Declaration, value: str) -> bool:
    return is_external(declaration) and declaration["provides"]["password"] == value


def _runs_elsewhere(declaration: Declaration, declarations: t.Mapping[str, Declaration]) -> bool:
    """Say whether it runs nothing, and no application here works for it, as for an integration."""
    if declaration.get("containers") or is_external(declaration):
        return False
    needed = [declarations.get(need["instance"], {}) for need in declaration.get("needs", [])]
    return all("provides" in item for item in needed)
