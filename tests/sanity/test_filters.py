"""Each filter is documented by itself."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
import yaml

FOLDER = Path(__file__).resolve().parents[2] / "plugins/filter"
FILES = sorted(FOLDER.glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_filter_has_a_documentation_of_its_own(path):
    module = importlib.import_module(f"ansible_collections.borgstack.platform.plugins.filter.{path.stem}")
    names = set(module.FilterModule().filters())
    if hasattr(module, "DOCUMENTATION"):
        # Ansible would show it for every filter of the file.
        assert names == {path.stem} == {yaml.safe_load(module.DOCUMENTATION)["name"]}
        return
    for name in names:
        documented = yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8"))
        assert documented["DOCUMENTATION"]["name"] == name
        assert f"borgstack.platform.{name}" in documented["EXAMPLES"]
