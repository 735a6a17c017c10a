# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Values as servers and applications spell them."""

from __future__ import annotations

import typing as t


def text_of(value: t.Any) -> str:
    """Return a value as a text; YAML's true is the text true."""
    return str(value).lower() if isinstance(value, bool) else str(value)
