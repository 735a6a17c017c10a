"""What holds for every module and role of the collection, checked without running any of them."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import ansible_test
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = ROOT / "collections/ansible_collections/borgstack/platform"
# What an action of the same name does on the controller has documentation alone among the modules.
ACTIONS = {path.stem for path in (ROOT / "plugins/action").glob("*.py")}
MODULES = sorted(path for path in (ROOT / "plugins/modules").glob("*.py") if path.stem not in ACTIONS)
ROLES = sorted(path.parents[1] for path in (ROOT / "roles").glob("*/defaults/main.yml"))
TARGET_CODE = sorted([*MODULES, *(ROOT / "plugins/module_utils").rglob("*.py")])
OLDEST_TARGET_PYTHON = (3, 9)


def load(path: Path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_ansibles_own_module_validation():
    # Run directly: ansible-test would first download what it makes an environment of its own from.
    validator = Path(ansible_test.__file__).parent / "_util/controller/sanity/validate-modules"
    command = [
        sys.executable,
        str(validator / "validate.py"),
        "--arg-spec",
        "--collection-version",
        load(ROOT / "galaxy.yml")["version"],
    ]
    command += ["--collection", "ansible_collections/borgstack/platform", "plugins/modules"]
    paths = f"{validator}:{ROOT / 'collections'}"
    environment = {**os.environ, "PYTHONPATH": paths, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections")}
    finished = subprocess.run(command, check=False, cwd=COLLECTION, text=True, capture_output=True, env=environment)
    assert (finished.returncode, finished.stdout) == (0, ""), finished.stdout + finished.stderr


@pytest.mark.parametrize("path", TARGET_CODE, ids=lambda path: path.stem)
def test_code_for_targets_is_valid_for_their_oldest_python(path):
    ast.parse(path.read_text(encoding="utf-8"), feature_version=OLDEST_TARGET_PYTHON)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_is_documentation_and_a_short_main(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert sum(node.end_lineno - node.lineno + 1 for node in functions) <= 70


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_is_made_so_that_it_logs_no_argument(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = {
        getattr(node.func, "id", getattr(node.func, "attr", ""))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert "PlatformModule" in called and "ansible.module_utils.basic" not in imported


@pytest.mark.parametrize("path", TARGET_CODE, ids=lambda path: path.stem)
def test_no_file_outgrows_300_lines(path):
    documentation = path.parent.name == "modules"
    assert documentation or len(path.read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_every_module_is_tested_against_the_real_thing(path):
    proofs = "".join(test.read_text(encoding="utf-8") for test in (ROOT / "tests/integration").rglob("test_*.py"))
    assert f'"{path.stem}"' in proofs


def test_every_provisioning_module_is_in_the_action_groups():
    groups = load(ROOT / "meta/runtime.yml")["action_groups"]
    provisioning = {
        path.stem
        for path in MODULES
        if "connect_timeout" in path.read_text(encoding="utf-8") or "OPTIONS" in path.read_text(encoding="utf-8")
    }
    assert set(groups["all"]) == provisioning
    for name, members in groups.items():
        assert name == "all" or all(member.startswith(f"{name}_") for member in members)


@pytest.mark.parametrize("role", ROLES, ids=lambda path: path.name)
def test_argument_specs_and_defaults_name_the_same_variables(role):
    options = load(role / "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    defaults = load(role / "defaults/main.yml") or {}
    required = {name for name, option in options.items() if option.get("required")}
    assert set(options) - required == set(defaults)
    assert all(option.get("description") for option in options.values())


@pytest.mark.parametrize("role", ROLES, ids=lambda path: path.name)
def test_variables_carry_their_roles_name(role):
    names = set(load(role / "defaults/main.yml") or {})
    internal = set(load(role / "vars/main.yml") or {}) if (role / "vars/main.yml").exists() else set()
    assert all(name.startswith(f"{role.name}_") for name in names)
    # What a service is made of is asked of it from outside, and what other roles may read is told; all else is its own.
    told = set(re.findall(r"`(\w+)`", (ROOT / "docs/roles.md").read_text(encoding="utf-8")))
    public = {f"{role.name}_declaration", *(name for name in told if name.startswith(f"{role.name}_"))}
    assert all(name.startswith(f"__{role.name}_") for name in internal - public)


@pytest.mark.parametrize("role", ROLES, ids=lambda path: path.name)
def test_no_task_registers_over_a_variable_of_its_role(role):
    variables = (load(path) or {} for path in role.glob("*/main.yml") if path.parent.name in ("defaults", "vars"))
    names = set().union(*variables)
    tasks = "".join(path.read_text(encoding="utf-8") for path in (role / "tasks").glob("*.yml"))
    assert not names & set(re.findall(r"register: (\w+)", tasks))


@pytest.mark.parametrize("role", ROLES, ids=lambda path: path.name)
def test_no_role_uses_a_shell_or_outgrows_what_can_be_read_at_once(role):
    files = [path.read_text(encoding="utf-8") for path in (role / "tasks").glob("*.yml")]
    assert not any("ansible.builtin.shell" in tasks for tasks in files)
    assert all(len(tasks.splitlines()) <= 90 for tasks in files)
    # The internal role acts for all services, one file a step; every other role has one matter.
    assert role.name == "platform" or sum(len(tasks.splitlines()) for tasks in files) <= 230


def test_readmes_of_roles_are_what_their_argument_specs_say():
    command = [sys.executable, str(ROOT / "script/readmes"), "--check"]
    finished = subprocess.run(command, check=False, text=True, capture_output=True)
    assert (finished.returncode, finished.stdout) == (0, ""), finished.stdout + finished.stderr


def test_no_image_floats():
    for role in ROLES:
        defaults = load(role / "defaults/main.yml") or {}
        version = defaults.get(f"{role.name}_version", "pinned")
        assert (
            version not in ("latest", "stable") and any(character.isdigit() for character in version)
        ) or version == "pinned"


def test_both_readmes_have_the_same_commands():
    commands = [
        [
            line.partition("#")[0].strip()
            for line in path.read_text(encoding="utf-8").splitlines()
            if line.startswith(("script/", "ansible-"))
        ]
        for path in (ROOT / "README.md", ROOT / "README.pt-BR.md")
    ]
    assert commands[0] == commands[1] != []


@pytest.mark.parametrize("document", sorted((ROOT / "docs").glob("*.md")), ids=lambda path: path.name)
def test_no_document_has_a_heading_twice(document):
    headings = re.findall(r"^#+ .*", document.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings and len(set(headings)) == len(headings)
