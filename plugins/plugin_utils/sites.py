# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a service may say about a site that it is published at, and what the proxy makes of it: pure functions."""

from __future__ import annotations

import ipaddress
import re
import typing as t

from ansible_collections.borgstack.platform.plugins.plugin_utils.refusal import wrong

Site = dict[str, t.Any]

_TEXTS = {"type": "list", "elements": "str"}
_HEADERS = {"type": "dict"}
OPTIONS = {
    "host": {"type": "str", "required": True, "description": "the host name"},
    "upstream": {"type": "str", "required": True, "description": "who answers: container:port"},
    "network": {"type": "str", "description": "that the proxy reaches it on, where that is not `external`"},
    "headers": {
        **_HEADERS,
        "description": "of answers unless the application sets its own; an empty value takes a default away",
    },
    "blocked": {
        **_TEXTS,
        "description": "paths that nobody sees from outside: / alone, others with all below; a final * is any rest",
    },
    "refused": {
        "type": "dict",
        "options": {"method": {"type": "str", "required": True}, "paths": {**_TEXTS, "required": True}},
        "description": "requests that nobody may make: method, and exactly these paths; a final * matches any rest",
    },
    "restricted": {
        "type": "dict",
        "options": {"paths": {**_TEXTS, "required": True}, "addresses": _TEXTS},
        "description": "paths that only some networks (CIDR) may reach; no addresses: everybody",
    },
    "embeddable": {
        "type": "dict",
        "options": {"paths": {**_TEXTS, "required": True}, "headers": _HEADERS},
        "description": "paths that other sites may show in a frame, with headers in place of the site's own",
    },
    "storage": {
        "type": "dict",
        "options": {"upstream": {"type": "str", "required": True}, "bucket": {"type": "str", "required": True}},
        "description": "the bucket whose signed addresses the application redirects to",
    },
    "max_body": {"type": "str", "description": "the largest request, such as 500mb"},
    "timeout": {"type": "str", "description": "how long the application may take to begin an answer, such as 300s"},
    "cors_origins": {**_TEXTS, "description": "origins of other sites that browsers may call it from"},
    "allowed_addresses": {**_TEXTS, "description": "networks (CIDR) that may reach it; empty: everybody"},
    "basic_auth": {
        "type": "dict",
        "options": {"user": {"type": "str"}, "password": {"type": "str", "no_log": True}, "open": _TEXTS},
        "description": "a login in front of the application, but for the paths in `open`; empty: none",
    },
    "rate_limit": {
        "type": "dict",
        "options": {"events": {"type": "int"}, "window": {"type": "str"}},
        "description": "requests a client may make in a time; events 0 is no limit",
    },
    "check": {
        "type": "dict",
        "options": {
            "path": {"type": "str"},
            "status": {"type": "list", "elements": "int"},
            "json": {"type": "dict"},
        },
        "description": "how to prove it from outside",
    },
}

# Whatever goes into the proxy's configuration is one of these words: nothing in it can end a line or a block.
UPSTREAM = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*:[0-9]{1,5}")
PATH = re.compile(r"/[A-Za-z0-9._~!$&()+,=:@/-]*\*?")
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
SIZE = re.compile(r"[1-9][0-9]*(?:\.[0-9]+)? ?(?:[kKmMgG]i?)?[bB]?")
DURATION = re.compile(r"(?:[0-9]+(?:ms|s|m|h))+")
METHOD = re.compile(r"[A-Z]+")
ORIGIN = re.compile(r"https?://[A-Za-z0-9.*-]+(?::[0-9]{1,5})?")
HEADER = re.compile(r"[A-Za-z0-9-]+")
HEADER_VALUE = re.compile(r"[\x20-\x5f\x61-\x7e]*")
USER = re.compile(r"[A-Za-z0-9._@-]+")


def check_site(site: Site, where: str) -> None:
    """Raise unless the site's values make sense; its keys and its host name are checked elsewhere.

    Raises:
        PlatformError: they do not; names the place.
    """
    matches(UPSTREAM, site["upstream"], "upstream", where)
    for key, pattern in (("max_body", SIZE), ("timeout", DURATION)):
        if site.get(key):
            matches(pattern, site[key], key, where)
    for path in site.get("blocked", []):
        matches(PATH, path, "blocked", where)
    _check_parts(site, where)
    for origin in site.get("cors_origins", []):
        matches(ORIGIN, origin, "cors_origins", where)
    _check_headers(site.get("headers", {}), where)
    check_networks(site.get("allowed_addresses", []), "allowed_addresses", where)
    _check_basic_auth(site.get("basic_auth") or {}, where)
    _check_rate_limit(site.get("rate_limit") or {}, where)


def _check_parts(site: Site, where: str) -> None:
    """Check what is about some paths of the site only."""
    for key in ("refused", "restricted", "embeddable"):
        part = site.get(key)
        if part is None:
            continue
        if not part["paths"]:
            raise wrong(where, f"{key} has no paths")
        for path in part["paths"]:
            matches(PATH, path, f"{key}, paths", where)
        check_networks(part.get("addresses", []), f"{key}, addresses", where)
        _check_headers(part.get("headers", {}), f"{where}, {key}")
    if site.get("refused") is not None:
        matches(METHOD, site["refused"]["method"], "refused, method", where)
    storage = site.get("storage")
    if storage is not None:
        matches(UPSTREAM, storage["upstream"], "storage, upstream", where)
        matches(BUCKET, storage["bucket"], "storage, bucket", where)


def _check_headers(headers: dict[str, str], where: str) -> None:
    for name, value in headers.items():
        matches(HEADER, name, "headers", where)
        matches(HEADER_VALUE, value or "", f"headers, {name}", where)


def check_networks(networks: list[str], key: str, where: str) -> None:
    """Raise unless all are networks in CIDR notation, or addresses.

    Raises:
        PlatformError: one is not.
    """
    for network in networks:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise wrong(where, f"{key} is not a network such as 10.8.0.0/24: {error}") from None


def _check_basic_auth(login: dict, where: str) -> None:
    if not login:
        return
    matches(USER, login.get("user", ""), "basic_auth, user", where)
    if not login.get("password"):
        raise wrong(where, "basic_auth has no password")
    for path in login.get("open", []):
        matches(PATH, path, "basic_auth, open", where)


def _check_rate_limit(limit: dict, where: str) -> None:
    matches(re.compile(r"[0-9]+"), limit.get("events", 0), "rate_limit, events", where)
    matches(DURATION, limit.get("window", "1m"), "rate_limit, window", where)


def edge_sites(sites: list[Site], headers: dict[str, str], rate_limit: dict | None = None) -> list[Site]:
    """Return the sites as the proxy's configuration spells them.

    Args:
        sites: as declared, each checked.
        headers: the headers that every site's answers get.
        rate_limit: `events` and `window` of a site that says nothing else; none where limits are switched off.

    Returns:
        The sites, with `headers` merged, `blocked` as patterns, `rate_limit` with events and window, or empty.

    Raises:
        PlatformError: a header or the limit holds what could end a line of the configuration.
    """
    _check_headers(headers, "caddy_headers")
    _check_rate_limit(rate_limit or {}, "caddy_rate_limit")
    return [
        {
            **site,
            "host": site["host"].lower(),
            "headers": _merged(headers, site.get("headers", {})),
            "blocked": [pattern for path in site.get("blocked", []) for pattern in _patterns(path)],
            "rate_limit": _effective_limit(site, rate_limit),
            **_parts(site),
        }
        for site in sites
    ]


def _parts(site: Site) -> Site:
    """Return what is about some paths only, with the paths as patterns."""
    parts = {}
    for key, rest in (("restricted", {"addresses": []}), ("embeddable", {"headers": {}})):
        if site.get(key):
            paths = [pattern for path in site[key]["paths"] for pattern in _patterns(path)]
            parts[key] = {**rest, **site[key], "paths": paths}
    return parts


def _merged(defaults: dict[str, str], own: dict[str, str]) -> dict[str, str]:
    """Merge headers, whatever the case of their names; an empty value takes a header away."""
    merged = {name.lower(): (name, value) for headers in (defaults, own) for name, value in headers.items()}
    return {name: value for name, value in merged.values() if value}


def _patterns(path: str) -> list[str]:
    """Return a path and what is below it; a semicolon ends a name for some applications as a slash does.

    The root alone stands for itself: all is below it.
    """
    return [path] if path == "/" or path.endswith("*") else [path.rstrip("/") + rest for rest in ("", "/*", ";*")]


def _effective_limit(site: Site, default: dict | None) -> dict:
    limit = {**default, **(site.get("rate_limit") or {})} if default else {}
    return limit if int(limit.get("events", 0)) else {}


def matches(pattern: re.Pattern[str], value: t.Any, key: str, where: str) -> None:
    if not pattern.fullmatch(str(value)):
        raise wrong(where, f"{key} is {str(value)!r}, which the proxy would not understand")
