"""A stand-in for mongod: it speaks MongoDB's wire protocol and knows the commands about users and simple documents.

Run as a program it prints one line, `listening on port N`, and then its log: one JSON document a command, without
passwords. See README.md.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import socket
import socketserver
import ssl
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from standins.mongodb import commands, privileges, wire
from standins.mongodb.documents import Documents
from standins.mongodb.failures import Failure
from standins.mongodb.scram import Conversation
from standins.mongodb.store import Store

REDACTED = ("pwd", "payload", "speculativeAuthenticate")


@dataclass
class Settings:
    """What is played.

    Attributes:
        version: of MongoDB, by which the answer to hello differs.
        has_authorization: whether rights are enforced.
        replica_set: the name of the set that it says to be a member of, or an empty string.
        primary: the address of that set's primary: `me`, another one, or an empty string where there is none.
        me: the address that it gives for itself.
        hides_credentials: whether usersInfo withholds them, as some servers that are MongoDB by protocol only.
    """

    version: tuple[int, int, int] = (8, 0, 4)
    has_authorization: bool = True
    replica_set: str = ""
    primary: str = "me"
    me: str = ""
    hides_credentials: bool = False
    store: Store = field(default_factory=Store)
    documents: Documents = field(default_factory=Documents)
    log: list[dict] = field(default_factory=list)

    @property
    def is_primary(self) -> bool:
        """Whether it takes writes."""
        return not self.replica_set or self.primary == "me"

    @property
    def set_description(self) -> dict:
        """The part of its hello about the replica set."""
        if not self.replica_set:
            return {}
        primary = self.me if self.primary == "me" else self.primary
        hosts = sorted({self.me, primary} - {""})
        description = {"setName": self.replica_set, "setVersion": 1, "hosts": hosts, "me": self.me}
        return {**description, "secondary": not self.is_primary, **({"primary": primary} if primary else {})}


class Session:
    """One connection."""

    _numbers = itertools.count(1)

    def __init__(self, server: Settings, from_here: bool):
        self.server = server
        self.number = next(self._numbers)
        self.user: tuple[str, str] | None = None
        self.conversation: Conversation | None = None
        self.skips_empty = False
        self._from_here = from_here

    @property
    def is_guarded(self) -> bool:
        """Whether rights are enforced."""
        return self.server.has_authorization

    @property
    def is_first_user_welcome(self) -> bool:
        """Whether MongoDB's localhost exception holds."""
        return self._from_here and self.server.store.is_empty()

    def roles(self) -> list[dict]:
        """Return the roles of who is logged in."""
        found = self.server.store.find(*self.user) if self.user else None
        return found["roles"] if found else []

    def need(self, action: str, resource: str, refusal: str) -> None:
        """Refuse unless an action is allowed on a resource."""
        if not self.is_guarded or privileges.allows(self.roles(), action, resource):
            return
        if self.is_first_user_welcome and (action, resource) in (("createUser", "admin"), ("grantRole", "admin")):
            return
        raise Failure(13, refusal)


class Handler(socketserver.BaseRequestHandler):
    """Serves one connection until the client leaves."""

    def handle(self) -> None:
        """Answer command after command."""
        settings: Settings = self.server.settings
        connection = self.request
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if self.server.tls:
                connection = self.server.tls.wrap_socket(connection, server_side=True)
            self.server.connections.append(connection)
            session = Session(settings, self.client_address[0] in ("127.0.0.1", "::1"))
            while (request := wire.receive(connection)) is not None:
                answer = self._answer(session, request.command)
                if request.wants_answer:
                    wire.answer(connection, request, answer)
        except (OSError, wire.Broken) as error:
            settings.log.append({"connection": "ended", "why": str(error)})

    def _answer(self, session: Session, command: dict) -> dict:
        try:
            answer = commands.run(session, command)
        except Failure as failure:
            answer = failure.answer
        if session.server.hides_credentials:
            for user in answer.get("users", []):
                user.pop("credentials", None)
        self.server.note(command, answer)
        return answer


class StandIn(socketserver.ThreadingTCPServer):
    """The server: `with StandIn(Settings()) as server` serves in threads of its own.

    Args:
        settings: what is played.
        port: where it listens; any free one by default.
        address: on which interface; the loopback one by default.
        certificate: a file with a certificate and its key, for TLS.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, settings: Settings, port: int = 0, certificate: str = "", address: str = "127.0.0.1"):
        super().__init__((address, port), Handler)
        self.settings = settings
        self.port = self.server_address[1]
        settings.me = settings.me or f"127.0.0.1:{self.port}"
        self.tls = None
        self.is_talkative = False
        self.connections: list[socket.socket] = []
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(certificate)

    def __enter__(self) -> StandIn:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_failure) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop listening and cut off whoever is connected."""
        self.shutdown()
        self.server_close()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def note(self, command: dict, answer: dict) -> None:
        """Log a command, without what mongod would not log."""
        shown = {key: "xxx" if key in REDACTED else value for key, value in command.items() if key != "lsid"}
        entry = {"command": shown, "ok": answer["ok"], "code": answer.get("code", 0)}
        self.settings.log.append(entry)
        if self.is_talkative:
            print(json.dumps(entry, default=str), flush=True)


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description="A stand-in for mongod, for tests; not MongoDB.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--version", default="8.0.4")
    parser.add_argument("--no-authorization", action="store_true")
    parser.add_argument("--replica-set", default="")
    parser.add_argument("--primary", default="me", help="address of the primary, me, or empty for none")
    parser.add_argument("--certificate", default="")
    parser.add_argument("--root", default="", help="name of a first user with the role root; its password is read")
    arguments = parser.parse_args()
    settings = Settings(
        version=tuple(int(part) for part in arguments.version.split(".")),
        has_authorization=not arguments.no_authorization,
        replica_set=arguments.replica_set,
        primary=arguments.primary,
    )
    if arguments.root:
        settings.store.create("admin", arguments.root, {"pwd": sys.stdin.readline().rstrip("\n"), "roles": ["root"]})
    server = StandIn(settings, arguments.port, arguments.certificate)
    server.is_talkative = True
    print(f"listening on port {server.port}", flush=True)
    server.serve_forever(poll_interval=0.1)


if __name__ == "__main__":
    main()
