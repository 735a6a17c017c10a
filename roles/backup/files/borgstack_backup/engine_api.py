# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Docker's own interface, for the one thing that its client has no arguments for: a container made like another one."""

from __future__ import annotations

import http.client
import json
import os
import socket
import typing as t

from borgstack_backup.failure import SERVICE, Failure

SOCKET = "/var/run/docker.sock"
SECONDS = 120


class _Connection(http.client.HTTPConnection):
    """HTTP over the socket that Docker listens on."""

    def connect(self) -> None:
        """Connect to it."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(SECONDS)
        host = os.environ.get("DOCKER_HOST", "")
        self.sock.connect(host[len("unix://") :] if host.startswith("unix://") else SOCKET)


def create_container(name: str, settings: dict[str, t.Any]) -> str:
    """Make a container, which does not run yet, and return its id.

    Args:
        name: its name.
        settings: as the interface takes them, which is as an inspection shows them. Secrets are in no argument.
    """
    connection = _Connection("docker")
    try:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", f"/containers/create?name={name}", json.dumps(settings), headers)
        answer = connection.getresponse()
        said = json.loads(answer.read() or b"{}")
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Failure(
            SERVICE, f"Docker did not answer: {error}", "see that Docker runs, then run again", name
        ) from None
    finally:
        connection.close()
    if answer.status != http.client.CREATED:
        raise Failure(SERVICE, f"Docker refused it: {said.get('message')}", "correct what it says and run again", name)
    return said["Id"]
