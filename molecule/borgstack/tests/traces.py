"""What is left of secrets where nobody should find them, on the server and the controller, in every spelling."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import typing as t
from pathlib import Path

from integration.spellings import spellings

# Where world-readable files are looked for, and where Ansible and its modules put what is temporary.
READABLE = "/opt /etc /root /home /tmp /var /run /srv /usr/local /dev/shm"
TEMPORARY = "/tmp /var/tmp /dev/shm /root/.ansible /home"
# Each prints all that has been logged. The journal compresses long entries, so its files cannot be searched.
LOGS = {
    "the journal": "journalctl --no-pager --all --output export",
    "/var/log": "find /var/log -path /var/log/journal -prune -o -type f -print0 | xargs -0 -r zcat --force",
    "containers' logs": "for one in $(docker ps --all --quiet); do docker logs $one 2>&1; done",
}
PLACES = {*LOGS, "readable by all", "temporary", "left on the controller", "output"}
PLACES |= {"process list of the server", "process list of the controller"}
# No secret, but spelled like one: shown at each place, so that a search which finds it there does search there.
DECOY = "Decoy-7 \\ ' \" $HOME {{ x }} # in-every-place"
# Reads the decoy; repr() is how Python, and so Ansible, writes a text within another one.
SHOW = """
import subprocess, sys
decoy = repr(sys.stdin.read() + "'\\"")
for path in ("/var/log/decoy", "/srv/decoy", "/tmp/decoy"):
    with open(path, "w") as file:
        file.write(decoy)
subprocess.run(["logger", "--tag", "decoy"], input=decoy * 99, text=True, check=True)
image = subprocess.run(["docker", "ps", "--format", "{{.Image}}"], stdout=subprocess.PIPE, text=True, check=True)
container = ["docker", "run", "--interactive", "--name", "decoy", "--network", "none", "--entrypoint", "cat"]
subprocess.run([*container, image.stdout.split()[0]], input=decoy, stdout=subprocess.DEVNULL, text=True, check=True)
subprocess.run([sys.executable, "-c", "import time; time.sleep(1)", decoy], check=True)
"""
# Prints each command line of the server that it has not seen yet, until it is told to stop.
SAMPLER = """
import glob, select, sys
seen = set()
while not select.select([sys.stdin], [], [], 0.02)[0]:
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            line = open(path, errors="replace").read().replace("\\0", " ")
        except OSError:
            continue
        if line not in seen:
            seen.add(line)
            print(line)
"""


class Traces:
    """Looks for secrets.

    Args:
        server: name of the server's container.
        secrets: the secrets by name, former ones included.
    """

    def __init__(self, server: str, secrets: dict[str, str]):
        self._server = server
        self._names = {spelling: name for name, value in secrets.items() for spelling in spellings(value)}
        self._seen: dict[str, str] = {}

    @contextlib.contextmanager
    def sampled(self) -> t.Iterator[None]:
        """Keep all command lines of the server and of this machine that there are until the block ends."""
        python = {
            "process list of the server": ["docker", "exec", "--interactive", self._server, "python3"],
            "process list of the controller": [sys.executable],
        }
        with contextlib.ExitStack() as stack:
            for place, interpreter in python.items():
                stack.enter_context(self._sampling(place, [*interpreter, "-c", SAMPLER]))
            yield

    @contextlib.contextmanager
    def _sampling(self, place: str, command: list[str]) -> t.Iterator[None]:
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as lines:
            sampler = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=lines, text=True)
            try:
                yield
            finally:
                sampler.communicate("\n")
                lines.seek(0)
                self.keep(place, lines.read())

    def show_the_decoy(self) -> None:
        """Have the decoy seen at each place; while the command lines are sampled."""
        command = ["docker", "exec", "--interactive", self._server, "python3", "-c", SHOW]
        subprocess.run(command, check=True, text=True, input=DECOY)
        subprocess.run([sys.executable, "-c", "import time; time.sleep(1)", DECOY], check=True)
        (Path(tempfile.gettempdir()) / "ansible-decoy").write_text(DECOY, encoding="utf-8")
        self.keep("output", DECOY)

    def keep(self, place: str, text: str) -> None:
        """Keep what was seen at a place, for a search later on."""
        self._seen[place] = self._seen.get(place, "") + text

    def found(self) -> set[tuple[str, str]]:
        """Return place and name of each secret that is seen anywhere."""
        try:
            return self._found()
        finally:
            (Path(tempfile.gettempdir()) / "ansible-decoy").unlink(missing_ok=True)
            remove = "docker rm --force decoy; rm -f /var/log/decoy /srv/decoy /tmp/decoy"
            subprocess.run(["docker", "exec", self._server, "sh", "-c", remove], check=True, capture_output=True)

    def _found(self) -> set[tuple[str, str]]:
        hits = {(place, name) for place, text in self._seen.items() for name in self._in(text)}
        for place, command in LOGS.items():
            hits |= {(place, name) for name in self._printed(command)}
        for place, user, folders in (("readable by all", "nobody", READABLE), ("temporary", "root", TEMPORARY)):
            # Special files would never end, and other file systems are the kernel's.
            search = f"grep -rahoFf /dev/fd/3 --devices=skip {folders} 2>/dev/null"
            hits |= {(place, self._names[line]) for line in self._asked(search, user)}
        return hits | {("left on the controller", name) for name in self._left()}

    def _in(self, text: str) -> set[str]:
        return {name for spelling, name in self._names.items() if spelling in text}

    def _printed(self, command: str) -> set[str]:
        return {self._names[line] for line in self._asked(f"{{ {command}; }} | grep -aoFf /dev/fd/3 | sort -u", "root")}

    def _asked(self, command: str, user: str) -> set[str]:
        """Run a command that reads what is looked for from its descriptor 3; on a command line it would be a leak."""
        script = f"exec 3<&0 </dev/null; {command}"
        return self._searched(["docker", "exec", "--interactive", "--user", user, self._server, "bash", "-c", script])

    def _left(self) -> set[str]:
        folders = [Path.home() / ".ansible/tmp", *Path(tempfile.gettempdir()).glob("ansible*")]
        command = ["grep", "-rahoFf", "/dev/stdin", "--devices=skip", *map(str, folders)]
        return {self._names[line] for line in self._searched(command)}

    def _searched(self, command: list[str]) -> set[str]:
        asked = subprocess.run(
            command, check=False, text=True, errors="replace", input=self._patterns, capture_output=True
        )
        return set(asked.stdout.splitlines()) & set(self._names)

    @property
    def _patterns(self) -> str:
        return "".join(f"{spelling}\n" for spelling in self._names)
