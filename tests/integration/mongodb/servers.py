"""What the tests of the MongoDB modules run against: a real server where there is one, otherwise our stand-in."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pymongo
from integration.conftest import ROOT, Container
from integration.processes import unshared
from pymongo.uri_parser import parse_uri

ADMIN = {"login_user": "admin", "login_password": unshared("Administrator-of-mongodb-1")}
URL = os.environ.get("BORGSTACK_TEST_MONGODB_URL", "")
GIVEN = "the server in BORGSTACK_TEST_MONGODB_URL"


def kind() -> str:
    """Return what the tests run against."""
    if URL:
        return GIVEN
    for image in ("mongo:8.0", "mongo:7.0"):
        label = '{{index .Config.Labels "borgstack.test.inputs"}}'
        try:
            found = subprocess.run(
                ["docker", "image", "inspect", "--format", label, image], check=False, capture_output=True, text=True
            )
        except FileNotFoundError:
            break
        if found.returncode == 0 and not found.stdout.strip():
            return image
    return "stand-in"


class StandInProcess:
    """The stand-in as a process of its own, as a server is."""

    def __init__(self, *arguments: str, admin: bool = True):
        program = str(ROOT / "tests/standins/mongodb/server.py")
        self._log = Path(tempfile.mkdtemp(prefix="borgstack-mongodb-")) / "log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, program, *(["--root", ADMIN["login_user"]] if admin else []), *arguments],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                text=True,
            )
        self._process.stdin.write(ADMIN["login_password"] + "\n")
        self._process.stdin.close()
        deadline = time.monotonic() + 60
        while "listening on port" not in self.logs():
            assert self._process.poll() is None and time.monotonic() < deadline, self.logs()
            time.sleep(0.05)
        port = int(self.logs().splitlines()[0].rpartition(" ")[2])
        self.login = {"login_host": "127.0.0.1", "login_port": port, **ADMIN}

    def logs(self) -> str:
        """Return all that it printed."""
        return self._log.read_text()

    def remove(self) -> None:
        """Stop it."""
        self._process.kill()
        self._process.wait()


class ImageServer(Container):
    """MongoDB's own image in a container."""

    def __init__(self, image: str):
        first = {"USERNAME": ADMIN["login_user"], "PASSWORD": ADMIN["login_password"]}
        super().__init__(
            image, options=tuple(f"--env=MONGO_INITDB_ROOT_{name}={value}" for name, value in first.items())
        )
        self.login = {"login_host": self.address, "login_port": 27017, **ADMIN}
        deadline = time.monotonic() + 60
        # While it prepares itself, it listens to itself only.
        while not answers(self.login):
            assert time.monotonic() < deadline, self.logs()[-2000:]


class GivenServer:
    """A server that somebody else keeps."""

    def __init__(self):
        parsed = parse_uri(URL)
        host, port = parsed["nodelist"][0]
        self.login = {
            "login_host": host,
            "login_port": port,
            "login_user": parsed["username"],
            "login_password": parsed["password"],
            "login_database": parsed["options"].get("authsource", "admin"),
            "tls": bool(parsed["options"].get("tls", False)),
        }

    def logs(self) -> str:
        """Its log is not to be had from here."""
        return ""

    def remove(self) -> None:
        """Leave it running."""


def connect(login: dict, user: dict | None = None) -> pymongo.MongoClient:
    """Connect as the administrator, or as one of the declared users."""
    who = {
        "username": user["name"] if user else login["login_user"],
        "password": user["password"] if user else login["login_password"],
        "authSource": user.get("database", "admin") if user else login.get("login_database", "admin"),
    }
    place = {"directConnection": True, "tls": login.get("tls", False), "serverSelectionTimeoutMS": 3000}
    return pymongo.MongoClient(login["login_host"], login["login_port"], **who, **place)


def answers(login: dict) -> bool:
    """Return whether a server lets its administrator in; wait a moment where it does not."""
    try:
        with connect(login) as client:
            return bool(client.admin.command("ping"))
    except pymongo.errors.PyMongoError:
        time.sleep(0.5)
        return False


def start(what: str = "") -> StandInProcess | ImageServer | GivenServer:
    """Return a running server of a kind, of that which there is where none is given."""
    what = what or kind()
    start_it = {"stand-in": StandInProcess, GIVEN: GivenServer}.get(what)
    return start_it() if start_it else ImageServer(what)
