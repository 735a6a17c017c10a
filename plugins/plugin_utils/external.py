# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""An instance that is somebody else's server, such as a managed one: no container is made of it. Pure functions."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.items import refuse_item
from ansible_collections.borgstack.platform.plugins.plugin_utils.refusal import wrong_instance

External = dict[str, t.Any]

# Of which kinds a server can be: their modules reach it over TLS, as its clients are told to.
KINDS = ("postgresql",)
DISABLE, VERIFY = "disable", "verify-full"
OPTIONS: dict[str, dict[str, t.Any]] = {
    "host": {"type": "str", "required": True},
    "port": {"type": "int"},
    "user": {"type": "str"},
    "password": {"type": "str", "required": True, "no_log": True},
    "ca": {"type": "str"},
    "tls": {"type": "str", "choices": [DISABLE, "require", VERIFY]},
}
HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
HIGHEST_PORT = 65535
CERTIFICATE, PRIVATE = "-----BEGIN CERTIFICATE-----", "PRIVATE KEY-----"

# What of a role's declaration, and of what it provides, says something of a server that is not ours too.
KEPT = ("service", "tier", "accepts", "hooks")
PROVIDED = ("kind", "port", "user", "settings")
# Its files, its own configuration and its container's inside are its owner's business.
HOOKS = ("provision", "deprovision")

# Where a server's authority lies for containers; for the host, below the platform's directory.
MOUNTED = "/authorities"


def checked(name: str, given: t.Any, kind: str) -> External:
    """Return what an instance says of the server that it is, if that can be meant.

    Args:
        name: of the instance.
        given: keys as in `OPTIONS`; nothing where a container is made of it.
        kind: what its role provides; nothing where that is no datastore.

    Raises:
        PlatformError: it cannot; names the place.
    """
    if given is None:
        return {}
    place = f"{name}.external"
    if kind not in KINDS:
        what = f"its role provides {kind or 'nothing'}; a server that is not of the platform is {' or '.join(KINDS)}"
        raise wrong_instance(place, what, "take external out")
    refuse_item(given, OPTIONS, f"instance {place}")
    ca = given.get("ca") or ""
    if not HOST.fullmatch(given["host"]):
        what = f"{given['host']!r} is neither a host name nor an address"
        raise wrong_instance(place, what, "name it without port or scheme")
    if not 0 < int(given.get("port") or 1) <= HIGHEST_PORT:
        raise wrong_instance(place, f"{given['port']} is no port", "such as port: 5432")
    if PRIVATE in ca:
        raise wrong_instance(
            place, "its ca, which everybody on the host may read, holds a private key", "take that out"
        )
    if ca and CERTIFICATE not in ca:
        raise wrong_instance(place, "its ca is no certificate", f"give its text, which begins with {CERTIFICATE}")
    mode = given.get("tls") or (VERIFY if ca else "")
    if not mode or bool(ca) != (mode == VERIFY):
        what = "its ca would not be looked at" if ca else "nothing says how it is known to be the right server"
        remedy = "give the certificate of its authority as ca, or tls: require (whoever answers), or tls: disable"
        raise wrong_instance(place, what, remedy)
    return {**given, "ca": ca, "tls": mode}


def provided(name: str, own: dict[str, t.Any], external: External, directory: str) -> dict[str, t.Any]:
    """Return what the instance provides: that of its role, at the server's place.

    Args:
        name: of the instance.
        own: what its role provides, `PROVIDED` of it.
        external: as `checked` returned it.
        directory: the platform's, on the host.
    """
    place = {key: external[key] for key in ("host", "port", "user", "elsewhere") if external.get(key)}
    place["password"] = external["password"]
    tls = {"mode": external["tls"], "authority": f"{directory}/{authority_path(name)}" if external["ca"] else ""}
    return {**own, "container": name, **place, **({} if external["tls"] == DISABLE else {"tls": tls})}


def declared(name: str, own: dict[str, t.Any], provides: dict[str, t.Any], external: External) -> dict[str, t.Any]:
    """Return the declaration of such an instance.

    Args:
        name: of the instance.
        own: what its role declares, `KEPT` of it.
        provides: as `provided` returned it.
        external: as `checked` returned it.
    """
    files = [{"path": authority_path(name), "content": external["ca"]}] if external["ca"] else []
    # What is made on another host of the system is that one's business.
    hooks = [hook for hook in own["hooks"] if hook in HOOKS and "elsewhere" not in provides]
    return {**own, "hooks": hooks, "provides": provides, "files": files}


def is_external(declaration: dict[str, t.Any]) -> bool:
    """Tell whether an instance is somebody else's server."""
    return "host" in declaration.get("provides", {})


def needed_externals(declaration: dict[str, t.Any], declarations: dict[str, dict]) -> list[str]:
    """Return the instances that a service needs and that are somebody else's servers, each once."""
    needed = dict.fromkeys(need["instance"] for need in declaration.get("needs", []))
    return [name for name in needed if is_external(declarations.get(name, {}))]


def authority_mount(name: str, declaration: dict[str, t.Any]) -> list[str]:
    """Return how a container gets the authority of a server, as Compose mounts files; nothing where it has none."""
    if not declaration["provides"].get("tls", {}).get("authority"):
        return []
    return [f"./{authority_path(name)}:{mounted_authority(name)}:ro"]


def authority_path(name: str) -> str:
    """Return where a server's authority lies, relative to the project's directory."""
    return f"authorities/{name}.pem"


def mounted_authority(name: str) -> str:
    """Return where a container finds a server's authority."""
    return f"{MOUNTED}/{name}.pem"


def unencrypted(name: str, declaration: dict[str, t.Any], declarations: dict[str, dict]) -> t.Iterator[str]:
    """Yield in words which servers want TLS of a service that cannot be told to speak it."""
    for need in declaration.get("needs", []):
        provides = declarations.get(need["instance"], {}).get("provides", {})
        if "tls" in provides and not need.get("tls"):
            yield f"{name} cannot be told to speak TLS to {need['instance']}"
