"""Roles meet in public variables and in one dispatcher of hooks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.borgstack.platform.plugins.plugin_utils.schema import HOOKS

ROOT = Path(__file__).resolve().parents[2]
ROLES = sorted(path for path in (ROOT / "roles").iterdir() if path.is_dir())
PRIVATE = re.compile(r"\b__[a-z0-9_]+")


def texts_of(*folders: Path) -> dict[Path, str]:
    """Return the texts of everything below folders that Ansible renders."""
    files = [path for folder in folders for ending in ("yml", "j2") for path in folder.rglob(f"*.{ending}")]
    return {path: path.read_text(encoding="utf-8") for path in files}


@pytest.mark.parametrize("role", ROLES, ids=lambda path: path.name)
def test_no_role_uses_what_is_private_to_another(role):
    texts = texts_of(role)
    foreign = {
        f"{path.relative_to(ROOT)}: {name}"
        for path, text in texts.items()
        for name in PRIVATE.findall(text)
        if not name.startswith(f"__{role.name}_")
    }
    assert texts and not foreign


def test_no_playbook_uses_what_is_private_to_a_role():
    texts = texts_of(ROOT / "playbooks")
    names = {name for text in texts.values() for name in PRIVATE.findall(text)}
    assert texts and not {name for name in names for role in ROLES if name.startswith(f"__{role.name}_")}


def test_one_file_alone_runs_the_hooks_of_services():
    hooks = "|".join(HOOKS)
    included = re.compile(rf"include_role:\n(?:\s+\w+:.*\n)*?\s+tasks_from: (?:\"{{{{ platform_hook|(?:{hooks})\b)")
    users = [str(path.relative_to(ROOT)) for path, text in texts_of(ROOT / "roles").items() if included.search(text)]
    assert users == ["roles/platform/tasks/hook.yml"]


@pytest.mark.parametrize("role", ROLES, ids=lambda path: path.name)
def test_a_file_named_after_a_hook_is_declared(role):
    variables = role / "vars/main.yml"
    text = variables.read_text(encoding="utf-8") if variables.exists() else ""
    if f"{role.name}_declaration:" not in text:
        pytest.skip("declares no service")
    declared = re.search(r"\n  hooks: (.*)", text)
    files = {hook for hook in HOOKS if (role / f"tasks/{hook}.yml").exists()}
    assert files == set(re.findall(rf"\b(?:{'|'.join(HOOKS)})\b", declared[1] if declared else ""))


def verifying(hook: str) -> list[Path]:
    """Return the files of that name of the roles that declare a service."""
    return [
        role / f"tasks/{hook}.yml"
        for role in ROLES
        if role.name != "platform" and (role / f"tasks/{hook}.yml").exists()
    ]


@pytest.mark.parametrize("path", [*verifying("provision"), *verifying("verify")], ids=lambda path: path.parts[-3])
def test_a_preview_says_its_rows_and_neither_changes_nor_stops_a_verification(path):
    tasks = [inner for task in yaml.safe_load(path.read_text(encoding="utf-8")) for inner in task.get("block", [task])]
    told = tasks.pop()
    assert f"{path.parts[-3]}_verified" in told["ansible.builtin.set_fact"]
    verified = path.stem == "verify"
    assert told.get("when") == (None if verified else "platform_preview")
    for task in tasks:
        calm = False if verified else f"{task['register']} is {{}} and not platform_preview"
        assert task["changed_when"] == (calm and calm.format("changed")), task["name"]
        assert task["failed_when"] == (calm and calm.format("failed")), task["name"]
