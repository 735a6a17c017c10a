# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a service declares about itself, and whether a declaration makes sense."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils import checks
from ansible_collections.borgstack.platform.plugins.plugin_utils.development import check_ports
from ansible_collections.borgstack.platform.plugins.plugin_utils.keys import check_keys, wrong
from ansible_collections.borgstack.platform.plugins.plugin_utils.sites import check_site

Declaration = dict[str, t.Any]

TIERS = ("datastore", "application", "integration", "edge")

KEYS = {
    "service": "the role's short name; several declarations share it where a role has several instances",
    "tier": "when it starts: datastore, then application, then edge; an integration has nothing to start",
    "containers": "Compose service definitions by name; secret_environment beside environment, depends_on a list",
    "files": "configuration files: path, content or secret_content; pending: reload if a reload takes them up",
    "configuration": "all that the hook configure puts into the running application; secrets allowed",
    "checks": "HTTP checks from inside; keys as in plugin_utils/checks.py",
    "provides": "the datastore that it is: kind, container and how to log in",
    "needs": "what datastores must provide: kind, instance, and the items of that kind's modules",
    "requires": "further instances without which it makes no sense",
    "sites": "where it is published; keys as in plugin_utils/sites.py",
    "hooks": "the role's further entry points: configure (what an application can only be told while it runs), "
    "judge (refuses what its container would not run with, before any file is touched; in check mode too), "
    "verify (rows of its own for a verification), authority (of the certificates that a proxy makes itself)",
    "credentials": "what an operator logs in with: user, the name of the secret, and the password",
    "cpu_features": "features of the processor that its images cannot run without: one by architecture",
    "backup": "what must be backed up, and how",
    "immutable_secrets": "secrets that must never change once data was written with them: values by name",
}

# What a container's definition may hold: the keys of Compose that make sense here, and those of this collection. Any
# other one is a misspelling, and a misspelt secret_environment would be written where everybody reads it.
CONTAINER_KEYS = (
    "cap_add",
    "cap_drop",
    "command",
    "cpus",
    "depends_on",
    "development_ports",
    "device_cgroup_rules",
    "devices",
    "dns",
    "entrypoint",
    "environment",
    "extra_hosts",
    "group_add",
    "healthcheck",
    "hostname",
    "image",
    "init",
    "labels",
    "logging",
    "mem_limit",
    "mem_reservation",
    "memswap_limit",
    "networks",
    "oom_score_adj",
    "pids_limit",
    "ports",
    "read_only",
    "restart",
    "secret_environment",
    "security_opt",
    "shm_size",
    "stdin_open",
    "stop_grace_period",
    "stop_signal",
    "sysctls",
    "tmpfs",
    "tty",
    "ulimits",
    "user",
    "volumes",
    "working_dir",
)

NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")


def checked(name: str, declaration: Declaration) -> Declaration:
    """Return the declaration if it makes sense.

    Args:
        name: the instance's name, in lower case with dashes: `n8n`, `redis-cache`.
        declaration: what the role declares; keys as in `KEYS`.

    Raises:
        PlatformError: it does not; names the place.
    """
    where = f"declaration of {name}"
    if not NAME.fullmatch(name):
        raise _wrong(where, f"the name {name!r} is not lower case letters, digits and dashes")
    check_keys(declaration, KEYS, where)
    if declaration.get("tier") not in TIERS:
        raise _wrong(where, f"tier is {declaration.get('tier')!r}, not one of {', '.join(TIERS)}")
    for container, definition in declaration.get("containers", {}).items():
        _check_container(f"container {container}", container, definition)
    if ("configuration" in declaration) != ("configure" in declaration.get("hooks", [])):
        raise _wrong(where, "it has a configuration or a hook configure; the one puts the other into effect")
    for check in declaration.get("checks", []):
        check_keys(check, checks.KEYS, f"check of {name}", checks.REQUIRED)
        if ("path" in check) == bool(check.get("sealed")):
            raise wrong(f"check of {name}", "it has neither a path to ask for nor sealed: true, or both")
    for site in declaration.get("sites", []):
        check_host_name(site.get("host", ""), f"site of {name}")
        check_site(site, f"site {site['host']} of {name}")
    return declaration


def contradictions(declarations: dict[str, Declaration]) -> list[str]:
    """Return in words what does not fit together: unmet needs, and names that are taken twice.

    Args:
        declarations: all of them, by instance name.
    """
    return [*_unmet_needs(declarations), *_taken_twice(declarations)]


def _unmet_needs(declarations: dict[str, Declaration]) -> t.Iterator[str]:
    for name, declaration in declarations.items():
        wanted = [(need["instance"], need["kind"]) for need in declaration.get("needs", [])]
        wanted += [(instance, "") for instance in declaration.get("requires", [])]
        for instance, kind in dict.fromkeys(wanted):
            provider = declarations.get(instance)
            if provider is None:
                yield f"{name} needs {instance}, which does not run here"
            elif kind and "provides" in provider and provider["provides"]["kind"] != kind:
                yield f"{name} needs {kind} of {instance}, which provides {provider['provides']['kind']}"


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
        raise _wrong(where, "its name is not lower case letters, digits and dashes")
    check_keys(definition, CONTAINER_KEYS, where)
    if not definition.get("image"):
        raise _wrong(where, "it has no image")
    if "healthcheck" not in definition:
        raise _wrong(where, "it has no health check, so nobody could tell when it is ready")
    if not re.fullmatch(r"[1-9][0-9]*m", str(definition.get("mem_limit"))):
        raise _wrong(where, f"mem_limit is {definition.get('mem_limit')!r}, not megabytes such as 512m")
    check_ports(definition.get("development_ports", []), where)


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


def _wrong(where: str, what: str) -> PlatformError:
    return PlatformError(CONFIGURATION, what, "correct the role's declaration", where=where)
