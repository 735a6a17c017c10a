"""What the applications' own sources say about settings, each as the value that has to stand in our roles.

Where each fact is from: CONTRACT.md beside the image or stand-in of the application.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
MEDIA = sorted((ROOT / "roles/media_pipeline/files/workflows").glob("*.json"))
OURS = sorted((ROOT / "roles").glob("*/files/**/*.json"))
ROLES = ("n8n", "directus", "lowcoder", "fileflows", "duplicati")


def load(role: str, part: str) -> dict:
    return yaml.safe_load((ROOT / "roles" / role / part / "main.yml").read_text(encoding="utf-8"))


DEFAULTS = {role: load(role, "defaults") for role in ROLES}
VARIABLES = {role: load(role, "vars") for role in ROLES}
TESTED = yaml.safe_load((ROOT / "tests/images/versions.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("role", "name", "value"),
    [
        ("duplicati", "USAGEREPORTER_Duplicati_LEVEL", "none"),
        ("n8n", "N8N_LISTEN_ADDRESS", "0.0.0.0"),
        ("n8n", "N8N_DIAGNOSTICS_ENABLED", "false"),
        ("directus", "TELEMETRY", "false"),
        ("lowcoder", "LOWCODER_REDIS_ENABLED", "false"),
    ],
)
def test_a_variable_has_the_value_that_its_reader_understands(role, name, value):
    assert VARIABLES[role][f"__{role}_environment"][name] == value


def test_n8n_keeps_executions_by_their_age_and_not_by_their_number():
    assert DEFAULTS["n8n"]["n8n_execution_count"] == 0
    assert "n8n_execution_count" in VARIABLES["n8n"]["__n8n_environment"]["EXECUTIONS_DATA_PRUNE_MAX_COUNT"]


@pytest.mark.parametrize("role", ["n8n", "directus"])
def test_the_tag_is_the_one_that_was_tested(role):
    assert DEFAULTS[role][f"{role}_version"] == TESTED[f"{role}_version"]


def test_no_workflow_runs_commands_and_ours_need_none():
    excluded = DEFAULTS["n8n"]["n8n_excluded_nodes"]
    assert {"n8n-nodes-base.executeCommand", "n8n-nodes-base.localFileTrigger"} <= set(excluded)
    used = {node["type"] for path in OURS for node in json.loads(path.read_text(encoding="utf-8"))["nodes"]}
    assert used and not used & set(excluded)


@pytest.mark.parametrize("path", MEDIA, ids=lambda path: path.stem)
def test_what_went_well_leaves_no_tokens_in_n8ns_executions(path):
    assert json.loads(path.read_text(encoding="utf-8"))["settings"]["saveDataSuccessExecution"] == "none"


def test_fileflows_is_root_since_no_other_user_could_install_its_dockermods():
    assert not {"PUID", "PGID"} & set(VARIABLES["fileflows"]["__fileflows_environment"])
    assert "security_opt" not in VARIABLES["fileflows"]["__fileflows_container"]


def test_no_licence_is_accepted_in_silence():
    assert DEFAULTS["fileflows"]["fileflows_accept_license"] is False


def test_lowcoder_may_write_its_marks_and_its_sessions_are_apart():
    needs = VARIABLES["lowcoder"]["lowcoder_declaration"]["needs"]
    user = next(need["user"] for need in needs if "keys" in need["user"])
    assert {"#warmup", "warmUpKey"} <= set(user["keys"]) and "+pttl" in user["commands"]
    instance = DEFAULTS["lowcoder"]["lowcoder_redis_instance"]
    others = {values.get(f"{role}_redis_instance") for role, values in DEFAULTS.items() if role != "lowcoder"}
    assert instance not in others


# Commands of ours that a shell runs: it has to become what it runs last, or it dies at a stop and all else with it.
COMMANDS = [
    (role, command)
    for role, variables in VARIABLES.items()
    for part in variables.values()
    if isinstance(part, dict) and isinstance(command := part.get("command"), list) and command[:2] == ["sh", "-c"]
]


@pytest.mark.parametrize(("role", "command"), COMMANDS)
def test_a_shell_becomes_what_it_starts_last(role, command):
    assert re.match(r"exec ", command[2].split("&&")[-1].strip())


def test_directus_has_time_to_finish_within_its_containers_grace():
    environment = VARIABLES["directus"]["__directus_environment"]
    grace = int(VARIABLES["directus"]["__directus_container"]["stop_grace_period"].removesuffix("s"))
    assert int(environment["SERVER_SHUTDOWN_TIMEOUT"]) < int(environment["PM2_KILL_TIMEOUT"]) < grace * 1000
    assert COMMANDS
