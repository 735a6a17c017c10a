# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""An instance that runs on one host of the system, and what other hosts need of it: pure functions.

Elsewhere such an instance is what somebody else's server is, but for what is made in it: that is its own host's
business, which hears from all other hosts what they need.
"""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.items import nearest
from ansible_collections.borgstack.platform.plugins.plugin_utils import external
from ansible_collections.borgstack.platform.plugins.plugin_utils.published import inside
from ansible_collections.borgstack.platform.plugins.plugin_utils.refusal import wrong_instance

Declarations = dict[str, dict[str, t.Any]]


def checked_host(name: str, given: t.Any, here: str, hosts: t.Sequence[str]) -> str:
    """Return the host that an instance runs on.

    Args:
        name: of the instance.
        given: what it says; nothing where it runs on every host that has it in its inventory.
        here: the host that asks.
        hosts: those of the system.

    Raises:
        PlatformError: the system has no such host.
    """
    if given is None:
        return here
    if given not in hosts:
        what = f"it runs on {given}, and the group platform has no such host{nearest(str(given), hosts)}"
        raise wrong_instance(name, what, f"one of {', '.join(hosts)}")
    return given


def address_of(host: str, given: t.Any) -> str:
    """Return the address that other hosts reach a host at.

    Raises:
        PlatformError: it is no address of IPv4. By IPv6 the proxy of Docker would come in a client's place, and nobody
            could tell whether that is a program of the host itself, which need not encrypt.
    """
    try:
        return str(ipaddress.IPv4Address(str(given)))
    except ValueError:
        what = f"{given!r} is no address of IPv4 at which the other hosts could reach it"
        remedy = "set platform_host_address among the host's variables"
        raise PlatformError(CONFIGURATION, what, remedy, where=host) from None


def elsewhere(
    host: str, address: str, provides: dict[str, t.Any], published: list[dict[str, t.Any]], authority: str
) -> external.External:
    """Return an instance of another host, as somebody else's server; nothing where no other host reaches it.

    Args:
        host: where it runs.
        address: of that host.
        provides: what it provides: its `kind`, `container` and `port`.
        published: what it publishes there.
        authority: the certificate of the authority that its own one is of.
    """
    ports = [
        item["port"]
        for item in published
        if item["container"] == provides["container"]
        and inside(item) == int(provides["port"])
        and address in item.get("bind", [])
    ]
    if provides["kind"] not in external.KINDS or not ports:
        return {}
    place = {"host": address, "port": ports[0], "password": "", "elsewhere": host}
    return {**place, "ca": authority, "tls": external.VERIFY}


def needs_of_peers(here: str, peers: dict[str, Declarations]) -> dict[str, Declarations]:
    """Return what other hosts need of this one, by host, as declarations that have nothing else.

    Args:
        here: this host.
        peers: the declarations of the other hosts, by host.
    """
    found: dict[str, Declarations] = {}
    for peer, declarations in peers.items():
        ours = [name for name, one in declarations.items() if one.get("provides", {}).get("elsewhere") == here]
        for service, declaration in declarations.items():
            needs = [need for need in declaration.get("needs", []) if need["instance"] in ours]
            if needs:
                own = {"service": declaration["service"], "tier": "integration", "needs": needs}
                found.setdefault(peer, {})[service] = own
    return found


def hosts_that_need(name: str, needed: dict[str, Declarations]) -> list[str]:
    """Return the hosts that need an instance.

    Args:
        name: of the instance.
        needed: as `needs_of_peers` returned it.
    """
    return [
        host
        for host, declarations in needed.items()
        if any(need["instance"] == name for one in declarations.values() for need in one["needs"])
    ]


def with_peers(declarations: Declarations, needed: dict[str, Declarations]) -> Declarations:
    """Return the declarations of this host with what others need of it, by names that say where they are.

    A service that runs on several hosts needs the same of all of them: once is enough.

    Args:
        declarations: those of this host, by instance name.
        needed: as `needs_of_peers` returned it.
    """
    known = [need for declaration in declarations.values() for need in declaration.get("needs", [])]
    merged = dict(declarations)
    for host, services in needed.items():
        for service, declaration in services.items():
            needs = [need for need in declaration["needs"] if need not in known]
            known += needs
            if needs:
                merged[f"{service}@{host}"] = {**declaration, "needs": needs}
    return merged


def refuse_unreached(name: str, host: str, there: external.External, peers: dict[str, Declarations]) -> None:
    """Raise unless an instance that is needed here is reached on its host.

    Args:
        name: of the instance.
        host: where it runs.
        there: as `elsewhere` returned it.
        peers: the declarations of the other hosts, by host, of those that were asked.

    Raises:
        PlatformError: its host does not have it, or it is not reached there.
    """
    runs = f"it is needed here and runs on {host}"
    if not there:
        kinds = " or ".join(external.KINDS)
        raise wrong_instance(name, f"{runs}, where no other host reaches it", f"it must be {kinds}, and have a port")
    if host in peers and "containers" not in peers[host].get(name, {}):
        remedy = "name it in platform_instances where all hosts see it, such as in group_vars"
        raise wrong_instance(name, f"{runs}, whose inventory does not have it", remedy)
