# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A template that knows what it is given, and nothing else."""

from __future__ import annotations

import typing as t

import jinja2

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError

# As Ansible sets them for the templates of its own action.
ENVIRONMENT = jinja2.Environment(trim_blocks=True, keep_trailing_newline=True, undefined=jinja2.StrictUndefined)


def rendered(template: str, variables: dict[str, t.Any]) -> str:
    """Return the text that a Jinja template makes of these variables, with Jinja's own filters only.

    Raises:
        PlatformError: the template asks for something that it was not given, or cannot be understood.
    """
    try:
        return ENVIRONMENT.from_string(template).render(variables)
    except jinja2.TemplateError as error:
        raise PlatformError(CONFIGURATION, f"a template fails: {error}", "correct the role's template") from None
