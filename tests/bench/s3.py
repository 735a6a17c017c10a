#!/usr/bin/env python3
"""Time s3_buckets beside a loop of amazon.aws.s3_bucket on the same SeaweedFS, in the same run.

Each figure is the median wall time of whole ansible-playbook runs on this machine: 20 buckets with versioning, tags and
a policy, made and then left as they are. The peer asks for settings that SeaweedFS lacks and warns about it; it has no
option that keeps it from asking. Needs boto3 and the collection amazon.aws (requirements-dev.txt). Figures are printed
and kept as by bench.py.
"""

from __future__ import annotations

import argparse
import collections.abc
import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from bench import ROOT, Report

IMAGE = "chrislusf/seaweedfs"
NAME = "borgstack-bench-s3"
LOGIN = {"access_key": "bench", "secret_key": "secret-key-of-the-bench", "region": "us-east-1"}
IDENTITIES = {
    "identities": [
        {
            "name": "bench",
            "credentials": [{"accessKey": LOGIN["access_key"], "secretKey": LOGIN["secret_key"]}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
    ]
}


def bucket(name: str) -> dict:
    """Return the declaration of a bucket, which both modules take."""
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{name}/public/*",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return {"name": name, "versioning": True, "tags": {"team": "crm", "app": name}, "policy": policy}


def docker(*arguments: str) -> str:
    """Run the Docker client; return its output."""
    return subprocess.run(["docker", *arguments], check=True, text=True, capture_output=True).stdout.strip()


@contextlib.contextmanager
def seaweedfs(version: str) -> collections.abc.Iterator[str]:
    """Run a server; give its address."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        Path(folder, "s3.json").write_text(json.dumps(IDENTITIES), encoding="utf-8")
        run = ["run", "--detach", "--name", NAME, "--volume", f"{folder}:/etc/seaweedfs:ro", f"{IMAGE}:{version}"]
        server = ["server", "-ip.bind=0.0.0.0", "-ip=127.0.0.1", "-master.volumePreallocate=false", "-filer", "-s3"]
        docker(*run, *server, "-s3.config=/etc/seaweedfs/s3.json")
        try:
            url = f"http://{docker('inspect', '--format', '{{.NetworkSettings.IPAddress}}', NAME)}:8333"
            deadline = time.monotonic() + 60
            while True:
                try:
                    urllib.request.urlopen(f"{url}/healthz", timeout=2).close()
                    break
                except OSError:
                    if time.monotonic() > deadline:
                        sys.exit(docker("logs", NAME)[-2000:])
                    time.sleep(0.5)
            yield url
        finally:
            docker("rm", "--force", "--volumes", NAME)


def play(task: dict) -> tuple[float, bool]:
    """Run a playbook of one task on this machine; return seconds, and whether it changed something."""
    here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    book = [{"hosts": "localhost", "gather_facts": False, "vars": here, "tasks": [task]}]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "play.json")
        path.write_text(json.dumps(book), encoding="utf-8")
        started = time.monotonic()
        finished = subprocess.run(
            ["ansible-playbook", "--inventory", "localhost,", str(path)],
            check=False,
            cwd=ROOT,
            text=True,
            capture_output=True,
            env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections")},
        )
        seconds = time.monotonic() - started
    if finished.returncode:
        sys.exit(finished.stdout[-4000:] + finished.stderr[-2000:])
    return seconds, int(re.search(r"changed=(\d+)", finished.stdout)[1]) > 0


def ours(url: str, names: list[str], state: str = "present") -> dict:
    """Return our task."""
    buckets = [{**bucket(name), "state": state, "force": True} for name in names]
    return {"borgstack.platform.s3_buckets": {**LOGIN, "endpoint_url": url, "buckets": buckets}}


def theirs(url: str, names: list[str]) -> dict:
    """Return the peer's task, with its loop."""
    properties = {key: f"{{{{ item.{key} }}}}" for key in bucket("")}
    return {
        "amazon.aws.s3_bucket": {**LOGIN, "endpoint_url": url, **properties},
        "loop": [bucket(name) for name in names],
        "loop_control": {"label": "{{ item.name }}"},
    }


def measured(runs: int, url: str, names: list[str], task: dict) -> tuple[float, float]:
    """Return the median seconds of making the buckets, and of running again."""
    first, again = [], []
    for _ in range(runs):
        play(ours(url, names, "absent"))
        for seconds, expected in ((first, True), (again, False)):
            took, changed = play(task)
            if changed != expected:
                sys.exit(f"changed={changed} where {expected} was expected")
            seconds.append(took)
    return statistics.median(first), statistics.median(again)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--buckets", type=int, default=20)
    arguments = parser.parse_args()
    versions = (ROOT / "tests/images/versions.yml").read_text(encoding="utf-8")
    version = re.search(r"^seaweedfs_version: *[\"']?([^\"'\s]+)", versions, re.MULTILINE)[1]
    names = [f"bench-{number:02}" for number in range(arguments.buckets)]
    report = Report()
    with seaweedfs(version) as url:
        our_first, our_again = measured(arguments.runs, url, names, ours(url, names))
        their_first, their_again = measured(arguments.runs, url, names, theirs(url, names))
    peer = "amazon.aws.s3_bucket, looped"
    report.add(f"s3_buckets, {len(names)} buckets, first run", our_first, peer, their_first)
    report.add(f"s3_buckets, {len(names)} buckets, nothing to change", our_again, peer, their_again)


if __name__ == "__main__":
    main()
