"""The ways in which a text may be spelled where it must not stand at all."""

from __future__ import annotations

import base64
import html
import json
import shlex
import urllib.parse


def spellings(text: str) -> set[str]:
    """Return a text as it is written by Python, JSON, shells, URLs, HTML and in base64, within another text too."""
    quoted = {text, *_escaped(text), text.replace("'", "''")}
    # A text within a text: what was written as JSON, logged by Python, and the other way round.
    quoted |= {again for once in list(quoted) for again in _escaped(once)}
    quoted |= {shlex.quote(text), html.escape(text), urllib.parse.quote(text), urllib.parse.quote(text, safe="")}
    quoted |= {urllib.parse.quote_plus(text), text.replace("$", "\\$"), text.replace("$", "$$")}
    return quoted | _in_base64(text.encode())


def _escaped(text: str) -> set[str]:
    ways = {repr(text)[1:-1], json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    # As Python spells it where both kinds of quotes stand in the text that it is a part of.
    return ways | {repr(f"'\"{text}")[4:-1], text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")}


def _in_base64(content: bytes) -> set[str]:
    """Return the characters that depend on nothing but the content, at each of three places within what is encoded."""
    found = set()
    for before in range(3):
        first = -(-8 * before // 6)
        last = 8 * (before + len(content)) // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            found.add(encode(b"\0" * before + content).decode()[first:last])
    return found
