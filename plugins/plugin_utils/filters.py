# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What all of this collection's filters have in common."""

from __future__ import annotations

import functools
import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError

Filters = dict[str, t.Callable[..., t.Any]]


def explained(filters: Filters) -> Filters:
    """Return filters, by name, whose failures Ansible shows in the words of this collection's failures."""
    return {name: _explained(function) for name, function in filters.items()}


def _explained(function: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
    @functools.wraps(function)
    def wrapped(*arguments, **keywords):
        try:
            return function(*arguments, **keywords)
        except PlatformError as error:
            raise AnsibleFilterError(error.message) from None

    return wrapped


def settled(value: t.Any) -> t.Any:
    """Return a value of which nothing is a template any more.

    What a filter is given is rendered when it is looked at, each time anew: of what is looked at more than once, every
    secret would be read from its file again.
    """
    if isinstance(value, dict):
        return {key: settled(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [settled(item) for item in value]
    return value
