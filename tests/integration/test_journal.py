"""No module logs an argument on the host, however a secret is spelled and wherever it stands in the arguments."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from integration.conftest import ROOT
from integration.spellings import spellings

pytestmark = pytest.mark.integration
# What is an action runs on the controller alone, and logs nothing.
ACTIONS = {path.stem for path in (ROOT / "plugins/action").glob("*.py")}
MODULES = sorted({path.stem for path in (ROOT / "plugins/modules").glob("*.py")} - ACTIONS)
# Every character that str(), JSON, shells, URLs or templates spell otherwise.
NASTY = "Seen-7 \\ ' \" $HOME % {{ x }} # \nsecond line"
PLAIN = {"bool": True, "int": 1, "float": 1.0}


@pytest.fixture(scope="module")
def documented() -> dict[str, dict]:
    """The options of all modules by name."""
    command = ["ansible-doc", "--json", "--type", "module", *(f"borgstack.platform.{name}" for name in MODULES)]
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections")}
    said = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return {name.rpartition(".")[2]: told["doc"]["options"] for name, told in json.loads(said.stdout).items()}


class Filler:
    """Gives each option a value; each text is one of its own."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def arguments(self, options: dict) -> dict:
        """Return a value for each option."""
        return {name: self._value(option) for name, option in options.items()}

    def _value(self, option: dict):
        kind = option["type"]
        if kind == "list":
            return [self._value({**option, "type": option.get("elements", "str")})]
        if "choices" in option:
            return option["choices"][-1]
        if kind == "dict" and "suboptions" in option:
            return self.arguments(option["suboptions"])
        if kind == "dict":
            return {"key": self._text()}
        return PLAIN.get(kind) or self._text()

    def _text(self) -> str:
        self.texts.append(f"{NASTY}-{len(self.texts)}-")
        return self.texts[-1]


@pytest.mark.parametrize("kind", ["journal", "syslog"])
@pytest.mark.parametrize("name", MODULES)
def test_a_module_logs_that_it_ran_and_none_of_its_arguments(module, documented, tmp_path, name, kind):
    filler = Filler()
    arguments = filler.arguments(documented[name])
    log = tmp_path / "log"
    module(name, arguments, check=True, before=["integration.recorder:install", kind, str(log)])
    logged = log.read_text(encoding="utf-8")
    assert filler.texts != [] and "Invoked in check mode" in logged
    assert [text for text in filler.texts if any(spelling in logged for spelling in spellings(text))] == []
