# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a verification asks from outside, where the platform's users are: pure functions."""

from __future__ import annotations

import base64
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    NETWORK,
    SERVICE_STARTUP,
)
from ansible_collections.borgstack.platform.plugins.plugin_utils.declaration import Declaration
from ansible_collections.borgstack.platform.plugins.plugin_utils.verification import Row, failed, good, skipped

ANY_ANSWER = ["100-499"]
PERMANENT_AND_OTHER_REDIRECTS = [301, 302, 303, 307, 308]
# A port that a firewall drops packets to is told from an open one by waiting.
PORT_SECONDS = 2

REACHABLE = "reachable by HTTPS"
UNREACHABLE = ("timeout", "refused", "closed", "unreachable", "protocol", "tls")
NOT_REACHED = ("dns", "certificate", *UNREACHABLE)


def outside_checks(declarations: dict[str, Declaration], settings: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    """Return what is asked from outside about the sites of all declarations.

    Args:
        declarations: of the instances that are looked at.
        settings: `server` (the address to connect to whatever the names resolve to; empty for what they resolve to),
            `https_port`, `certificate_days`, `authority` (PEM; empty for the system's), `timeout`.

    Returns:
        Items with `component`, `check` (several items may belong to one), `subject`, `category`, `remedy`, and `ask`:
        an item of the module's option `checks`.
    """
    return [
        item
        for instance, declaration in declarations.items()
        for site in declaration.get("sites", [])
        for item in _site_checks(instance, site, settings)
    ]


def _site_checks(instance: str, site: dict[str, t.Any], settings: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    host = site["host"]
    port = "" if int(settings["https_port"]) == 443 else f":{settings['https_port']}"
    url = f"https://{host}{port}"
    common = {"timeout": settings["timeout"]}
    if settings["server"]:
        common["connect_to"] = settings["server"]
    secure = {**common, **({"ca_pem": settings["authority"]} if settings["authority"] else {})}
    login = _login(site)
    page = site.get("check", {})
    restricted = [403] if site.get("allowed_addresses") else []

    def item(check: str, subject: str, category: int, remedy: str, ask: dict) -> dict:
        ask = {"name": f"{check}: {subject}", **ask}
        return {
            "component": instance,
            "check": check,
            "subject": subject,
            "category": category,
            "remedy": remedy,
            "host": host,
            "ask": ask,
        }

    items = [
        item(
            REACHABLE,
            url,
            SERVICE_STARTUP,
            f"see the rows of {instance} and of what it is published by",
            {
                **secure,
                "url": f"{url}{page.get('path', '/')}",
                "status": [*page.get("status", ANY_ANSWER), *restricted],
                "certificate_days": settings["certificate_days"],
                **({"json": page["json"]} if page.get("json") and not restricted else {}),
                **login,
            },
        ),
        item(
            "HTTP redirects to HTTPS",
            f"http://{host}",
            CONFIGURATION,
            "run site.yml",
            {
                **common,
                "url": f"http://{host}/",
                "status": PERMANENT_AND_OTHER_REDIRECTS,
                "location": f"https://{host}",
            },
        ),
    ]
    if login:
        remedy = "run site.yml; until then everybody gets in"
        ask = {**secure, "url": f"{url}/", "status": [401, *restricted]}
        items.append(item("asks for a login", url, CONFIGURATION, remedy, ask))
    for path in site.get("blocked", []):
        remedy = "run site.yml; until then anybody can read it"
        ask = {**secure, "url": f"{url}{path.replace('*', '')}", "status": [404, *restricted], **login}
        items.append(item("internal paths are not published", path, CONFIGURATION, remedy, ask))
    refused = site.get("refused", {"method": "", "paths": []})
    for path in refused["paths"]:
        remedy = "run site.yml; until then anybody can do it"
        # Without a body: where it is not refused, nothing comes of it all the same.
        ask = {**secure, "url": f"{url}{path.replace('*', '')}", "status": [404, *restricted], **login}
        subject = f"{refused['method']} {path}"
        items.append(item("requests are refused", subject, CONFIGURATION, remedy, {**ask, "method": refused["method"]}))
    return items


def _login(site: dict[str, t.Any]) -> dict[str, t.Any]:
    if not site.get("basic_auth"):
        return {}
    pair = f"{site['basic_auth']['user']}:{site['basic_auth']['password']}"
    return {"headers": {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}}


def closed_ports(
    declarations: dict[str, Declaration], listeners: list[dict[str, t.Any]], open_ports: list[str]
) -> dict[int, list[str]]:
    """Return the ports that nobody outside may reach, each with who listens there.

    Args:
        declarations: all of them.
        listeners: those that hold ports of the host at addresses which others could reach, as `host_info` returns them.
        open_ports: those that the firewall is declared to let somebody in at: numbers, or ranges such as `8000:8010`.
    """
    ports = _internal_ports(declarations)
    for listener in listeners:
        ports.setdefault(listener["port"], [listener["process"] or "a process of the host"])
    ranges = [(int(first), int(last or first)) for first, _colon, last in (one.partition(":") for one in open_ports)]
    return {port: names for port, names in ports.items() if not any(low <= port <= high for low, high in ranges)}


def port_checks(ports: dict[int, list[str]], address: str) -> list[dict[str, t.Any]]:
    """Return what is asked about ports that have to be closed.

    Args:
        ports: as returned by `closed_ports`.
        address: of the server, from outside.
    """
    remedy = "run site.yml --tags firewall, and see who publishes the port (`ss -tulpn`, `docker ps`) on the host"
    place = f"[{address}]" if ":" in address else address
    return [
        {
            "component": "host",
            "check": "internal ports are closed to the outside",
            "subject": f"port {port} ({', '.join(names)})",
            "category": CONFIGURATION,
            "remedy": remedy,
            "host": address,
            "ask": {
                "name": f"port {port}",
                "url": f"tcp://{place}:{port}",
                "open": False,
                "timeout": PORT_SECONDS,
            },
        }
        for port, names in sorted(ports.items())
    ]


def _internal_ports(declarations: dict[str, Declaration]) -> dict[int, list[str]]:
    """Return the ports that containers listen at, as far as declarations name them, with the instances' names."""
    ports: dict[int, list[str]] = {}
    for instance, declaration in declarations.items():
        named = [declaration.get("provides", {}).get("port")]
        named += [check["port"] for check in declaration.get("checks", [])]
        named += [site["upstream"].rpartition(":")[2] for site in declaration.get("sites", []) if site.get("upstream")]
        for definition in declaration.get("containers", {}).values():
            named += definition.get("development_ports", [])
        for port in sorted({int(one) for one in named if str(one or "").isdigit()}):
            ports.setdefault(port, []).append(instance)
    return ports


def outside_rows(items: list[dict[str, t.Any]], results: list[dict[str, t.Any]]) -> list[Row]:
    """Return one row for each check that is ok as a whole, and one for each subject that is not.

    Args:
        items: as returned by `outside_checks` or `port_checks`.
        results: of the module `http_checks`, in the same order.

    Raises:
        ValueError: they are not of the same number.
    """
    if len(items) != len(results):
        raise ValueError(f"{len(items)} checks, but {len(results)} results")
    groups: dict[tuple[str, str, str], list[tuple[dict, dict]]] = {}
    for item, result in zip(items, results):
        groups.setdefault((item["component"], item["check"], item["host"]), []).append((item, result))
    lost = {
        item["host"]
        for item, result in zip(items, results)
        if item["check"] == REACHABLE and result["reason"] in NOT_REACHED
    }
    rows = []
    for (component, check, host), members in groups.items():
        bad = [(item, result) for item, result in members if not result["ok"]]
        if not bad:
            rows.append(good(component, check, _good_words(members)))
        elif check != REACHABLE and host in lost and all(result["reason"] in NOT_REACHED for _item, result in bad):
            # One cause, one failure.
            rows.append(skipped(component, check, f"{host} is not reachable"))
        else:
            rows += [_failed_row(item, result) for item, result in bad]
    return rows


def _good_words(members: list[tuple[dict, dict]]) -> str:
    if len(members) > 1:
        return f"{len(members)} checked: {', '.join(item['subject'] for item, _result in members)}"
    item, result = members[0]
    days = result["certificate_days"]
    words = f"{item['subject']}: {result['what']}"
    if days is None:
        return words
    return f"{words}; certificate valid for {f'{days} days' if days else 'less than a day'}"


def _failed_row(item: dict, result: dict) -> Row:
    category, remedy = item["category"], item["remedy"]
    host = item["host"]
    if result["reason"] == "dns":
        category, remedy = NETWORK, f"make a DNS record of {host} that points to the server, and wait until it is known"
    elif result["reason"] == "certificate":
        category = NETWORK
        remedy = f"see that {host} resolves to the server and that its port 80 is reachable, then read the proxy's log"
    elif result["reason"] in UNREACHABLE:
        category = NETWORK
        remedy = f"see that the proxy runs, that {host} resolves to the server, and that no firewall is in between"
    return failed(item["component"], item["check"], f"{item['subject']}: {result['what']}", category, remedy)
