# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The steps from the collections that exist to those that are declared."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    DATA,
    PREREQUISITE,
    PlatformError,
)
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step
from ansible_collections.borgstack.platform.plugins.module_utils.qdrant import compare, contents, names
from ansible_collections.borgstack.platform.plugins.module_utils.qdrant.declaration import UNNAMED, Wanted
from ansible_collections.borgstack.platform.plugins.module_utils.qdrant.inspect import (
    Actual,
    Collection,
    needs_cluster,
)

ADDS_VECTORS_SINCE = (1, 18)


def plan(wanted: list[Wanted], actual: Actual) -> list[Step]:
    """Return the steps from what is to what is declared; an undeclared property is left as it is.

    First what loses nothing, then the aliases, then what deletes: so an alias never points at nothing for longer than a
    collection needs to be made anew.

    Args:
        wanted: the declared collections.
        actual: what the server is like.

    Raises:
        PlatformError: something that the server would refuse, or that cannot be changed in place.
    """
    _refuse(wanted, actual)
    replaced = anew(wanted, actual)
    steps = [
        step
        for one in wanted
        if one.present and one.name not in replaced
        for step in _present(one, actual.collections.get(one.name), actual)
    ]
    aliases = dict(actual.aliases)
    gone = {one.name for one in wanted if not one.present and one.name in actual.collections}
    settled = [one for one in wanted if one.name not in replaced]
    steps += contents.aliases(settled, aliases, hidden=gone)
    for one in wanted:
        found = actual.collections.get(one.name)
        if one.name in gone or one.name in replaced:
            lost = sorted(alias for alias, target in aliases.items() if target == one.name)
            steps.append(_deletion(one, found, lost))
            aliases = {alias: target for alias, target in aliases.items() if target != one.name}
        if one.name in replaced:
            steps += _creation(one)
    return steps + list(contents.aliases(wanted, aliases))


def anew(wanted: list[Wanted], actual: Actual) -> set[str]:
    """Return the names of the collections that are deleted and made anew."""
    return {one.name for one in wanted if one.recreate and _obstacles(one, actual)}


def _changes(one: Wanted, found: Collection, actual: Actual) -> tuple[list, list]:
    """Return the differences that can be made good in place, and those that cannot."""
    differences = compare.differences(one.config, found.config)
    # The server adds a vector to others with names only.
    adds = (actual.version or ADDS_VECTORS_SINCE) >= ADDS_VECTORS_SINCE and UNNAMED not in found.config["vectors"]
    possible = [
        change
        for change in differences
        if change.is_changeable or (change.is_missing_vector and change.path[1] and adds)
    ]
    return possible, [change for change in differences if change not in possible]


def _obstacles(one: Wanted, actual: Actual) -> list:
    found = actual.collections.get(one.name)
    return _changes(one, found, actual)[1] if one.present and found is not None else []


def _refuse(wanted: list[Wanted], actual: Actual) -> None:
    gone = {one.name for one in wanted if not one.present}
    for one in wanted:
        _refuse_name(one.where, one.name, one.present and one.name not in actual.collections)
        if one.present and one.name not in actual.collections and one.name in actual.aliases:
            raise PlatformError(
                CONFIGURATION,
                f"the name is an alias of collection {names.shown(actual.aliases[one.name])}",
                "choose another, or delete the alias",
                where=one.where,
            )
        for alias in one.aliases:
            where = f"alias {names.shown(alias)}"
            _refuse_name(where, alias, alias not in actual.aliases)
            if alias in actual.collections and alias not in gone:
                raise PlatformError(
                    CONFIGURATION, "a collection of that name exists", "choose another, or delete it", where=where
                )
        if actual.clustered is False and needs_cluster(one):
            raise PlatformError(
                PREREQUISITE,
                "it is to be replicated, and the server runs alone",
                "start the server in cluster mode (cluster.enabled), or declare factors of 1",
                where=one.where,
            )
        for name in _new_vectors(one, actual):
            _refuse_name(f"vector {names.shown(name)} of {one.where}", name, True, names.VECTOR_BYTES)
    _refuse_obstacles(wanted, actual)


def _new_vectors(one: Wanted, actual: Actual) -> t.Iterator[str]:
    found = actual.collections.get(one.name)
    for section in ("vectors", "sparse_vectors"):
        known = found.config[section] if found else {}
        yield from (name for name in one.config.get(section, {}) if name not in known and name != UNNAMED)


def _refuse_name(where: str, name: str, is_new: bool, most: int = names.COLLECTION_BYTES) -> None:
    # What exists has a name that an earlier server allowed.
    flaw = names.flaw(name, most) if is_new else ""
    if flaw:
        raise PlatformError(CONFIGURATION, flaw, "choose another", where=where)


def _refuse_obstacles(wanted: list[Wanted], actual: Actual) -> None:
    refused: dict[str, str] = {}
    for one in wanted:
        obstacles = _obstacles(one, actual)
        if not obstacles:
            continue
        found = actual.collections[one.name]
        if one.recreate:
            # Nobody knows what to make it of.
            unknown = [key for key in ("vectors", "sparse_vectors") if found.config[key] and key not in one.config]
            if unknown:
                raise PlatformError(
                    CONFIGURATION,
                    f"it cannot be made anew: its {' and '.join(unknown)} are not declared",
                    "declare them",
                    where=one.where,
                )
            continue
        others = _changes(one, found, actual)[0]
        also = f" (what else differs can be: {_listed(others)})" if others else ""
        refused[one.where] = f"{_listed(obstacles)}{also}"
    if refused:
        raise PlatformError(
            DATA,
            "what differs cannot be changed in place: "
            + "; ".join(f"{where}: {differs}" for where, differs in refused.items()),
            "correct the declaration; or set recreate to delete the collection with all its points and make it anew",
            where=", ".join(refused),
        )


def _listed(changes: list) -> str:
    return ", ".join(change.difference for change in changes)


def _present(one: Wanted, found: Collection | None, actual: Actual) -> t.Iterator[Step]:
    if found is None:
        yield from _creation(one)
        return
    config = found.config
    for change in _changes(one, found, actual)[0]:
        if change.is_missing_vector:
            yield _addition(one, *change.path, change.after)
            config = {
                **config,
                change.path[0]: {**config[change.path[0]], change.path[1]: _added(*change.path, change.after)},
            }
    changes = compare.differences(one.config, config)
    if changes:
        yield Step(
            one.where,
            f"change {one.where}: {', '.join(change.change for change in changes)}",
            [("PATCH", ["collections", one.name], compare.as_update(changes))],
            {change.key: change.before for change in changes},
            {change.key: change.after for change in changes},
        )
    yield from contents.indexes(one, found.indexes)


def _added(section: str, _name: str, vector: dict) -> dict:
    # Only what makes the space of a vector can be said where it is added; the rest follows as a change.
    if section == "vectors":
        return {key: vector[key] for key in ("size", "distance", "datatype", "multivector_config") if key in vector}
    datatype = vector.get("index", {}).get("datatype")
    return {
        **({"modifier": vector["modifier"]} if "modifier" in vector else {}),
        **({"index": {"datatype": datatype}} if datatype else {}),
    }


def _addition(one: Wanted, section: str, name: str, vector: dict) -> Step:
    added = _added(section, name, vector)
    kind = "dense" if section == "vectors" else "sparse"
    body = {**{key: value for key, value in added.items() if key != "index"}, **added.get("index", {})}
    return Step(
        one.where,
        f"add {'' if kind == 'dense' else 'sparse '}vector {names.shown(name)} to {one.where}",
        [("PUT", ["collections", one.name, "vectors", name], {kind: body})],
        {},
        {names.key_of((section, name)): added},
    )


def _creation(one: Wanted) -> t.Iterator[Step]:
    body = compare.as_creation(one.config)
    yield Step(
        one.where,
        f"create {one.where}",
        [("PUT", ["collections", one.name], body)],
        {},
        {"exists": True, **body},
    )
    yield from contents.indexes(one, {})


def _deletion(one: Wanted, found: Collection | None, aliases: list[str]) -> Step:
    config = compare.as_creation(found.config) if found else {}
    points = found.points if found else 0
    lost = [f"{points} point{'' if points == 1 else 's'}"]
    kept = set(one.indexes) if one.present else set()
    # Those that are declared come again.
    fields = sorted(set(found.indexes) - kept) if found and one.present else []
    lost += [f"payload index {names.shown(field)}" for field in fields]
    lost += [f"alias {names.shown(alias)}" for alias in aliases if alias not in one.aliases]
    return Step(
        one.where,
        f"delete {one.where}, losing {', '.join(lost)}",
        [("DELETE", ["collections", one.name], None)],
        {
            "exists": True,
            **{key: value for key, value in config.items() if value != {}},
            "points": points,
            "aliases": aliases,
            **{f"payload index {field}": index for field, index in (found.indexes if found else {}).items()},
        },
        {},
    )
