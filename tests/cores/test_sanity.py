"""ansible-test's own sanity tests of what we ship, with each supported ansible-core."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from cores.environments import CORES, environment_of, needs_deep_run, pips_of, python_of
from plays import ROOT

# These look for programs that are no part of Python; the scripts here are few, and ruff and our own tests read them.
SKIPPED = ("pslint", "shellcheck")
# As long as everything else, and told by the same rules in all releases of one version: the oldest of them has it in
# deep runs alone.
ONCE_A_VERSION = ("pylint",)


def shipped() -> list[str]:
    """Return the files that are tracked and go into the artifact, and what ansible-test is told to ignore."""
    tracked = subprocess.run(["git", "ls-files"], check=True, cwd=ROOT, text=True, capture_output=True).stdout.split(
        "\n"
    )
    left_out = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["build_ignore"]
    ignores = [path for path in tracked if path.startswith("tests/sanity/ignore-")]
    return ignores + [path for path in tracked if path.split("/")[0] not in left_out]


@pytest.fixture(scope="module")
def collection(tmp_path_factory) -> Path:
    """A copy where ansible-test expects it: it wants real directories, and a Git repository to know its files by."""
    folder = tmp_path_factory.mktemp("tree") / "ansible_collections/borgstack/platform"
    for path in shipped():
        if (ROOT / path).is_file():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, folder / path)
    subprocess.run(["git", "init", "--quiet"], check=True, cwd=folder)
    subprocess.run(["git", "add", "--all"], check=True, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def ansible_test(collection):
    """Return a function that runs sanity tests with a version of ansible-core, or skips without its Python."""
    home = ROOT / ".cache/ansible-test"

    def run(core: str, python: str, *arguments: str, beside: Path | None = None) -> subprocess.CompletedProcess:
        environment = environment_of(core)
        if environment is None:
            pytest.skip(f"this machine has no Python {CORES[core]}, which ansible-core {core} is tried with")
        for version in pips_of(environment):
            place = home / ".ansible/test/cache" / f"get_pip_{version.replace('.', '_')}.py"
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(Path(__file__).with_name("get_pip.py"), place)
        path = os.pathsep.join(map(str, [environment, *([beside] if beside else []), os.environ["PATH"]]))
        return subprocess.run(
            [str(environment / "ansible-test"), "sanity", "--local", "--python", python, "--color", "no", *arguments],
            check=False,
            cwd=collection,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HOME": str(home), "PATH": path, "LC_ALL": "C.UTF-8"},
        )

    return run


@pytest.mark.parametrize("core", CORES)
def test_sanity(ansible_test, core):
    if needs_deep_run("sanity", core):
        pytest.skip("left to script/test --deep")
    is_told_already = core.count(".") == 2 and not os.environ.get("BORGSTACK_TEST_DEEP")
    skipped = SKIPPED + ONCE_A_VERSION * is_told_already
    finished = ansible_test(core, CORES[core], *(word for name in skipped for word in ("--skip-test", name)))
    assert finished.returncode == 0, finished.stdout[-20000:]


@pytest.mark.parametrize("python", ["3.8", "3.9"])
def test_what_runs_on_a_host_can_be_imported_by_its_oldest_python(ansible_test, python):
    interpreter = python_of(python)
    if interpreter is None:
        pytest.skip(f"this machine has no Python {python}, which hosts may have")
    finished = ansible_test("2.19", python, "--test", "compile", "--test", "import", beside=Path(interpreter).parent)
    assert finished.returncode == 0, finished.stdout[-20000:]
