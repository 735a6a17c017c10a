# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The steps for what hangs on collections: payload indexes and aliases."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.qdrant import compare, names, schema
from ansible_collections.borgstack.platform.plugins.module_utils.qdrant.declaration import Wanted


def indexes(one: Wanted, found: t.Mapping[str, dict]) -> t.Iterator[Step]:
    """Yield the steps for the payload indexes of a collection; undeclared ones are left alone.

    Args:
        one: the declared collection.
        found: its payload indexes by field.
    """
    for field, wanted in one.indexes.items():
        is_now = found.get(field)
        if wanted is not None and is_now is not None and wanted["type"] == is_now["type"]:
            if compare.covers(wanted, is_now, schema.INDEX[wanted["type"]]):
                continue
            # What is not declared stays as it is.
            wanted = {**is_now, **wanted}
        if is_now is not None:
            yield _without_index(one, field, is_now)
        if wanted is not None:
            yield _with_index(one, field, wanted)


def _without_index(one: Wanted, field: str, index: dict) -> Step:
    return Step(
        one.where,
        f"delete payload index {names.shown(field)} ({index['type']}) of {one.where}",
        [("DELETE", ["collections", one.name, "index", field], None)],
        {f"payload index {field}": index},
        {},
    )


def _with_index(one: Wanted, field: str, index: dict) -> Step:
    plain = index["type"] if len(index) == 1 else index
    if index["type"] == "integer" and len(index) > 1:
        # Servers before 1.11 do without neither.
        plain = {"lookup": True, "range": True, **index}
    return Step(
        one.where,
        f"create payload index {names.shown(field)} ({index['type']}) of {one.where}",
        [("PUT", ["collections", one.name, "index"], {"field_name": field, "field_schema": plain})],
        {},
        {f"payload index {field}": index},
    )


def aliases(wanted: list[Wanted], found: dict[str, str], hidden: t.Collection[str] = ()) -> list[Step]:
    """Return the steps for declared aliases, and note in `found` what they leave.

    Args:
        wanted: the declared collections.
        found: the collection of each alias that exists.
        hidden: names that no alias can have yet.
    """
    steps = []
    for one in wanted:
        for alias in one.aliases:
            before = found.get(alias)
            if before == one.name or alias in hidden:
                continue
            steps.append(_alias(one, alias, before))
            found[alias] = one.name
    return steps


def _alias(one: Wanted, alias: str, before: str | None) -> Step:
    create = {"create_alias": {"collection_name": one.name, "alias_name": alias}}
    # Both in one request: there is no moment without the alias.
    actions = [create] if before is None else [{"delete_alias": {"alias_name": alias}}, create]
    words = f"create alias {names.shown(alias)} of {one.where}"
    if before is not None:
        words = f"move alias {names.shown(alias)} from collection {names.shown(before)} to {one.where}"
    return Step(
        f"alias {names.shown(alias)}",
        words,
        [("POST", ["collections", "aliases"], {"actions": actions})],
        {} if before is None else {"collection": before},
        {"collection": one.name},
    )


def undeclared(
    wanted: list[Wanted],
    collections: t.Mapping[str, t.Any],
    found: t.Mapping[str, str],
    replaced: t.Collection[str],
) -> list[str]:
    """Return in words what exists and is not declared.

    Args:
        wanted: the declared collections.
        collections: all collections of the server by name.
        found: the collection of each alias that exists.
        replaced: the names of the collections that are made anew; what is in them is not left.
    """
    declared = {one.name: one for one in wanted}
    kept = [one for one in wanted if one.present and collections.get(one.name) and one.name not in replaced]
    left = [f"collection {names.shown(name)}" for name in collections if name not in declared]
    for one in kept:
        actual = collections[one.name]
        left += [
            f"payload index {names.shown(field)} of {one.where}" for field in actual.indexes if field not in one.indexes
        ]
        for section, kind in (("vectors", "vector"), ("sparse_vectors", "sparse vector")):
            known = one.config.get(section, {})
            left += [
                f"{kind} {names.shown(name)} of {one.where}" if name else f"the {kind} of {one.where}"
                for name in actual.config[section]
                if name not in known
            ]
    named = {alias for one in wanted for alias in one.aliases}
    lost = {one.name for one in wanted if not one.present} | set(replaced)
    left += [
        f"alias {names.shown(alias)} of collection {names.shown(target)}"
        for alias, target in found.items()
        if alias not in named and target not in lost
    ]
    return sorted(left)
