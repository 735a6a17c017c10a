#!/usr/bin/env python3
"""Make and remove disposable servers on this machine: containers with systemd, SSH and their own Docker.

`up NAME` starts one as a hoster hands it over (user `deploy` with sudo, an SSH key) with the service images already
in its Docker, and writes an inventory for it; `down NAME` removes it. Everything that belongs to a server lies in
.cache/testbed/NAME, in the container NAME and in the volume NAME-docker. A server has a network with the others and an
address there that stays its own over restarts, so whatever else starts containers meanwhile.
"""

from __future__ import annotations

import argparse
import hashlib
import ipaddress
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "testbed"
SERVER_IMAGE = "borgstack-test/server:latest"
# What a server may be: as its name says with Docker, or bare.
KINDS = {
    "trixie": SERVER_IMAGE,
    "bookworm": "borgstack-test/server-bookworm:latest",
    "bare": "borgstack-test/server-bare:latest",
}
BASE_IMAGE = "borgstack-test/base-trixie:latest"
NETWORK = "borgstack-testbed"
SUBNET = ipaddress.ip_network("10.213.57.0/24")

# Exactly what systemd and an inner Docker need. SYS_TIME and a writable /proc/sys would let a test change this
# machine's clock and kernel settings; that is why it is never --privileged.
RIGHTS = [
    "--cap-add=ALL",
    *(f"--cap-drop={name}" for name in ("SYS_RESOURCE", "SYS_TIME", "SYS_MODULE", "SYS_RAWIO")),
    "--security-opt=seccomp=unconfined",
    "--security-opt=apparmor=unconfined",
    "--cgroupns=private",
    "--tmpfs=/run:exec",
    "--tmpfs=/run/lock",
    "--tmpfs=/tmp:exec",
]

# Most of a Docker data directory is the layers of images, which are read and removed, but never written to: of those
# links to the same files will do, which saves half a minute and more a server.
COPY = """
set -e
cd "$1"
attributes="--xattrs --xattrs-include=* --numeric-owner"
tar $attributes --create --exclude='./overlay2/*/diff' . | tar $attributes --extract --preserve-permissions -C "$2"
for layer in overlay2/*/diff; do
  if [ -d "$layer" ]; then cp --archive --link "$layer" "$2/$layer"; fi
done
"""


def docker(*arguments: str, check: bool = True, stdin: bytes | None = None) -> str:
    """Run the Docker client and return what it printed.

    Raises:
        SystemExit: it failed and `check` is set.
    """
    finished = subprocess.run(["docker", *arguments], check=False, capture_output=True, input=stdin)
    if check and finished.returncode:
        sys.exit(f"docker {' '.join(arguments[:3])} …: {finished.stderr.decode().strip()}")
    return finished.stdout.decode().strip()


def service_images() -> list[str]:
    """Return the names of the locally built service images."""
    command = [sys.executable, str(ROOT / "tests/images/build.py"), "--list"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def wait_for(what: str, ready, seconds: int = 60) -> None:
    """Wait until `ready()` is true, polling four times a second.

    Raises:
        SystemExit: it was not within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            sys.exit(f"{what}: not within {seconds} s")
        time.sleep(0.25)


def ensure_network() -> None:
    """Make the servers' network, if there is none; two that start at once may both try."""
    if not docker("network", "inspect", "--format={{.Id}}", NETWORK, check=False):
        made = docker("network", "create", f"--subnet={SUBNET}", NETWORK, check=False)
        if not made and not docker("network", "inspect", "--format={{.Id}}", NETWORK, check=False):
            sys.exit(f"the network {NETWORK} ({SUBNET}) cannot be made; is the subnet taken? See docker network ls")


def free_addresses(name: str) -> list[str]:
    """Return the addresses that no server has, stopped ones included, beginning where this server usually lies."""
    servers = docker("ps", "--all", "--quiet", f"--filter=network={NETWORK}").split()
    asked = f'{{{{with index .NetworkSettings.Networks "{NETWORK}"}}}}{{{{.IPAMConfig.IPv4Address}}}}{{{{end}}}}'
    taken = docker("inspect", f"--format={asked}", *servers).split() if servers else []
    free = [str(address) for address in SUBNET.hosts() if str(address) not in taken][1:]
    start = int(hashlib.sha256(name.encode()).hexdigest(), 16) % len(free)
    return free[start:] + free[:start]


def boot(name: str, image: str, volume: str, *options: str) -> None:
    """Start a server container under an address of its own and wait for its systemd."""
    ensure_network()
    mounts = [f"--volume={volume}:/var/lib/docker"]
    for address in free_addresses(name)[:5]:
        place = [f"--network={NETWORK}", f"--ip={address}"]
        command = ["run", "--detach", f"--name={name}", f"--hostname={name}", *place, *mounts, *RIGHTS, *options, image]
        started = subprocess.run(["docker", *command], check=False, capture_output=True, text=True)
        # Another server may have taken it a moment ago.
        if "Address already in use" not in started.stderr:
            break
        docker("rm", "--force", name)
    if started.returncode:
        sys.exit(f"{name} does not start: {started.stderr.strip()}")
    states = {"running", "degraded"}
    wait_for(f"{name}: systemd", lambda: docker("exec", name, "systemctl", "is-system-running", check=False) in states)


def seed_volume() -> str:
    """Return a volume with all service images in a Docker data directory, made on first use.

    Loading gigabytes of images into every new server takes minutes; copying a directory takes seconds. A seed of former
    images is where the next one begins: only what it lacks is loaded.
    """
    images = service_images()
    ids = docker("image", "inspect", "--format={{.Id}}", *images).split()
    volume = f"borgstack-seed-{hashlib.sha256(' '.join([docker_of_server(), *ids]).encode()).hexdigest()[:12]}"
    if docker("volume", "ls", "--quiet", f"--filter=name=^{volume}$"):
        return volume
    builder = f"{volume}-builder"
    docker("rm", "--force", builder, check=False)
    docker("volume", "rm", f"{builder}-data", check=False)
    former = docker("volume", "ls", "--quiet", "--filter=name=^borgstack-seed-[0-9a-f]+$").split()
    if former:
        copy_volume(former[0], f"{builder}-data")
    boot(builder, SERVER_IMAGE, f"{builder}-data")
    wait_for("the inner Docker", lambda: docker("exec", builder, "docker", "version", check=False))
    present = docker("exec", builder, "docker", "image", "ls", "--quiet", "--no-trunc").split()
    load(builder, [name for name, id in zip(images, ids) if id not in present])
    docker("exec", builder, "docker", "image", "prune", "--force")
    docker("exec", builder, "systemctl", "stop", "docker.socket", "docker.service", "containerd.service")
    docker("rm", "--force", builder)
    # Under its final name only when it is complete.
    copy_volume(f"{builder}-data", volume)
    docker("volume", "rm", f"{builder}-data")
    for stale in former:
        docker("volume", "rm", stale, check=False)
    return volume


def docker_of_server() -> str:
    """Return the id of the image that servers are made from, whose Docker reads the seed."""
    return docker("image", "inspect", "--format={{.Id}}", SERVER_IMAGE)


def load(server: str, images: list[str]) -> None:
    """Load images of this machine into a server's Docker."""
    if not images:
        return
    with subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE) as save:
        subprocess.run(
            ["docker", "exec", "--interactive", server, "docker", "load", "--quiet"],
            check=True,
            stdin=save.stdout,
            stdout=subprocess.DEVNULL,
        )


def copy_volume(source: str, target: str) -> None:
    """Copy a Docker data directory, owners, links and attributes included."""
    docker("volume", "create", target)
    # By one mount, since there are no links from one to another; with the right to see all attributes.
    volumes = Path(docker("volume", "inspect", "--format={{.Mountpoint}}", source)).parents[1]
    rights = [f"--volume={volumes}:/volumes", "--cap-add=SYS_ADMIN"]
    places = [f"/volumes/{source}/_data", f"/volumes/{target}/_data"]
    docker("run", "--rm", *rights, BASE_IMAGE, "bash", "-o", "pipefail", "-c", COPY, "copy", *places)


def address_of(name: str) -> str:
    """Return the server's address."""
    return docker("inspect", "--format={{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name)


def is_running(name: str) -> bool:
    """Tell whether the server's container runs."""
    return docker("inspect", "--format={{.State.Running}}", name, check=False) == "true"


def authorise(name: str, folder: Path) -> None:
    """Give the user `deploy` our key, and us the server's host key."""
    key = folder / "id_ed25519"
    if not key.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    place = "install -m 0600 -o deploy -g deploy /dev/stdin /home/deploy/.ssh/authorized_keys"
    docker("exec", "--interactive", name, "sh", "-c", place, stdin=Path(f"{key}.pub").read_bytes())
    host_key = docker("exec", name, "cut", "-d", " ", "-f", "1,2", "/etc/ssh/ssh_host_ed25519_key.pub")
    (folder / "known_hosts").write_text(f"{address_of(name)} {host_key}\n", encoding="utf-8")
    wait_for(f"{name}: SSH", lambda: docker("exec", name, "systemctl", "is-active", "ssh", check=False) == "active")


def write_inventory(path: Path, name: str, folder: Path, https_port: int) -> None:
    """Write an inventory with the server as the group `platform`."""
    host = {
        "ansible_host": address_of(name),
        "ansible_user": "deploy",
        "ansible_ssh_private_key_file": str(folder / "id_ed25519"),
        "ansible_ssh_common_args": f"-o UserKnownHostsFile={folder / 'known_hosts'}",
        "demo_https_port": https_port,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("---\n" + yaml.safe_dump({"platform": {"hosts": {name: host}}}), encoding="utf-8")


def up(name: str, inventory: Path, https_port: int, kind: str) -> None:
    """Start the server, one of KINDS, or start it again, and write its inventory."""
    folder = CACHE / name
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not is_running(name):
        if docker("inspect", "--format={{.Id}}", name, check=False):
            docker("start", name)
        else:
            volume = f"{name}-docker"
            if kind != "bare" and not docker("volume", "ls", "--quiet", f"--filter=name=^{volume}$"):
                copy_volume(seed_volume(), volume)
            publish = [f"--publish=127.0.0.1:{https_port}:443"] if https_port != 443 else []
            boot(name, KINDS[kind], volume, *publish)
    authorise(name, folder)
    write_inventory(inventory, name, folder, https_port)
    print(json.dumps({"name": name, "address": address_of(name), "inventory": str(inventory)}))


def down(name: str, volumes: bool) -> None:
    """Remove the server; with `volumes` its data, keys and inventory too."""
    docker("rm", "--force", name, check=False)
    if volumes:
        docker("volume", "rm", f"{name}-docker", check=False)
        shutil.rmtree(CACHE / name, ignore_errors=True)


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    starting = verbs.add_parser("up")
    starting.add_argument("name")
    starting.add_argument("--inventory", type=Path, help="where its inventory goes (.cache/testbed/NAME/hosts.yml)")
    starting.add_argument("--https-port", type=int, default=443, help="loopback port that reaches its 443 (none)")
    starting.add_argument("--kind", choices=KINDS, default="trixie", help="which Debian; bare is without Docker")
    stopping = verbs.add_parser("down")
    stopping.add_argument("name")
    stopping.add_argument("--volumes", action="store_true", help="its data too")
    arguments = parser.parse_args()
    if arguments.verb == "up":
        inventory = arguments.inventory or CACHE / arguments.name / "hosts.yml"
        up(arguments.name, inventory.resolve(), arguments.https_port, arguments.kind)
    else:
        down(arguments.name, arguments.volumes)


if __name__ == "__main__":
    main()
