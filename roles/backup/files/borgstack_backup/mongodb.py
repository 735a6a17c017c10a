# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""MongoDB: an archive of all databases by the image's own tools."""

from __future__ import annotations

import json
from pathlib import Path

from borgstack_backup.commands import Container, wait_for
from borgstack_backup.failure import DATA, Failure
from borgstack_backup.part import Part, file_name
from borgstack_backup.plan import Source

# The first bytes of every archive.
MAGIC = bytes.fromhex("6de29981")


class MongoDB:
    """One instance, through the tools in its own container, which read the password from standard input."""

    def __init__(self, source: Source, container: Container):
        self._source, self._container = source, container

    def save(self, root: Path) -> list[Part]:
        """Write an archive below `root`."""
        part = Part("mongodb", self._source.instance, f"mongodb/{file_name(self._source.instance)}.archive")
        path = root / part.file
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            self._container.exec(*self.command("mongodump"), stdin=self._login(), stdout=file, where=part.name)
        with path.open("rb") as file:
            if file.read(4) != MAGIC:
                raise Failure(DATA, "the archive is empty", "see the container's log, then run again", part.name)
        part.source = {"instance": self._source.instance}
        return [part]

    def wait_until_ready(self) -> None:
        """Wait until it answers."""
        command = [*self.command("mongodump"), "--db=admin", "--collection=system.version"]
        wait_for(lambda: self._container.exec(*command, stdin=self._login()), self._source.instance)

    def restore(self, part: Part, root: Path) -> None:
        """Put the archive's collections in place of those that there are."""
        # Standard input is the archive, so the password goes by a file that the shell in the container is given.
        script = 'umask 077; printf %s "$LOGIN" >/tmp/login.yml; "$@"; s=$?; rm -f /tmp/login.yml; exit $s'
        command = ["sh", "-c", script, "restore", *self.command("mongorestore", "/tmp/login.yml"), "--drop"]
        with (root / part.file).open("rb") as file:
            login = {"LOGIN": self._login()}
            self._container.exec(*command, environment=login, stdin=file, where=part.name, category=DATA)

    def command(self, program: str, login: str = "/dev/stdin") -> list[str]:
        """Return the arguments of a tool, in which there is no secret."""
        user = ["--username", self._source.user, "--authenticationDatabase", "admin"]
        return [program, f"--port={self._source.port}", *user, "--config", login, "--archive", "--quiet"]

    def _login(self) -> str:
        return json.dumps({"password": self._source.password})
