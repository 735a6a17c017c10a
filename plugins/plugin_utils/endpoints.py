# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Where an instance is reached by those that need it: pure functions."""

from __future__ import annotations

import typing as t
from urllib.parse import quote, urlencode

from ansible_collections.borgstack.platform.plugins.plugin_utils.external import mounted_authority
from ansible_collections.borgstack.platform.plugins.plugin_utils.published import inside, place

Endpoint = dict[str, t.Any]

LOOPBACK = "127.0.0.1"


def endpoint(name: str, provides: dict[str, t.Any], published: t.Sequence[dict[str, t.Any]] = ()) -> Endpoint:
    """Return how an instance is reached.

    Args:
        name: of the instance.
        provides: `container` and `port`, where it listens; in place of the container the `host` and `tls` of a server
            that is not of the platform.
        published: what its declaration publishes.

    Returns:
        `host`, `port`, and `address`, which is both of them with a colon, for a container beside it; and `on_host`, the
        same for a program of the host, where it is published there. Each with `tls` where it is encrypted: `mode`,
        `authority` (a file) and both as libpq's `parameters`.
    """
    container, port = provides["container"], provides["port"]
    if "host" in provides:
        authority = mounted_authority(name) if provides.get("tls", {}).get("authority") else ""
        beside = {**provides, "tls": {**provides["tls"], "authority": authority}} if "tls" in provides else provides
        return {**_outside(beside), "on_host": _outside(provides)}
    at = [item for item in published if item["container"] == container and inside(item) == int(port)]
    on_host = {"on_host": _place(next(iter(at[0].get("bind", [])), LOOPBACK), at[0]["port"])} if at else {}
    return {**_place(container, port), **on_host}


def endpoints_of(declarations: dict[str, dict]) -> dict[str, Endpoint]:
    """Return the endpoints of those that provide something, by instance name."""
    return {
        name: endpoint(name, declared["provides"], declared.get("published", []))
        for name, declared in declarations.items()
        if "provides" in declared
    }


def with_unknown(endpoints: dict[str, Endpoint], used: t.Iterable[str]) -> dict[str, Endpoint]:
    """Return endpoints in which every instance that is used has one, so that all that does not fit is told at once.

    Args:
        endpoints: by instance name.
        used: names of instances that a service is set to use, whether they exist or not.
    """
    return {**{name: endpoint(name, {"container": name, "port": 0}) for name in used}, **endpoints}


def connections(needs: list[dict[str, t.Any]], endpoints: dict[str, Endpoint]) -> dict[str, str]:
    """Return how a program of the host logs in to the databases that are needed for it, as environment variables.

    Args:
        needs: of one instance; those of PostgreSQL with a role and a database count.
        endpoints: by instance name.

    Returns:
        `POSTGRESQL_HOST`, `_PORT`, `_DATABASE`, `_USER`, `_PASSWORD`, and all of it as `POSTGRESQL_URL`; for a second
        need `POSTGRESQL_2_HOST` and so on. With `_SSLMODE` and `_SSLROOTCERT`, which the URL has too, where the server
        is encrypted.
    """
    logins = [need for need in needs if need["kind"] == "postgresql" and {"role", "database"} <= set(need)]
    found: dict[str, str] = {}
    for number, need in enumerate(logins, start=1):
        reached = endpoints.get(need["instance"], {})
        at = reached.get("on_host", reached)
        user, password = need["role"]["name"], need["role"].get("password", "")
        database = need["database"]["name"]
        tls = at.get("tls", {}).get("parameters", {})
        url = f"postgresql://{quote(user, '')}:{quote(password, '')}@{at.get('address', '')}/{quote(database, '')}"
        values = {
            "HOST": at.get("host", ""),
            "PORT": str(at.get("port", "")),
            "DATABASE": database,
            "USER": user,
            "PASSWORD": password,
            "URL": f"{url}?{urlencode(tls, safe='/')}" if tls else url,
            **{key.upper(): value for key, value in tls.items()},
        }
        prefix = "POSTGRESQL" if number == 1 else f"POSTGRESQL_{number}"
        found |= {f"{prefix}_{key}": value for key, value in values.items()}
    return found


def _outside(provides: dict[str, t.Any]) -> Endpoint:
    found = _place(provides["host"], provides["port"])
    if "tls" not in provides:
        return found
    mode, authority = provides["tls"]["mode"], provides["tls"]["authority"]
    parameters = {"sslmode": mode, **({"sslrootcert": authority} if authority else {})}
    return {**found, "tls": {"mode": mode, "authority": authority, "parameters": parameters}}


def _place(host: str, port: int) -> Endpoint:
    return {"host": host, "port": int(port), "address": place(host, port)}
