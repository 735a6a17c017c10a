#!/usr/bin/env python3
"""Hold the published images to their contracts, and say contract by contract where they differ from the stand-ins.

For whoever reaches a registry. Pulls each image under the name and tag that the roles use by default, runs the probes
of its CONTRACT.md in it, then the tests that the contract names, and on request whole scenarios, with these images in
place of the stand-ins. Ends with 1 if anything differs. The report is printed and kept as build/published.txt.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from published.contracts import ROOT, Contract, all_contracts, places_of_tests, published_images

# Parts of a checkout that a copy of it needs.
PARTS = ("ansible.cfg", "collections", "inventories", "meta", "molecule", "playbooks", "plugins", "pyproject.toml")
PARTS += (
    "galaxy.yml",
    "requirements.txt",
    "requirements-dev.txt",
    "roles",
    "script",
    "site.yml",
    "tests",
    "changelogs",
)
SECONDS = 120


def docker(*arguments: str, **keywords) -> subprocess.CompletedProcess:
    """Run the Docker client; what it says comes as one text."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.run(["docker", *arguments], check=False, text=True, **streams, **keywords)


def pulled(image: str, registry: str) -> str:
    """Pull an image; return what went wrong, or nothing."""
    done = docker("pull", f"{registry}/{image}" if registry else image)
    return done.stdout.strip().splitlines()[-1] if done.returncode else ""


def probe(image: str, command: str) -> str:
    """Run a command in an image; return what went wrong, or nothing."""
    try:
        done = docker("run", "--rm", "--network=none", "--entrypoint=sh", image, "-c", command, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return f"did not end within {SECONDS} s"
    return f"ended with {done.returncode}: {done.stdout.strip()[-300:]}" if done.returncode else ""


def probed(contract: Contract, image: str) -> list[str]:
    """Return in words where an image differs from its contract, as far as probes tell."""
    return [
        f"{point.says} ({point.upstream}): `{command}` {problem}"
        for point in contract.points
        for command in point.probes
        if (problem := probe(image, command))
    ]


def checkout_with(versions: dict[str, str], folder: Path) -> Path:
    """Return a copy of the checkout whose tests use the published tags of the images that were pulled."""
    for part in PARTS:
        source = ROOT / part
        copy = shutil.copytree if source.is_dir() else shutil.copy2
        copy(source, folder / part, **({"symlinks": True} if source.is_dir() else {}))
    (folder / ".venv").symlink_to((ROOT / ".venv").resolve())
    file = folder / "tests/images/versions.yml"
    file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text(encoding="utf-8")), **versions}), encoding="utf-8")
    return folder


def failed_tests(folder: Path, *arguments: str) -> dict[str, str]:
    """Run pytest there; return why tests failed, by their names."""
    results = folder / "published.xml"
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(folder / "collections")}
    command = [sys.executable, "-m", "pytest", "-q", f"--junit-xml={results}", *arguments]
    done = subprocess.run(command, check=False, cwd=folder, env=environment)
    if not results.exists():
        return {"pytest": f"ended with {done.returncode}"}
    found = {}
    for case in ElementTree.parse(results).iter("testcase"):
        for problem in (*case.iter("failure"), *case.iter("error")):
            found[case.attrib["name"].split("[")[0]] = problem.attrib.get("message", "")[:300]
    return found


def tested(contracts: list[Contract], failed: dict[str, str]) -> dict[str, list[str]]:
    """Return in words what failed of the tests that contracts name, by contract."""
    return {
        contract.image: [
            f"{point.says} ({point.upstream}): {name} failed: {failed[name]}"
            for point in contract.points
            for name in point.tests
            if name in failed
        ]
        for contract in contracts
    }


def report(contracts: list[Contract], differences: dict[str, list[str]], unprobed: dict[str, str]) -> str:
    """Return the report."""
    lines = []
    for contract in contracts:
        if contract.image in unprobed:
            lines.append(f"{contract.image}: not looked at, {unprobed[contract.image]}")
            continue
        found = differences.get(contract.image, [])
        lines.append(
            f"{contract.image}: {len(contract.points)} points, {len(found) or 'no'} difference{'s' * (len(found) != 1)}"
        )
        lines += [f"  - {one}" for one in found]
    return "\n".join(lines) + "\n"


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="script/test --published", description=__doc__)
    parser.add_argument(
        "--registry", default="", help="a mirror that all images are pulled from, such as mirror.lan:5000"
    )
    parser.add_argument("--only", action="append", help="an image's short name, such as n8n (all)")
    parser.add_argument("--probes", action="store_true", help="only the probes, no tests")
    parser.add_argument("--scenarios", action="store_true", help="whole scenarios as well")
    return parser.parse_args()


def main() -> int:
    """Hold the images to their contracts; return the exit status."""
    wanted = arguments()
    contracts = [one for one in all_contracts() if not wanted.only or one.name in wanted.only]
    unprobed, differences = {}, {}
    for contract in contracts:
        if problem := pulled(contract.image, wanted.registry):
            unprobed[contract.image] = f"it cannot be pulled: {problem}"
            continue
        local = f"{wanted.registry}/{contract.image}" if wanted.registry else contract.image
        differences[contract.image] = probed(contract, local)
        if wanted.registry and not wanted.probes:
            docker("tag", local, contract.image)
        print(f"{contract.image}: probed", flush=True)
    looked_at = [one for one in contracts if one.image in differences]
    if looked_at and not wanted.probes:
        roles = {image: role for role, image in published_images().items()}
        versions = {f"{roles[one.image]}_version": one.image.split(":")[1] for one in looked_at if one.image in roles}
        places = places_of_tests()
        names = sorted({name for one in looked_at for point in one.points for name in point.tests} & set(places))
        with tempfile.TemporaryDirectory(prefix="borgstack-published-") as folder:
            checkout = checkout_with(versions, Path(folder))
            chosen = sorted({places[name] for name in names if places[name].startswith("tests/integration/")})
            failed = failed_tests(checkout, *chosen, "-k", " or ".join(names)) if chosen else {}
            if wanted.scenarios:
                failed |= failed_tests(checkout, "-m", "scenario", "tests/scenarios")
        for image, found in tested(looked_at, failed).items():
            differences[image] += found
    text = report(contracts, differences, unprobed)
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build/published.txt").write_text(text, encoding="utf-8")
    print(text, end="")
    return 1 if unprobed or any(differences.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
