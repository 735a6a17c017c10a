#!/usr/bin/env python3
"""Time a converge beside bare Docker Compose on the same server, in the same run.

Starts a disposable server, deploys to it, and measures. Prints a table and appends JSON lines to build/bench.jsonl:
name, ours_s, reference, reference_s, ratio. Each figure is the median of the runs asked for.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

from report import Report

ROOT = Path(__file__).resolve().parents[2]
NAME = "borgstack-bench"
INVENTORY = ROOT / ".cache/testbed" / NAME / "hosts.yml"
SETTINGS = {"platform_secrets_file": str(INVENTORY.with_name("vault.yml")), "demo_https_port": 443}
DELAY_MS = 50
KNOWN_HOSTS = INVENTORY.with_name("known_hosts")
DELAYED = (
    f"-o UserKnownHostsFile={KNOWN_HOSTS} -o ControlPath=/tmp/borgstack-bench-%p "
    f"-o ProxyCommand='{sys.executable} {ROOT / 'tests/bench/delay.py'} %h %p {DELAY_MS}'"
)


def server(command: str) -> None:
    """Run a command on the server."""
    subprocess.run(["docker", "exec", NAME, "sh", "-c", command], check=True, capture_output=True)


def converge(*arguments: str) -> tuple[float, int, int]:
    """Run the main job; return seconds, changes and module executions."""
    command = [
        "ansible-playbook",
        "site.yml",
        "-i",
        str(INVENTORY),
        "-i",
        str(ROOT / "tests/bench/inventory"),
        *arguments,
    ]
    environment = {
        **os.environ,
        "ANSIBLE_CALLBACKS_ENABLED": "borgstack.platform.progress",
        "ANSIBLE_VAULT_PASSWORD_FILE": str(ROOT / "molecule/shared/vault-password"),
    }
    started = time.monotonic()
    finished = subprocess.run(
        [*command, "-e", json.dumps(SETTINGS)], check=False, cwd=ROOT, env=environment, text=True, capture_output=True
    )
    seconds = time.monotonic() - started
    if finished.returncode:
        sys.exit(finished.stdout[-4000:] + finished.stderr[-2000:])
    changed = int(re.search(r"changed=(\d+)", finished.stdout)[1])
    executions = int(re.search(r"with (\d+) module executions", finished.stdout)[1])
    return seconds, changed, executions


def compose(arguments: str) -> float:
    """Run bare Docker Compose on the rendered project; return seconds."""
    started = time.monotonic()
    server(f"cd /opt/borgstack && docker compose {arguments}")
    return time.monotonic() - started


def unchanged(runs: int, *arguments: str) -> tuple[float, int]:
    """Return the median seconds of converges that change nothing, and their module executions."""
    results = [converge(*arguments) for _ in range(runs)]
    if any(changed for _, changed, _ in results):
        sys.exit("a converge that should have changed nothing changed something")
    return statistics.median(seconds for seconds, _, _ in results), results[0][2]


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--keep", action="store_true", help="leave the server for another look")
    arguments = parser.parse_args()
    testbed = [sys.executable, str(ROOT / "tests/testbed/server.py")]
    subprocess.run([*testbed, "down", NAME, "--volumes"], check=True)
    subprocess.run([*testbed, "up", NAME], check=True, stdout=subprocess.DEVNULL)
    report = Report()
    try:
        first, _, executions = converge()
        report.add(
            "first deployment, images present", first, note=f"{executions} module executions, packages by apt included"
        )
        seconds, executions = unchanged(arguments.runs)
        noop = statistics.median(compose("up --detach") for _ in range(arguments.runs))
        report.add(
            "second converge, nothing to change", seconds, "bare compose up -d", noop, f"{executions} module executions"
        )
        seconds, executions = unchanged(arguments.runs, "--tags", "n8n")
        report.add("one service alone (--tags n8n)", seconds, note=f"{executions} module executions")
        compose("down")
        reference = compose("up --detach --wait")
        compose("down")
        ours, _, executions = converge()
        report.add(
            "cold start, data present", ours, "bare compose up --wait", reference, f"{executions} module executions"
        )
        seconds, executions = unchanged(arguments.runs, "-e", json.dumps({"ansible_ssh_common_args": DELAYED}))
        report.add(f"second converge, {DELAY_MS} ms network delay", seconds, note=f"{executions} module executions")
    finally:
        if not arguments.keep:
            subprocess.run([*testbed, "down", NAME, "--volumes"], check=True)


if __name__ == "__main__":
    main()
