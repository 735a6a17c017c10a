# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""From what is declared and what is there to the steps between them."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.n8n import definition
from ansible_collections.borgstack.platform.plugins.module_utils.n8n.inspect import Actual, Workflow
from ansible_collections.borgstack.platform.plugins.module_utils.plan import Step


class Wanted(t.NamedTuple):
    """A declared workflow."""

    name: str
    active: bool
    definition: definition.Definition


def wanted(workflows: list[dict]) -> list[Wanted]:
    """Return the declared workflows, those that others call before their callers.

    Raises:
        PlatformError: a name is declared twice, or workflows call each other in a circle.
    """
    names = [item["name"] for item in workflows]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise PlatformError(CONFIGURATION, "it is declared twice", "remove one", where=f"workflow {repeated[0]}")
    waiting = {
        item["name"]: Wanted(item["name"], item["active"], definition.declared(item["name"], item["definition"]))
        for item in workflows
    }
    ordered: list[Wanted] = []
    while waiting:
        ready = [one for one in waiting.values() if not definition.workflows_of(one.definition) & set(waiting)]
        if not ready:
            circle = ", ".join(sorted(waiting))
            raise PlatformError(CONFIGURATION, f"the workflows {circle} call each other", "call in one direction only")
        ordered += ready
        for one in ready:
            del waiting[one.name]
    return ordered


def plan(credentials: list[dict], workflows: list[Wanted], actual: Actual, tag: str, rewrite: bool) -> list[Step]:
    """Return the steps; pure.

    Args:
        credentials: the declared credentials.
        workflows: the declared workflows, in the order of `wanted`.
        actual: what the server is like.
        tag: the name of the tag that ours carry.
        rewrite: whether credentials that exist are written again; n8n does not tell what is in them.

    Raises:
        PlatformError: a workflow uses what is neither declared nor there.
    """
    check(credentials, workflows)
    _refuse_unknown(credentials, workflows, actual)
    steps = []
    if actual.has_previous_password:
        steps.append(Step("the owner", "change the owner's password", ("password",)))
    steps += _credentials(credentials, actual, rewrite)
    # First, so that what takes an old one's place finds its address free.
    steps += _retired({one.name for one in workflows}, actual, tag)
    if workflows and actual.tag is None:
        steps.append(Step(f"tag {tag}", f"create tag {tag}", ("tag", tag), {}, {"name": tag}))
    missing = [one for one in workflows if one.name not in actual.workflows]
    steps += [_created(one, tag) for one in missing]
    for one in workflows:
        found = actual.workflows.get(one.name)
        steps += _changed(one, found, tag) if found else []
    steps += [_switched(one.name, True) for one in missing if one.active]
    return steps


def undeclared(workflows: list[Wanted], actual: Actual) -> list[str]:
    """Return in words which workflows carry the tag without being declared."""
    names = {one.name for one in workflows}
    return [f"workflow {name}" for name, one in sorted(actual.workflows.items()) if name not in names] + [
        f"workflow {name} (id {id}), another of that name" for id, (name, _active) in sorted(actual.others.items())
    ]


def check(credentials: list[dict], workflows: list[Wanted]) -> None:
    """Refuse what contradicts itself.

    Raises:
        PlatformError: a credential is declared twice, or two workflows answer at one address.
    """
    pairs = [(item["type"], item["name"]) for item in credentials]
    for kind, name in pairs:
        if pairs.count((kind, name)) > 1:
            raise PlatformError(CONFIGURATION, "it is declared twice", "remove one", where=f"credential {name}")
    addresses: dict[tuple, str] = {}
    for one in workflows:
        for method, path in definition.webhooks_of(one.definition) if one.active else ():
            # n8n itself would let the last one have it, silently.
            first = addresses.setdefault((method, path), one.name)
            if first != one.name:
                what = f"{first} and {one.name} both answer {method} {path}"
                raise PlatformError(CONFIGURATION, what, "give one another path", where=f"workflow {one.name}")


def _refuse_unknown(credentials: list[dict], workflows: list[Wanted], actual: Actual) -> None:
    pairs = [(item["type"], item["name"]) for item in credentials]
    names = {one.name for one in workflows} | set(actual.workflows)
    for one in workflows:
        for kind, name in sorted(definition.credentials_of(one.definition) - set(pairs) - set(actual.credentials)):
            raise _lacking(one, f"the credential {name} of type {kind}")
        for name in sorted(definition.workflows_of(one.definition) - names):
            raise _lacking(one, f"the workflow {name}")


def _lacking(one: Wanted, what: str) -> PlatformError:
    return PlatformError(
        CONFIGURATION, f"it uses {what}, which does not exist", "declare it too", where=f"workflow {one.name}"
    )


def _credentials(credentials: list[dict], actual: Actual, rewrite: bool) -> t.Iterator[Step]:
    for item in credentials:
        name, kind = item["name"], item["type"]
        shown = {"type": kind, "data": "********"}
        if (kind, name) not in actual.credentials:
            yield Step(f"credential {name}", f"create credential {name}", ("credential", None, item), {}, shown)
        elif rewrite:
            operation = ("credential", actual.credentials[kind, name], item)
            after = {**shown, "data": "******** (written again)"}
            yield Step(f"credential {name}", f"write credential {name} again", operation, shown, after)


def _retired(names: set, actual: Actual, tag: str) -> t.Iterator[Step]:
    for name, one in sorted(actual.workflows.items()):
        if name not in names and one.active:
            yield _switched(name, False, "which is not declared any more")
    for id, (name, active) in sorted(actual.others.items()):
        if active:
            words = f"deactivate another workflow {name} (id {id}) that carries the tag {tag}"
            yield Step(f"workflow {name} (id {id})", words, ("switch", id, False), {"active": True}, {"active": False})


def _switched(name: str, active: bool, why: str = "") -> Step:
    words = f"{'activate' if active else 'deactivate'} workflow {name}{', ' + why if why else ''}"
    return Step(f"workflow {name}", words, ("switch", name, active), {"active": not active}, {"active": active})


def _created(one: Wanted, tag: str) -> Step:
    after = {"active": False, "tags": [tag], **one.definition._asdict()}
    return Step(f"workflow {one.name}", f"create workflow {one.name}", ("workflow", None, one), {}, after)


def _changed(one: Wanted, found: Workflow, tag: str) -> t.Iterator[Step]:
    before, after, words = _differences(one, found, tag)
    if words:
        operation = ("workflow", found, one)
        yield Step(f"workflow {one.name}", f"update workflow {one.name}: {', '.join(words)}", operation, before, after)
    elif found.active != one.active:
        yield _switched(one.name, one.active)


def _differences(one: Wanted, found: Workflow, tag: str) -> tuple[dict, dict, list[str]]:
    before: dict = {}
    after: dict = {}
    words = []
    old, new = found.definition, one.definition
    nodes = [name for name in {**old.nodes, **new.nodes} if old.nodes.get(name) != new.nodes.get(name)]
    if nodes:
        before["nodes"] = {name: old.nodes[name] for name in nodes if name in old.nodes}
        after["nodes"] = {name: new.nodes[name] for name in nodes if name in new.nodes}
        words.append(f"nodes {', '.join(sorted(nodes))}")
    for key in ("connections", "settings"):
        if getattr(old, key) != getattr(new, key):
            before[key], after[key] = getattr(old, key), getattr(new, key)
            words.append(key)
    if tag not in found.tags:
        before["tags"], after["tags"] = sorted(found.tags), sorted([*found.tags, tag])
        words.append("tag")
    if found.archived:
        before["archived"], after["archived"] = True, False
        words.append("take it out of the archive")
    if words and found.active != one.active:
        before["active"], after["active"] = found.active, one.active
        words.append("activate" if one.active else "deactivate")
    return before, after, words
