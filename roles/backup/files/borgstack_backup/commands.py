# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Runs programs, in containers too. Secrets go by the environment or by standard input, never by an argument."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import time
import typing as t
from dataclasses import dataclass

from borgstack_backup.failure import FULL_WORDS, NETWORK, SERVICE, Failure, full

_LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def ends_with_us() -> None:
    """Have the kernel end a program that is just being started when this one is killed; restic would hold its lock."""
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def run(
    argv: t.Sequence[str],
    where: str,
    category: int = SERVICE,
    remedy: str = "correct what it says and run again",
    environment: t.Mapping[str, str] | None = None,
    stdin: t.Any = None,
    stdout: t.Any = subprocess.PIPE,
    good: t.Sequence[int] = (0,),
) -> str:
    """Run a program and return what it printed.

    Args:
        argv: the program and its arguments.
        where: what it is about, for a failure.
        category: of a failure.
        remedy: of a failure.
        environment: variables beside those that there are.
        stdin: an open file, a text, or nothing.
        stdout: an open file in place of what is returned.
        good: statuses of success.
    """
    text = stdin if isinstance(stdin, str) else None
    finished = subprocess.run(
        list(argv),
        check=False,
        env={**os.environ, **(environment or {})},
        input=text.encode() if text is not None else None,
        stdin=None if text is not None else (stdin or subprocess.DEVNULL),
        stdout=stdout,
        stderr=subprocess.PIPE,
        preexec_fn=ends_with_us,
    )
    said = last_words(finished.stderr)
    if finished.returncode not in good:
        if any(words in said.lower() for words in FULL_WORDS):
            raise full(where)
        raise Failure(category, f"{argv[0]} ended with {finished.returncode}: {said}", remedy, where)
    return (finished.stdout or b"").decode(errors="replace")


def wait_for(step: t.Callable[[], t.Any], where: str, seconds: int = 300) -> None:
    """Repeat a step until it does not fail any more."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            step()
        except Failure as failure:
            if time.monotonic() > deadline:
                raise Failure(SERVICE, f"it did not answer within {seconds} s", failure.remedy, where) from None
            time.sleep(0.3)
        else:
            return


def last_words(errors: bytes) -> str:
    """Return the end of what a program complained of, in one line."""
    lines = errors.decode(errors="replace").strip().splitlines()
    return " / ".join(lines[-3:])[-400:] or "it said nothing"


@dataclass(frozen=True)
class Container:
    """A container of the project."""

    id: str
    service: str
    running: bool

    def exec(self, *command: str, environment: t.Mapping[str, str] | None = None, **options: t.Any) -> str:
        """Run a program in it; as `run` does."""
        argv = self.argv(command, environment or {})
        return run(argv, options.pop("where", self.service), environment=environment, **options)

    def argv(self, command: t.Sequence[str], environment: t.Mapping[str, str]) -> list[str]:
        """Return how a program is run in it, which takes the values of variables from the client's own."""
        names = [argument for name in environment for argument in ("--env", name)]
        return ["docker", "exec", "--interactive", *names, self.id, *command]

    def inspect(self) -> dict:
        """Return what Docker knows of it."""
        return json.loads(run(["docker", "inspect", self.id], self.service))[0]

    def address(self) -> str:
        """Return an address of it that the host reaches."""
        networks = self.inspect()["NetworkSettings"]["Networks"].values()
        addresses = [network["IPAddress"] for network in networks if network["IPAddress"]]
        if not addresses:
            raise Failure(NETWORK, "it has no address", "run site.yml, then this again", self.service)
        return addresses[0]


def containers(project: str, *filters: str) -> list[Container]:
    """Return the project's containers, or those of them that filters of Docker leave."""
    wanted = [f"--filter={text}" for text in (f"label=com.docker.compose.project={project}", *filters)]
    form = '{{.ID}}\t{{.Label "com.docker.compose.service"}}\t{{.State}}'
    listed = run(["docker", "ps", "--all", "--no-trunc", *wanted, f"--format={form}"], "Docker")
    rows = [line.split("\t") for line in listed.splitlines()]
    return [Container(row[0], row[1], row[2] == "running") for row in rows]


def running(project: str, service: str) -> Container:
    """Return the container of a service, which has to run."""
    found = containers(project, f"label=com.docker.compose.service={service}")
    if not found or not found[0].running:
        raise Failure(SERVICE, "its container does not run", "run site.yml, which starts it, then this again", service)
    return found[0]
