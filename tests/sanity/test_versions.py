"""What is said of versions is the same wherever it is said."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
OLDEST_CORE = "2.19.1"


def cores() -> list[str]:
    """Return the minor versions of ansible-core that the collection is tried with."""
    tree = ast.parse((ROOT / "tests/cores/environments.py").read_text(encoding="utf-8"))
    tried = next(
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "CORES"
    )
    assert OLDEST_CORE in tried
    return sorted({".".join(version.split(".")[:2]) for version in tried})


def loaded(path: str) -> dict:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def test_the_oldest_ansible_core_is_the_same_everywhere():
    assert loaded("meta/runtime.yml")["requires_ansible"] == f">={OLDEST_CORE}"
    roles = {path: yaml.safe_load(path.read_text(encoding="utf-8")) for path in ROOT.glob("roles/*/meta/main.yml")}
    assert {meta["galaxy_info"]["min_ansible_version"] for meta in roles.values()} == {OLDEST_CORE}


@pytest.mark.parametrize("readme", ["README.md", "README.pt-BR.md"])
def test_readers_are_told_the_versions_that_it_is_tried_with(readme):
    rows = re.findall(r"^\| (2\.\d+)", (ROOT / readme).read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == cores()
    assert OLDEST_CORE in (ROOT / readme).read_text(encoding="utf-8")


def test_collections_are_bound_alike_where_they_are_installed_and_where_they_are_needed():
    installed = {item["name"]: item["version"] for item in loaded("requirements.yml")["collections"]}
    assert installed == loaded("galaxy.yml")["dependencies"]
