# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a service declares about itself, and whether a declaration makes sense."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.items import refuse_item
from ansible_collections.borgstack.platform.plugins.plugin_utils.canaries import check_canary
from ansible_collections.borgstack.platform.plugins.plugin_utils.development import check_ports
from ansible_collections.borgstack.platform.plugins.plugin_utils.external import unencrypted
from ansible_collections.borgstack.platform.plugins.plugin_utils.needs import check_need
from ansible_collections.borgstack.platform.plugins.plugin_utils.published import check_published, clashes
from ansible_collections.borgstack.platform.plugins.plugin_utils.refusal import wrong
from ansible_collections.borgstack.platform.plugins.plugin_utils.schema import DECLARATION
from ansible_collections.borgstack.platform.plugins.plugin_utils.sites import check_site

Declaration = dict[str, t.Any]

NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")


def checked(name: str, declaration: Declaration) -> Declaration:
    """Return the declaration if it makes sense.

    Args:
        name: the instance's name, in lower case with dashes: `n8n`, `redis-cache`.
        declaration: what the role declares; keys as in `schema.py`.

    Raises:
        PlatformError: it does not; names the place.
    """
    where = f"declaration of {name}"
    if not NAME.fullmatch(name):
        raise wrong(where, f"the name {name!r} is not lower case letters, digits and dashes")
    _check_form(name, declaration)
    for container, definition in declaration.get("containers", {}).items():
        _check_container(f"container {container}", container, definition)
    hooks = declaration.get("hooks", [])
    if ("configuration" in declaration) != ("configure" in hooks):
        raise wrong(where, "it has a configuration or a hook configure; the one puts the other into effect")
    provides = declaration.get("provides")
    if provides and "elsewhere" not in provides and "provision" not in hooks:
        raise wrong(where, "it is a datastore and has no hook provision, so nothing could be made in it")
    if "reload" not in hooks and any(file.get("pending") for file in declaration.get("files", [])):
        raise wrong(where, "a file is to be reloaded and there is no hook reload")
    for file in declaration.get("files", []):
        if ("content" in file) == ("secret_content" in file):
            raise wrong(f"file {file['path']} of {name}", "it has neither content nor secret_content, or both")
    for check in declaration.get("checks", []):
        if ("path" in check) == bool(check.get("sealed")):
            raise wrong(f"check of {name}", "it has neither a path to ask for nor sealed: true, or both")
    for canary in declaration.get("canary", []):
        check_canary(canary, declaration, f"canary of {name}")
    for item in declaration.get("published", []):
        check_published(item, declaration.get("containers", {}), f"published port {item['port']} of {name}")
    for site in declaration.get("sites", []):
        check_host_name(site.get("host", ""), f"site of {name}")
        check_site(site, f"site {site['host']} of {name}")
    return declaration


def _check_form(name: str, declaration: Declaration) -> None:
    """Raise unless all keys are known, none is missing, and each value is of its type."""
    try:
        refuse_item(declaration, DECLARATION, name)
        for need in declaration.get("needs", []):
            check_need(need, f"needs of {name}")
    except PlatformError as error:
        raise wrong(f"declaration of {error.where}", error.what) from None


def contradictions(declarations: dict[str, Declaration]) -> list[str]:
    """Return in words what does not fit together: unmet needs, and names and ports that are taken twice.

    Args:
        declarations: all of them, by instance name.
    """
    return [*_unmet_needs(declarations), *_taken_twice(declarations), *clashes(declarations)]


def _unmet_needs(declarations: dict[str, Declaration]) -> t.Iterator[str]:
    for name, declaration in declarations.items():
        for need in declaration.get("needs", []):
            kind, instance = need["kind"], need["instance"]
            provider = declarations.get(instance)
            if provider is None:
                yield f"{name} needs {instance}, which does not run here"
                continue
            accepted = provider.get("accepts", {})
            offered = [*accepted, *([provider["provides"]["kind"]] if "provides" in provider else [])]
            if kind not in offered:
                yield f"{name} needs {kind} of {instance}, which provides {' and '.join(offered) or 'nothing'}"
            elif accepted.get(kind):
                yield from _complaints(need, f"needs of {name}", accepted)
        yield from unencrypted(name, declaration, declarations)
        for instance in declaration.get("requires", []):
            if instance not in declarations:
                yield f"{name} needs {instance}, which does not run here"


def _complaints(need: dict, where: str, accepted: dict[str, dict]) -> t.Iterator[str]:
    try:
        check_need(need, where, accepted)
    except PlatformError as error:
        yield f"{error.where}: {error.what}"


def _taken_twice(declarations: dict[str, Declaration]) -> t.Iterator[str]:
    taken: dict[str, list[str]] = {}
    for name, declaration in declarations.items():
        hosts = [f"the host name {site['host'].lower()}" for site in declaration.get("sites", [])]
        containers = [f"the container {container}" for container in declaration.get("containers", {})]
        for what in hosts + containers:
            taken.setdefault(what, []).append(name)
    for what, names in taken.items():
        if len(names) > 1:
            yield f"{' and '.join(names)} both claim {what}"


def _check_container(where: str, name: str, definition: dict) -> None:
    if not NAME.fullmatch(name):
        raise wrong(where, "its name is not lower case letters, digits and dashes")
    if not definition["image"]:
        raise wrong(where, "it has no image")
    if not re.fullmatch(r"[1-9][0-9]*m", str(definition["mem_limit"])):
        raise wrong(where, f"mem_limit is {definition['mem_limit']!r}, not megabytes such as 512m")
    check_ports(definition.get("development_ports", []), where)
    _check_data_format(definition.get("data_format"), where)


def _check_data_format(pattern: str | None, where: str) -> None:
    try:
        groups = re.compile(pattern).groups if pattern is not None else 1
    except re.error as error:
        raise wrong(where, f"data_format is no regular expression: {error}") from None
    if groups != 1:
        raise wrong(where, f"data_format is {pattern!r}, and has to have one group")


def check_host_name(host: str, where: str) -> None:
    """Raise unless `host` is a host name that a certificate can be issued for.

    Raises:
        PlatformError: it is not; says why.
    """
    labels = host.split(".")
    wrong = [label for label in labels if not LABEL.fullmatch(label)]
    if wrong or len(labels) < 2 or len(host) > 253:
        reason = (
            f"the part {wrong[0]!r} is not allowed" if wrong else "it needs at least two parts, such as n8n.example.com"
        )
        raise PlatformError(
            CONFIGURATION,
            f"{host!r} is not a host name: {reason}",
            "correct platform_domain or the service's host name in the inventory",
            where=where,
        )
