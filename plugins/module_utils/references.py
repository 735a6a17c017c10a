# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a declared object needs and another task may make: refused in a run, foreseen in check mode.

An engine's `references` names what its declarations need. In a run, what does not exist is refused. In check mode an
earlier task of the same play may be about to make it: it counts as there, and is named in a warning; whoever wants to
be strict names all that counts with `assume_…`, and then everything else is refused there, too.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.borgstack.platform.plugins.module_utils.errors import INTEGRATION, PlatformError


@dataclass(frozen=True)
class Reference:
    """One object that another one needs.

    Attributes:
        kind: what it is, such as `role`; the option for strictness is called after it, `assume_roles`.
        name: its name.
        use: what it is there for, such as `its owner`.
        where: what needs it, such as `database shop`.
        hint: what else is known, for who has to find out why it is not there.
    """

    kind: str
    name: str
    use: str
    where: str
    hint: str = ""


def missing(references: t.Iterable[Reference], known: dict[str, t.Collection[str] | None]) -> list[Reference]:
    """Return the references to what does not exist.

    Args:
        references: all of them.
        known: the names that exist by kind; none, or no entry, for a kind that is not known.
    """
    found = []
    for reference in references:
        names = known.get(reference.kind)
        if names is not None and reference.name not in names:
            found.append(reference)
    return found


def refuse_missing(references: t.Iterable[Reference], known: dict[str, t.Collection[str] | None]) -> None:
    """Refuse the first reference to what does not exist.

    Args:
        references: as for `missing`.
        known: as there.

    Raises:
        PlatformError: there is one.
    """
    for one in missing(references, known):
        raise PlatformError(
            INTEGRATION,
            f"{one.use}, {one.kind} {one.name}, does not exist{one.hint}",
            f"declare the {one.kind} first; in check mode, name it in assume_{one.kind}s where the same play would "
            "make it",
            where=one.where,
        )


def foresee(module, references: t.Iterable[Reference], known: dict[str, set | None]) -> None:
    """Add to what is known what an earlier task would have made, with a warning where that is only a guess.

    Args:
        module: the `AnsibleModule`, in check mode.
        references: as for `missing`.
        known: as there; its sets are added to.
    """
    guessed: dict[tuple[str, str], str] = {}
    for kind, names in known.items():
        if names is not None:
            names.update(module.params.get(f"assume_{kind}s") or ())
    for one in missing(references, known):
        if module.params.get(f"assume_{one.kind}s") is None:
            guessed.setdefault((one.kind, one.name), f"{one.use} of {one.where}" if one.use else one.where)
    for (kind, name), use in guessed.items():
        known[kind].add(name)
        module.warn(
            f"{kind} {name} does not exist, and is to be {use}: taken for made by an earlier task of this play, "
            f"which a run will refuse if that is not so (assume_{kind}s names what may be taken so)"
        )
