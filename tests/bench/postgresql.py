"""Time the PostgreSQL modules beside loops of community.postgresql and a bare psql script, in the same run.

Each application is a role with a password, a database of its own closed to others, an extension, a schema and two
grants. "play" is the wall time of the whole `ansible-playbook`, "module" the time inside our two modules, importing
included, without Ansible around them. The server has durable settings. Figures are medians.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
import typing as t

from plays import play
from report import ROOT, Report

sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "collections")]
from integration.postgresql import conftest as servers  # noqa: E402

LAUNCHER = """
import json, resource, runpy, sys, time
from ansible.module_utils import basic
basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = sys.stdin.buffer.read(), "legacy"
started = time.monotonic()
try:
    runpy.run_module("ansible_collections.borgstack.platform.plugins.modules." + sys.argv[1], run_name="__main__")
except SystemExit:
    spent = {"seconds": time.monotonic() - started, "kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}
    print("\\n" + json.dumps(spent))
"""


class Work(t.NamedTuple):
    """The same applications, declared for each way.

    Attributes:
        roles: for `postgresql_roles`.
        databases: for `postgresql_databases`.
        script: for psql.
    """

    roles: list[dict]
    databases: list[dict]
    script: str


def applications(number: int) -> Work:
    """Return so many applications."""
    names = [f"app{index}" for index in range(number)]
    roles = [{"name": name, "password": f"Password-1-{name}"} for name in names] + [{"name": "reader", "login": False}]
    databases = [
        {
            "name": name,
            "owner": name,
            "revoke_public": True,
            "extensions": [{"name": "vector"}],
            "schemas": [{"name": "app", "owner": name}],
            "privileges": [
                {"role": "reader", "on": "database", "privileges": ["CONNECT"]},
                {"role": "reader", "on": "schema", "schema": "app", "privileges": ["USAGE"]},
            ],
        }
        for name in names
    ]
    lines = ["\\set ON_ERROR_STOP on", "select 'create role reader' where to_regrole('reader') is null \\gexec"]
    for name in names:
        lines += [
            "\\c postgres",
            f"select 'create role {name} login' where to_regrole('{name}') is null \\gexec",
            f"alter role {name} password 'Password-1-{name}';",
            f"select 'create database {name} owner {name}' where not exists "
            f"(select from pg_database where datname = '{name}') \\gexec",
            f"\\c {name}",
            f"revoke all on database {name} from public; create extension if not exists vector;",
            f"create schema if not exists app authorization {name};",
            f"grant connect on database {name} to reader; grant usage on schema app to reader;",
        ]
    return Work(roles, databases, "\n".join(lines) + "\n")


def ours(work: Work, login: dict) -> list[dict]:
    """Return the tasks of our way."""
    return [
        {"borgstack.platform.postgresql_roles": {**login, "roles": work.roles}},
        {"borgstack.platform.postgresql_databases": {**login, "databases": work.databases}},
    ]


def peers(work: Work, login: dict) -> list[dict]:
    """Return the tasks of community.postgresql, one looped task a kind."""
    privileges = {"type": "database", "privs": "CONNECT", "login_db": "{{ item.name }}", "role": "reader", **login}
    tasks = [
        ("postgresql_user", work.roles, {"name": "{{ item.name }}", "password": "{{ item.password | default(omit) }}"}),
        ("postgresql_db", work.databases, {"name": "{{ item.name }}", "owner": "{{ item.owner }}"}),
        ("postgresql_ext", work.databases, {"name": "vector", "login_db": "{{ item.name }}"}),
        (
            "postgresql_schema",
            work.databases,
            {"name": "app", "owner": "{{ item.owner }}", "login_db": "{{ item.name }}"},
        ),
        ("postgresql_privs", work.databases, privileges),
        ("postgresql_privs", work.databases, {**privileges, "type": "schema", "objs": "app", "privs": "USAGE"}),
        ("postgresql_privs", work.databases, {**privileges, "role": "PUBLIC", "privs": "ALL", "state": "absent"}),
    ]
    return [
        {f"community.postgresql.{module}": {**login, **options}, "loop": items, "loop_control": {"label": "."}}
        for module, items, options in tasks
    ]


def inside(work: Work, login: dict) -> tuple[float, int]:
    """Run our two modules without Ansible around them; return seconds and the larger one's peak memory in MB."""
    seconds, memory = 0.0, 0
    for module, declared in (
        ("postgresql_roles", {"roles": work.roles}),
        ("postgresql_databases", {"databases": work.databases}),
    ):
        arguments = {"ANSIBLE_MODULE_ARGS": {**login, **declared, "_ansible_remote_tmp": "/tmp"}}
        finished = subprocess.run(
            [sys.executable, "-c", LAUNCHER, module],
            check=True,
            text=True,
            input=json.dumps(arguments),
            capture_output=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "collections")},
        )
        spent = json.loads(finished.stdout.strip().splitlines()[-1])
        seconds, memory = seconds + spent["seconds"], max(memory, spent["kb"] // 1024)
    return seconds, memory


def psql(work: Work, login: dict) -> float:
    """Run the bare script; return seconds."""
    environment = {**os.environ, "PGPASSWORD": login["login_password"]}
    command = ["psql", "--quiet", "--no-psqlrc", "-h", login["login_host"], "-U", "postgres", "--output", "/dev/null"]
    started = time.monotonic()
    subprocess.run(command, check=True, text=True, input=work.script, capture_output=True, env=environment)
    return time.monotonic() - started


def clear(work: Work, login: dict) -> None:
    """Remove what a way has made."""
    absent = [{"name": database["name"], "state": "absent"} for database in work.databases]
    roles = [{"name": role["name"], "state": "absent"} for role in work.roles]
    for leaving in (Work([], absent, ""), Work(roles, [], "")):
        inside(leaving, login)


def measure(number: int, runs: int, with_peers: bool, login: dict, report: Report) -> None:
    """Measure a number of applications; every way starts from a server that has none of them."""
    work = applications(number)
    ways: dict[str, t.Callable[[], float]] = {
        "play": lambda: play(ours(work, login))[0],
        "module": lambda: inside(work, login)[0],
        "psql": lambda: psql(work, login),
    }
    if with_peers:
        ways["community.postgresql"] = lambda: play(peers(work, login))[0]
    seconds: dict[str, tuple[float, float]] = {}
    # A server that was just initialised is slower for a while; whoever is measured first would pay for it.
    psql(work, login)
    clear(work, login)
    for name, way in ways.items():
        first = way()
        seconds[name] = first, statistics.median(way() for _ in range(1 if name == "community.postgresql" else runs))
        if name == "module":
            memory = inside(work, login)[1]
        clear(work, login)
    for index, what in enumerate(("first run", "nothing to change")):
        of = {name: pair[index] for name, pair in seconds.items()}
        label = f"{number} applications, {what}"
        if with_peers:
            report.add(f"{label}: play", of["play"], "community.postgresql", of["community.postgresql"])
        else:
            report.add(f"{label}: play", of["play"])
        report.add(f"{label}: module", of["module"], "psql", of["psql"], f"{memory} MB at most")


def measure_all(runs: int, numbers: list[int], peers_up_to: int, report: Report) -> None:
    """Start a server and measure each number of applications.

    Args:
        runs: of each way with nothing to change.
        numbers: of applications.
        peers_up_to: the loops are measured up to so many applications; they take minutes.
        report: takes the figures.
    """
    server = servers.start(servers.NEWEST, ())
    try:
        login = {"login_host": server.address, "login_user": "postgres", "login_password": servers.PASSWORD}
        for number in numbers:
            measure(number, runs, number <= peers_up_to, login, report)
    finally:
        server.remove()
