# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a verification looks at and what it says about what it saw: pure functions that return rows.

A row says of one check of one component whether it is ok; one that is not has a category and a remedy.
"""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    DATA,
    INTEGRATION,
    NETWORK,
    PREREQUISITE,
    SERVICE_STARTUP,
)
from ansible_collections.borgstack.platform.plugins.module_utils.notes import DEPLOYED
from ansible_collections.borgstack.platform.plugins.plugin_utils.checks import checks_of, declared_checks
from ansible_collections.borgstack.platform.plugins.plugin_utils.compose import DECLARED_LABEL
from ansible_collections.borgstack.platform.plugins.plugin_utils.declaration import Declaration
from ansible_collections.borgstack.platform.plugins.plugin_utils.deployed import deployed_image
from ansible_collections.borgstack.platform.plugins.plugin_utils.state import by_service, drift

OK = "ok"
FAILED = "failed"
SKIPPED = "not checked"

# A container that was started this often by its restart policy, the last time so short ago, is in a loop.
LOOP_RESTARTS = 3
LOOP_SECONDS = 600
# After a reboot containers start all at once, and some end until what they need is there: no loop, if they then stay.
SETTLING_SECONDS = 120

Row = dict[str, t.Any]


def good(component: str, check: str, what: str) -> Row:
    """Return the row of a check that is ok."""
    return {"component": component, "check": check, "state": OK, "what": what, "category": None, "remedy": ""}


def failed(component: str, check: str, what: str, category: int, remedy: str) -> Row:
    """Return the row of a check that is not ok."""
    return {
        "component": component,
        "check": check,
        "state": FAILED,
        "what": what,
        "category": category,
        "remedy": remedy,
    }


def skipped(component: str, check: str, why: str) -> Row:
    """Return the row of a check that could not be made, because of something that has a row of its own."""
    return {**good(component, check, why), "state": SKIPPED}


def container_rows(
    declarations: dict[str, Declaration], containers: list[dict], project: dict, settings: dict[str, t.Any]
) -> list[Row]:
    """Return how each declared container is.

    Args:
        declarations: of the instances that are looked at.
        containers: as returned by the module `containers_info`.
        project: the Compose project as declared.
        settings: `directory` of the project, `memory_percent` that is too much, `deployed`: the notes by instance.
    """
    found = by_service(containers)
    platform_age = max((_age(item) for item in containers), default=0)
    rows = []
    for instance, declaration in declarations.items():
        for name in declaration.get("containers", {}):
            problems = _container_problems(name, found.get(name), project, platform_age, settings)
            problems += _image_problems(instance, name, found.get(name, {}), project, settings)
            check = f"container {name}"
            rows += [failed(instance, check, *problem) for problem in problems] or [
                good(instance, check, _container_words(found[name]))
            ]
    return rows


def orphan_rows(containers: list[dict], project: dict) -> list[Row]:
    """Return a failed row for each container of the project that nobody declares."""
    return [
        failed("platform", f"container {name}", "it is not declared", CONFIGURATION, "run site.yml, which removes it")
        for name in sorted(by_service(containers))
        if name not in project["services"]
    ]


def _container_problems(
    name: str, container: dict | None, project: dict, platform_age: int, settings: dict[str, t.Any]
) -> list[tuple[str, int, str]]:
    """Return what is wrong with a container: what, category and remedy."""
    compose = f"docker compose --project-directory {settings['directory']}"
    logs = f"read `{compose} logs --tail 50 {name}` on the host, correct the cause and run site.yml"
    if container is None:
        return [("it does not exist", SERVICE_STARTUP, "run site.yml")]
    problems = []
    measured = container.get("measured", {})
    state = container["State"]
    restarts = measured.get("restarts") or 0
    if state == "paused":
        problems.append(("it is paused", SERVICE_STARTUP, f"run `{compose} unpause {name}` on the host"))
    elif state == "restarting":
        what = f"it ends and is started again and again, {restarts} times so far{_end(measured)}"
        problems.append((what, SERVICE_STARTUP, logs))
    elif state != "running":
        problems.append((f"it is {state}{_end(measured)}", SERVICE_STARTUP, logs))
    else:
        age = _age(container)
        if restarts >= LOOP_RESTARTS and age < min(LOOP_SECONDS, platform_age - SETTLING_SECONDS):
            what = f"it was started again {restarts} times, the last time {duration(age)} ago"
            problems.append((what, SERVICE_STARTUP, logs))
        problems += _health_problems(container["Status"], logs)
    service = project["services"][name]
    if container["Labels"].get(DECLARED_LABEL) != service["labels"][DECLARED_LABEL]:
        problems.append(("it runs with another configuration than declared", CONFIGURATION, "run site.yml"))
    elif changed := drift(container, service, project["name"]):
        problems.append(("; ".join(changed), CONFIGURATION, "run site.yml, which makes it anew; its data stays"))
    used, limit = measured.get("memory_mb"), measured.get("memory_limit_mb")
    if used is not None and limit and used * 100 >= limit * settings["memory_percent"]:
        remedy = "raise its memory limit in the inventory, or give it less to do; at the limit it is ended"
        problems.append((f"it uses {used} MB of its limit of {limit} MB", PREREQUISITE, remedy))
    return problems


def _image_problems(
    instance: str, name: str, container: dict, project: dict, settings: dict[str, t.Any]
) -> list[tuple[str, int, str]]:
    """A name of an image can be given to another one by anybody who may speak to Docker."""
    measured, image = container.get("measured", {}), project["services"][name]["image"]
    runs, tagged = measured.get("image", ""), measured.get("tagged_image", "")
    noted = deployed_image(settings["deployed"].get(instance, {}), name, image)
    if runs and noted and runs != noted:
        what = f"it was made anew by hand: {image} was {noted[:19]} when it was deployed, and it runs {runs[:19]}"
        directory = settings["directory"]
        remedy = (
            f"`docker tag {noted[:19]} {image}`, then `docker compose --project-directory {directory} up -d {name}` on "
            f"the host undoes that; if it was meant, remove {directory}/{DEPLOYED}/{instance}.json there and run "
            "site.yml, which notes what runs"
        )
        return [(what, CONFIGURATION, remedy)]
    if runs and tagged and runs != tagged:
        what = f"the name of its image, {image}, stands for another one on the host than was deployed"
        remedy = f"see who made {tagged[:19]} of it; `docker tag {runs[:19]} {image}` undoes that"
        return [(what, CONFIGURATION, remedy)]
    return []


def _age(container: dict) -> int:
    """Return how many seconds ago a container was started; 0 for one that does not run."""
    return container.get("measured", {}).get("started_seconds_ago") or 0


def _health_problems(status: str, logs: str) -> list[tuple[str, int, str]]:
    """Only a container that says that it is healthy is; a health that nobody knows is none."""
    if status.endswith("(healthy)"):
        return []
    if status.endswith("(unhealthy)"):
        return [("its health check fails", SERVICE_STARTUP, logs)]
    if status.endswith("(health: starting)"):
        return [("it is not ready yet", SERVICE_STARTUP, f"wait and verify again; if that does not help, {logs}")]
    return [("nobody knows whether it is healthy: it has no health check", SERVICE_STARTUP, "run site.yml")]


def _end(measured: dict) -> str:
    if measured.get("out_of_memory"):
        return "; it was ended because it reached its memory limit"
    return f"; it ended with status {measured['exit_code']}" if measured.get("exit_code") is not None else ""


def _container_words(container: dict) -> str:
    measured = container.get("measured", {})
    words = ["healthy"]
    if measured.get("started_seconds_ago") is not None:
        words.append(f"up {duration(measured['started_seconds_ago'])}")
    if measured.get("memory_mb") is not None:
        words.append(f"{measured['memory_mb']} of {measured['memory_limit_mb']} MB")
    return ", ".join(words)


def duration(seconds: int) -> str:
    """Return a duration for people."""
    for size, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {name}"
    return f"{seconds} s"


def inside_rows(declarations: dict[str, Declaration], addresses: dict[str, str], results: list[dict]) -> list[Row]:
    """Return what came of the declared checks.

    Args:
        declarations: of the instances that are looked at.
        addresses: of the containers that run, as given to `checks_of`.
        results: of the module `http_checks`, in the order of `checks_of`.
    """
    answers = dict(zip((check["name"] for check in checks_of(declarations, addresses)), results))
    rows = []
    for instance, check, container in declared_checks(declarations):
        answer = answers.get(f"{instance}: {check['name']}")
        if answer is None:
            rows.append(skipped(instance, check["name"], f"container {container} does not run"))
        elif answer["ok"]:
            rows.append(good(instance, check["name"], answer["what"]))
        else:
            category = int(check.get("category", SERVICE_STARTUP))
            remedy = check.get("remedy") or f"see the log of container {container}"
            rows.append(failed(instance, check["name"], answer["what"], category, remedy))
    return rows


def module_row(result: dict, check: str) -> Row:
    """Return the row of a provisioning module that ran in check mode; for hooks, so without a component.

    Args:
        result: what the module returned.
        check: what it proves, in words.
    """
    error = result.get("error")
    if error:
        return failed("", check, error["what"], error["category"], error["remedy"])
    if "plan" not in result:
        return failed("", check, result.get("msg", "it gave no result"), INTEGRATION, "see what the message says")
    if result["plan"]:
        return failed("", check, f"site.yml would {'; '.join(result['plan'])}", CONFIGURATION, "run site.yml")
    return good("", check, "as declared")


def wire_rows(result: dict) -> list[Row]:
    """Return the rows of the module `message_path`; for a hook, so without a component.

    Args:
        result: what the module returned; skipped where one of its ends does not run.
    """
    if result.get("skipped"):
        return [skipped("", "the path of messages", "n8n or Chatwoot does not run")]
    if "wires" not in result:
        return [module_row(result, "the path of messages")]
    return [
        good("", wire["wire"], wire["detail"] or "works")
        if wire["ok"]
        else failed("", wire["wire"], wire["detail"], wire["category"], wire["remedy"])
        for wire in result["wires"]
    ]


def disk_row(data: dict[str, t.Any], minimum_gb: float, maximum_percent: float) -> Row:
    """Return whether there is room where data lies.

    Args:
        data: `path`, `total_gb` and `free_gb`, as measured by `host_info`.
        minimum_gb: what must be free.
        maximum_percent: how full it may be.
    """
    percent = 100 * (1 - data["free_gb"] / data["total_gb"]) if data["total_gb"] else 100
    words = f"{data['free_gb']} of {data['total_gb']} GB free at {data['path']}"
    if data["free_gb"] >= minimum_gb and percent <= maximum_percent:
        return good("host", "disk space", words)
    remedy = "remove what is not needed or enlarge the disk; see `docker system df` on the host. Never prune volumes"
    what = f"{words}; {minimum_gb:g} GB and {100 - maximum_percent:g} % are expected"
    return failed("host", "disk space", what, DATA if data["free_gb"] < 1 else PREREQUISITE, remedy)


def rows_of_hosts(rows: dict[str, list[Row]]) -> list[Row]:
    """Return the rows of all hosts; where there are several, each component says on which host it is.

    Args:
        rows: by host.
    """
    several = len(rows) > 1
    merged = []
    for host, of_host in rows.items():
        lost = failed("verification", "reach the host", "it said nothing", NETWORK, "see why the host did not answer")
        for row in of_host or [lost]:
            merged.append(
                {**row, "host": host, "component": f"{host}: {row['component']}" if several else row["component"]}
            )
    return merged
