"""Versions of ansible-core, each in an environment of its own below .cache/cores."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import ansible
from plays import ROOT

# By version of ansible-core, the Python of the controller that it is tried with: the oldest that is supported, the
# newest for the Python of our own environment, and the newest of all.
CORES = {"2.19.1": "3.11", "2.19": "3.11", "2.20": "3.12", "2.21": "3.13"}
# Those whose environment gets what the unit tests import and our own collections, too; our own environment has one of
# the others.
UNIT_TESTED = ("2.20", "2.21")
# Tried in deep runs alone.
DEEP = {"sanity": ("2.20", "2.21"), "units": ("2.20",)}
NOT_FOR_UNITS = ("ansible", "antsibull", "molecule", "pytest-testinfra", "ruff", "yamllint")


def python_of(version: str) -> str | None:
    """Return an interpreter of a version, or None where this machine has none that works."""
    found = shutil.which(f"python{version}")
    installed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    for candidate in [found, *map(str, installed)]:
        if candidate and subprocess.run([candidate, "--version"], check=False, capture_output=True).returncode == 0:
            return candidate
    return None


def unit_packages() -> list[str]:
    """Return what the unit tests need beside ansible-core."""
    lines = [line for name in ("requirements.txt", "requirements-dev.txt") for line in (ROOT / name).open("rt")]
    return [line.strip() for line in lines if line[0] not in "#-" and not line.startswith(NOT_FOR_UNITS)]


def environment_of(core: str) -> Path | None:
    """Return the `bin` folder of an environment with a version of ansible-core, or None without its Python."""
    python = python_of(CORES[core])
    if python is None:
        return None
    folder = ROOT / ".cache/cores" / core
    stamp = folder / "packages"
    wanted = [f"ansible-core=={core}" if core.count(".") == 2 else f"ansible-core~={core}.0"]
    wanted += unit_packages() if core in UNIT_TESTED else []
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != "\n".join(wanted):
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([python, "-m", "venv", str(folder)], check=True)
        pip = [str(folder / "bin/pip"), "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *wanted], check=True)
        if core in UNIT_TESTED:
            [packages] = folder.glob("lib/*/site-packages")
            (packages / "ansible_collections").symlink_to(Path(ansible.__file__).parents[1] / "ansible_collections")
        stamp.write_text("\n".join(wanted), encoding="utf-8")
    return folder / "bin"


def pips_of(environment: Path) -> set[str]:
    """Return the versions of pip that this ansible-test makes its environments with."""
    [source] = environment.parent.glob("lib/*/site-packages/ansible_test/_internal/python_requirements.py")
    return set(re.findall(r"pip='([\d.]+)'", source.read_text(encoding="utf-8")))


def needs_deep_run(battery: str, core: str) -> bool:
    """Tell whether this is left to deep runs, and this is none."""
    return core in DEEP[battery] and not os.environ.get("BORGSTACK_TEST_DEEP")
