# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What Docker's daemon.json becomes, and what the daemon must do to notice."""

from __future__ import annotations

import ipaddress

# The keys that dockerd reads again on SIGHUP, by its own documentation; every other key needs a restart.
RELOADABLE_KEYS = frozenset(
    {
        "authorization-plugins",
        "debug",
        "default-runtime",
        "features",
        "insecure-registries",
        "labels",
        "live-restore",
        "max-concurrent-downloads",
        "max-concurrent-uploads",
        "max-download-attempts",
        "registry-mirrors",
        "runtimes",
        "shutdown-timeout",
    }
)


def docker_daemon_change(current: dict, declared: dict, managed: list[str] | None = None) -> dict:
    """Return the merged daemon.json as `config`, its `changed_keys`, and the `action`: none, reload or restart.

    Keys that are `managed` and no longer declared are taken back; all others that nobody declares are the operator's.
    """
    config = {key: value for key, value in current.items() if key not in (managed or [])}
    config = {**config, **declared}
    same_log_driver = current.get("log-driver", "json-file") == config.get("log-driver", "json-file")
    if "log-opts" in declared and same_log_driver:
        config["log-opts"] = {**current.get("log-opts", {}), **declared["log-opts"]}
    changed_keys = sorted(key for key in {**current, **config} if config.get(key) != current.get(key))
    if not changed_keys:
        action = "none"
    elif RELOADABLE_KEYS.issuperset(changed_keys):
        action = "reload"
    else:
        action = "restart"
    return {"config": config, "changed_keys": changed_keys, "action": action}


def docker_pools_clear_of(pools: list[dict], networks: list[str]) -> bool:
    """Return whether address pools ({base, size}) exist and none overlaps one of the networks (CIDRs).

    A default route is not in the way of anything.
    """
    taken = [
        network for network in (ipaddress.ip_network(cidr, strict=False) for cidr in networks) if network.prefixlen
    ]
    bases = [ipaddress.ip_network(pool["base"], strict=False) for pool in pools]
    return bool(bases) and not any(
        base.version == network.version and base.overlaps(network) for base in bases for network in taken
    )


class FilterModule:
    """The filters by name."""

    def filters(self) -> dict:
        """Return the filters by name."""
        return {"docker_daemon_change": docker_daemon_change, "docker_pools_clear_of": docker_pools_clear_of}
