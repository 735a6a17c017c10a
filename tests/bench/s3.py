"""Time s3_buckets beside a loop of amazon.aws.s3_bucket on the same SeaweedFS, in the same run.

Each figure is the median wall time of whole `ansible-playbook` runs: buckets with versioning, tags and a policy, made
and then left as they are. The peer asks for settings that SeaweedFS lacks and warns about it; no option of it keeps it
from asking.
"""

from __future__ import annotations

import statistics
import sys

from plays import play
from report import ROOT, Report

sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "collections")]
from integration.s3.servers import SeaweedFS  # noqa: E402


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


def ours(login: dict, names: list[str], state: str = "present") -> dict:
    """Return our task."""
    buckets = [{**bucket(name), "state": state, "force": True} for name in names]
    return {"borgstack.platform.s3_buckets": {**login, "buckets": buckets}}


def theirs(login: dict, names: list[str]) -> dict:
    """Return the peer's task, with its loop."""
    properties = {key: f"{{{{ item.{key} }}}}" for key in bucket("")}
    return {
        "amazon.aws.s3_bucket": {**login, **properties},
        "loop": [bucket(name) for name in names],
        "loop_control": {"label": "{{ item.name }}"},
    }


def measured(runs: int, login: dict, names: list[str], task: dict) -> tuple[float, float]:
    """Return the median seconds of making the buckets, and of running again."""
    first, again = [], []
    for _ in range(runs):
        play([ours(login, names, "absent")])
        for seconds, expected in ((first, 1), (again, 0)):
            took, changed = play([task])
            if changed != expected:
                sys.exit(f"changed={changed} where {expected} was expected")
            seconds.append(took)
    return statistics.median(first), statistics.median(again)


def measure_all(runs: int, number: int, report: Report) -> None:
    """Start a server and measure a number of buckets."""
    names = [f"bench-{index:02}" for index in range(number)]
    server = SeaweedFS()
    try:
        login = {**server.login, "region": "us-east-1"}
        our_first, our_again = measured(runs, login, names, ours(login, names))
        their_first, their_again = measured(runs, login, names, theirs(login, names))
    finally:
        server.remove()
    peer = "amazon.aws.s3_bucket, looped"
    report.add(f"{number} buckets, first run: play", our_first, peer, their_first)
    report.add(f"{number} buckets, nothing to change: play", our_again, peer, their_again)
