"""One part that cannot be measured takes no other with it, and is named."""

from __future__ import annotations

import hashlib
import json

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.host import measure, software
from ansible_collections.borgstack.platform.plugins.module_utils.host.probe import Unknown


def failing(error: Exception):
    def probe():
        raise error

    return probe


def test_a_failing_probe_is_null_and_named():
    probes = {"good": lambda: 1, "bad": failing(Unknown("no such program")), "worse": failing(ValueError())}
    assert measure.run(probes) == {
        "good": 1,
        "bad": None,
        "worse": None,
        "unknown": ["bad: no such program", "worse: ValueError"],
    }


def test_a_field_without_an_answer_is_named():
    assert measure.run({"clock": lambda: {"synchronized": None}, "data": lambda: {"encrypted": False}})["unknown"] == [
        "clock: no answer about synchronized"
    ]


def test_a_wrong_option_is_not_taken_for_an_unknown_part():
    with pytest.raises(PlatformError):
        measure.run({"listeners": failing(PlatformError(1, "no port", "write it right"))})


@pytest.mark.parametrize(
    ("text", "config", "root"),
    [
        (None, {}, "/var/lib/docker"),
        ("", {}, "/var/lib/docker"),
        (json.dumps({"data-root": "/data"}), {"data-root": "/data"}, "/data"),
        ("{", None, "/var/lib/docker"),
        ("[]", None, "/var/lib/docker"),
    ],
)
def test_settings_of_docker(monkeypatch, text, config, root):
    monkeypatch.setattr(software, "read", lambda path: text)
    monkeypatch.setattr(software, "output", lambda *command: None)
    docker = software.docker()
    assert (docker["config"], docker["data_root"], docker["running"]) == (config, root, False)


def test_what_stops_containers_in_order_is_measured_whole(monkeypatch):
    monkeypatch.setattr(software, "read", lambda path: path if path.endswith("docker-in-order") else None)
    answers = {("systemctl", "is-enabled", software.SHUTDOWN_UNIT): "enabled"}
    monkeypatch.setattr(software, "output", lambda *command: answers.get(command))
    shutdown = software.docker()["shutdown"]
    unit, script = software.SHUTDOWN_FILES
    assert (shutdown["enabled"], shutdown["active"]) == (True, False)
    assert shutdown["files"] == {
        path: hashlib.sha256(text).hexdigest() for path, text in ((unit, b""), (script, script.encode()))
    }


def test_without_dpkg_no_package_passes_for_absent(monkeypatch):
    monkeypatch.setattr(software, "output", lambda *command: None)
    with pytest.raises(Unknown, match="dpkg-query"):
        software.packages(["ufw"])
