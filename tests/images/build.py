#!/usr/bin/env python3
"""Build the test images that are missing or whose inputs changed, and tag them with their published names.

An image's inputs are its folder, its base image and its version; their hash is kept in a label of the image.
Needs a reachable Docker engine and, for the base images, debootstrap. As many are built at a time as there are
processors; each step is a line.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import typing as t
from dataclasses import dataclass
from pathlib import Path

import yaml
from progress import Progress
from schedule import run_all

HERE = Path(__file__).resolve().parent
LABEL = "borgstack.test.inputs"
MACHINE_CA = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True)
class Image:
    """One image to build: `folder` holds its Dockerfile (from here), `base` is a key of BASES or of IMAGES."""

    folder: str
    name: str
    base: str
    version: str = ""
    target: str = ""
    needs_ca: bool = False
    service: bool = True


def images(versions: dict[str, t.Any]) -> dict[str, Image]:
    """Return every test image by key, in the order in which they have to be built."""
    return {
        "node": Image("node", "borgstack-test/node", "trixie", versions["node_version"], needs_ca=True, service=False),
        "n8n": Image("n8n", "n8nio/n8n", "node", versions["n8n_version"], needs_ca=True),
        "directus": Image("directus", "directus/directus", "node", versions["directus_version"], needs_ca=True),
        "postgresql": Image("postgresql", "pgvector/pgvector", "sid", versions["postgresql_version"]),
        **{
            f"postgresql-{version.split('.')[0]}": Image(
                "postgresql-older", "borgstack-test/postgresql", "node", version, needs_ca=True, service=False
            )
            for version in versions["postgresql_older_versions"]
        },
        "postgresql-translated": Image(
            "postgresql-translated", "borgstack-test/postgresql-translated", "postgresql", service=False
        ),
        "pgbouncer": Image("pgbouncer", "borgstack-test/pgbouncer", "trixie", service=False),
        "registry": Image("registry", "borgstack-test/registry", "trixie", service=False),
        "mongodb": Image("../standins/mongodb", "mongo", "trixie", versions["mongodb_version"]),
        "lowcoder": Image(
            "../standins/applications",
            "lowcoderorg/lowcoder-ce",
            "trixie",
            versions["lowcoder_version"],
            target="lowcoder",
        ),
        "duplicati": Image(
            "../standins/applications",
            "duplicati/duplicati",
            "trixie",
            versions["duplicati_version"],
            target="duplicati",
        ),
        "redis": Image("redis", "redis", "trixie", versions["redis_version"]),
        "redis-7": Image("redis", "redis", "bookworm", versions["redis_7_version"], service=False),
        "valkey": Image("valkey", "valkey/valkey", "sid", versions["valkey_version"], service=False),
        "seaweedfs": Image("seaweedfs", "chrislusf/seaweedfs", "trixie", versions["seaweedfs_version"], needs_ca=True),
        "keycloak": Image(
            "keycloak",
            "quay.io/keycloak/keycloak",
            "trixie",
            versions["keycloak_version"],
            needs_ca=True,
        ),
        "fileflows": Image("fileflows", "revenz/fileflows", "node", versions["fileflows_version"]),
        "caddy": Image("caddy", "caddy", "trixie", versions["caddy_version"], needs_ca=True),
        "evolution-api": Image(
            "../standins/evolution",
            "evoapicloud/evolution-api",
            "node",
            versions["evolution_api_version"],
            needs_ca=True,
        ),
        "evolution-api-2.2": Image(
            "../standins/evolution",
            "atendai/evolution-api",
            "node",
            versions["evolution_api_2_2_version"],
            needs_ca=True,
            service=False,
        ),
        "chatwoot": Image("../standins/chatwoot", "chatwoot/chatwoot", "trixie", versions["chatwoot_version"]),
        "server-bare": Image("server", "borgstack-test/server-bare", "trixie", target="bare", service=False),
        "server": Image("server", "borgstack-test/server", "trixie", target="docker", service=False),
        "server-bookworm": Image(
            "server", "borgstack-test/server-bookworm", "bookworm", target="docker", service=False
        ),
    }


BASES = {suite: f"borgstack-test/base-{suite}:latest" for suite in ("bookworm", "trixie", "sid")}


# A step as either of Docker's builders tells it.
STEP = re.compile(r"^(?:Step |#\d+ \[(?:\S+ +)?)(?P<number>\d+/\d+)(?: :|\]) (?P<what>.{1,60})")


class BuildFailed(Exception):
    """An image could not be built; says which, and what was printed."""


def docker(*arguments: str) -> subprocess.CompletedProcess:
    """Run the Docker client with its output captured."""
    return subprocess.run(["docker", *arguments], check=False, text=True, capture_output=True)


def reference(image: Image) -> str:
    """Return the image's full name and tag."""
    return f"{image.name}:{image.version or 'latest'}"


def image_id(name: str) -> str:
    """Return the id of a local image, or an empty string."""
    return docker("image", "inspect", "--format", "{{.Id}}", name).stdout.strip()


def build_base(suite: str, progress: Progress) -> str:
    """Make a minimal Debian root file system an image, once; return what was done in words."""
    if image_id(BASES[suite]):
        return "unchanged"
    with tempfile.TemporaryDirectory(prefix="borgstack-base-") as root:
        progress.step(BASES[suite], f"debootstrap {suite}")
        made = subprocess.run(
            ["debootstrap", "--variant=minbase", suite, root], check=False, text=True, capture_output=True
        )
        if made.returncode:
            raise BuildFailed(f"{BASES[suite]}: debootstrap failed\n{made.stdout[-4000:]}\n{made.stderr[-4000:]}")
        progress.step(BASES[suite], "docker import")
        with subprocess.Popen(["tar", "-C", root, "-c", "."], stdout=subprocess.PIPE) as archive:
            subprocess.run(
                ["docker", "import", "-", BASES[suite]], check=True, stdin=archive.stdout, stdout=subprocess.DEVNULL
            )
    return "built"


def inputs_of(image: Image, base_id: str) -> str:
    """Return the hash of everything that the image is made from."""
    digest = hashlib.sha256(f"{base_id} {image.version} {image.target}".encode())
    for path in sorted((HERE / image.folder).rglob("*")):
        if path.is_file() and path.parent.name != "__pycache__":
            digest.update(os.path.relpath(path, HERE).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def build(image: Image, base: str, progress: Progress) -> str:
    """Build one image if its inputs changed; return what was done in words."""
    inputs = inputs_of(image, image_id(base))
    built_from = docker("image", "inspect", "--format", f'{{{{index .Config.Labels "{LABEL}"}}}}', reference(image))
    if built_from.stdout.strip() == inputs:
        return "unchanged"
    with tempfile.TemporaryDirectory(prefix="borgstack-image-") as context:
        shutil.copytree(HERE / image.folder, context, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        if image.needs_ca:
            shutil.copy(MACHINE_CA, context)
        command = ["build", "--tag", reference(image), "--label", f"{LABEL}={inputs}", "--build-arg", f"BASE={base}"]
        command += ["--build-arg", f"VERSION={image.version}"] if image.version else []
        command += ["--target", image.target] if image.target else []
        _watch([*command, context], reference(image), progress)
    return "built"


def _watch(command: list[str], name: str, progress: Progress) -> None:
    """Run a build and tell its steps as they come."""
    plain = {**os.environ, "BUILDKIT_PROGRESS": "plain"}
    printed = []
    with subprocess.Popen(
        ["docker", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=plain,
    ) as process:
        for line in process.stdout:
            printed.append(line)
            found = STEP.match(line)
            if found:
                progress.step(name, f"step {found['number']} {found['what'].strip()}")
    if process.returncode:
        raise BuildFailed(f"{name}: the build failed\n{''.join(printed)[-8000:]}")


def chosen(known: dict[str, Image], wanted: list[str]) -> dict[str, set[str]]:
    """Return what is to be built, by key what has to be there before it: the images asked for and all below them."""
    keys = set(wanted)
    while more := {known[key].base for key in keys if key in known} - keys:
        keys |= more
    # A base comes up where it is needed first, so that what takes longest begins as early as it can.
    order = dict.fromkeys(name for key, image in known.items() if key in keys for name in (image.base, key))
    return {key: {known[key].base} if key in known else set() for key in order}


def build_all(known: dict[str, Image], wanted: list[str]) -> None:
    """Build what is asked for and what it is based on."""
    needs = chosen(known, wanted)
    with Progress(len(needs)) as progress:

        def work(key: str) -> None:
            if key in BASES:
                progress.ended(BASES[key], build_base(key, progress))
                return
            image = known[key]
            base = BASES.get(image.base) or reference(known[image.base])
            progress.ended(reference(image), build(image, base, progress))

        run_all(needs, work, at_a_time=max(2, os.cpu_count() or 2))


def main() -> None:
    """Build the images asked for, or all of them."""
    known = images(yaml.safe_load((HERE / "versions.yml").read_text(encoding="utf-8")))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", action="store_true", help="print the names of the service images and stop")
    parser.add_argument("image", nargs="*", choices=[[], *known], help="what to build (all)")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(reference(image) for image in known.values() if image.service))
        return
    try:
        build_all(known, arguments.image or list(known))
    except BuildFailed as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
