"""Workflow files of integrations: what may stand in them, and what ours hold."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils.workflows import n8n_workflows

ROOT = Path(__file__).resolve().parents[2]
OURS = sorted((ROOT / "roles").glob("*/files/**/*.json"))
GOOD = {"name": "a", "active": True, "nodes": [{"limit": "@@limit@@", "text": "up to @@limit@@"}], "connections": {}}


def read(folder: Path, content, settings: dict):
    (folder / "a.json").write_text(content if isinstance(content, str) else json.dumps(content))
    return n8n_workflows(str(folder), settings)


def test_a_setting_keeps_its_type_where_it_stands_alone(tmp_path):
    (one,) = read(tmp_path, {**GOOD, "settings": {}}, {"limit": 80})
    assert json.loads(one["definition"])["nodes"] == [{"limit": 80, "text": "up to 80"}]
    assert (one["name"], one["active"]) == ("a", True)


@pytest.mark.parametrize(
    ("content", "settings", "told"),
    [
        ({**GOOD, "settings": {}}, {}, "unknown settings limit"),
        ({**GOOD, "settings": {}}, {"limit": 1, "other": 2}, "no workflow uses the settings other"),
        (GOOD, {"limit": 1}, "settings"),
        ("{", {}, "not JSON"),
        ("[]", {}, "everything"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path, content, settings, told):
    with pytest.raises(PlatformError) as caught:
        read(tmp_path, content, settings)
    assert told in caught.value.what


def test_a_folder_without_files_is_refused(tmp_path):
    with pytest.raises(PlatformError):
        n8n_workflows(str(tmp_path))


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_our_workflows_hold_no_ids_and_demand_a_credential_at_each_door(path):
    workflow = json.loads(path.read_text(encoding="utf-8"))
    assert workflow["name"] == path.stem
    for node in workflow["nodes"]:
        assert not {"id", "webhookId"} & set(node)
        assert all(isinstance(name, str) for name in node.get("credentials", {}).values())
        if node["type"] == "n8n-nodes-base.webhook":
            assert node["parameters"]["authentication"] in node["credentials"] or re.match(
                r"(header|basic)Auth", node["parameters"]["authentication"]
            )
            assert node["credentials"]
