"""What roles verify by themselves is what they provision."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
HOOKS = sorted(path for path in (ROOT / "roles").glob("*/tasks/verify.yml") if path.with_name("provision.yml").exists())


def modules_of(path: Path) -> dict[str, dict]:
    """Return the collection's own modules that a file of tasks declares something to, with what that is."""
    tasks = yaml.safe_load(path.read_text(encoding="utf-8"))
    tasks = [inner for task in tasks for inner in task.get("block", [task])]
    return {
        name: {key: value for key, value in options.items() if key in ("roles", "databases", "users", "buckets")}
        for task in tasks
        for name, options in task.items()
        if name.startswith("borgstack.platform.") and not name.endswith("_info")
    }


@pytest.mark.parametrize("hook", HOOKS, ids=lambda path: path.parts[-3])
def test_a_datastore_is_verified_against_what_it_is_provisioned_with(hook):
    provisioned = modules_of(hook.with_name("provision.yml"))
    verified = modules_of(hook)
    assert verified and verified == {name: provisioned[name] for name in verified}


@pytest.mark.parametrize("path", sorted((ROOT / "roles").glob("*/tasks/verify.yml")), ids=lambda path: path.parts[-3])
def test_a_hook_can_neither_change_nor_stop_a_verification(path):
    text = path.read_text(encoding="utf-8")
    role = path.parts[-3]
    assert "changed_when: false" in text and "failed_when: false" in text
    assert f"{role}_verified:" in text
    assert (
        "verify" in (path.parents[1] / "vars/main.yml").read_text(encoding="utf-8").split("hooks:")[1].splitlines()[0]
    )
