# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.borgstack.platform.plugins.filter.docker_daemon_change import (
    RELOADABLE_KEYS,
    docker_daemon_change,
    docker_pools_clear_of,
)

KEYS = st.sampled_from([*sorted(RELOADABLE_KEYS), "log-driver", "data-root", "bip"])
CONFIGS = st.dictionaries(KEYS, st.one_of(st.booleans(), st.text(max_size=3)), max_size=6)


@given(CONFIGS, CONFIGS)
def test_a_second_change_is_none_and_nothing_of_the_operator_is_lost(current, declared) -> None:
    config = docker_daemon_change(current, declared)["config"]
    assert docker_daemon_change(config, declared)["action"] == "none"
    assert {key: value for key, value in config.items() if key not in declared} == {
        key: value for key, value in current.items() if key not in declared
    }


def test_what_is_no_longer_declared_is_taken_back_and_what_is_the_operators_stays() -> None:
    current = {"hosts": ["tcp://127.0.0.1:2375"], "bip": "10.9.0.1/24", "debug": True}
    change = docker_daemon_change(current, {"debug": True}, managed=["hosts", "debug"])
    assert change["config"] == {"bip": "10.9.0.1/24", "debug": True}
    assert (change["changed_keys"], change["action"]) == (["hosts"], "restart")


@given(CONFIGS, CONFIGS)
def test_a_restart_is_for_keys_that_a_reload_does_not_read(current, declared) -> None:
    change = docker_daemon_change(current, declared)
    assert (change["action"] == "restart") == bool(set(change["changed_keys"]) - RELOADABLE_KEYS)


@pytest.mark.parametrize(
    ("current", "log_opts"),
    [
        ({}, {"max-size": "10m"}),
        ({"log-opts": {"tag": "x", "max-size": "1m"}}, {"tag": "x", "max-size": "10m"}),
        ({"log-driver": "syslog", "log-opts": {"syslog-address": "udp://x"}}, {"max-size": "10m"}),
    ],
)
def test_log_options_are_kept_only_for_the_same_driver(current: dict, log_opts: dict) -> None:
    declared = {"log-driver": "json-file", "log-opts": {"max-size": "10m"}}
    assert docker_daemon_change(current, declared)["config"]["log-opts"] == log_opts


@pytest.mark.parametrize(
    ("base", "networks", "clear"),
    [
        ("10.201.0.0/16", ["0.0.0.0/0", "::/0", "10.200.0.0/16", "fd00::/8"], True),
        ("10.201.0.0/16", ["10.0.0.0/8"], False),
        ("10.201.0.0/16", ["10.201.7.1"], False),
    ],
)
def test_pools_are_kept_while_no_network_overlaps(base: str, networks: list, clear: bool) -> None:
    assert docker_pools_clear_of([{"base": base, "size": 24}], networks) is clear


def test_no_pools_are_not_kept() -> None:
    assert docker_pools_clear_of([], []) is False
