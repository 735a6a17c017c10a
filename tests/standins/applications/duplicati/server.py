"""A stand-in for Duplicati's server: login, host names, backup jobs, health. It uploads nothing."""

from __future__ import annotations

import hmac
import ipaddress
import os
import re
import secrets
import sys
import threading
from pathlib import Path

import sealed
from web import Answer, Request, Site, check_variables

USAGE_LEVEL = "USAGEREPORTER_Duplicati_LEVEL"
KNOWN = {
    "DUPLICATI_CHANNEL",
    "DUPLICATI_VERSION",
    "GID",
    "SETTINGS_ENCRYPTION_KEY",
    "UID",
    USAGE_LEVEL,
    "XDG_CONFIG_HOME",
    *(
        f"DUPLICATI__{name}"
        for name in (
            "DISABLE_DB_ENCRYPTION",
            "DISABLE_UPDATE_CHECK",
            "LOG_FILE",
            "LOG_LEVEL",
            "REQUIRE_DB_ENCRYPTION_KEY",
            "SETTINGS_ENCRYPTION_KEY",
            "TEMPDIR",
            "WEBSERVICE_ALLOWED_HOSTNAMES",
            "WEBSERVICE_INTERFACE",
            "WEBSERVICE_PASSWORD",
            "WEBSERVICE_PORT",
            "WEBSERVICE_PRE_AUTH_TOKENS",
            "WEBSERVICE_TIMEZONE",
        )
    ),
}
REQUIRED = ("DUPLICATI__WEBSERVICE_PASSWORD", "SETTINGS_ENCRYPTION_KEY")
MASK = "**********"
SECRET_OPTIONS = ("passphrase", "auth-password")
LOCAL = ("localhost", "localhost.localdomain")


class Server:
    """The jobs, and who may see them."""

    def __init__(self) -> None:
        self._path = Path(os.environ["XDG_CONFIG_HOME"]) / "Duplicati/Duplicati-server.sqlite"
        self._key = os.environ["SETTINGS_ENCRYPTION_KEY"]
        self._password = os.environ["DUPLICATI__WEBSERVICE_PASSWORD"]
        self._jobs: dict[str, dict] = sealed.load(self._path, self._key)
        self._tokens: set[str] = set()
        self._lock = threading.Lock()
        names = os.environ.get("DUPLICATI__WEBSERVICE_ALLOWED_HOSTNAMES", "")
        self._hosts = {*LOCAL, *filter(None, names.split(";"))}
        sealed.save(self._path, self._key, self._jobs)

    def admit(self, request: Request) -> Answer | None:
        """Refuse a host name that is not ours, and whoever is not logged in."""
        host = re.sub(r":\d+$", "", request.headers.get("Host", ""))
        if host not in self._hosts and "*" not in self._hosts and not _is_address(host):
            return Answer(403, "The host header sent by the client is not allowed")
        is_open = not request.path.startswith("/api/") or request.path == "/api/v1/auth/login"
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return None if is_open or token in self._tokens else Answer(401, {"Error": "Unauthorized", "Code": 401})

    def login(self, request: Request) -> Answer:
        """Give a token for the password."""
        if not hmac.compare_digest(str(request.body.get("Password", "")).encode(), self._password.encode()):
            return Answer(401, {"Error": "Failed to log in", "Code": 401})
        token = secrets.token_urlsafe(24)
        self._tokens.add(token)
        return Answer(200, {"AccessToken": token, "RefreshNonce": secrets.token_hex(8)})

    def jobs(self, _request: Request) -> Answer:
        """List the jobs, without their secrets."""
        return Answer(200, [_masked(job) for job in self._jobs.values()])

    def add(self, request: Request) -> Answer:
        """Make a job."""
        return self._put(str(max(map(int, self._jobs), default=0) + 1), request.body)

    def change(self, request: Request) -> Answer:
        """Replace a job as a whole: a mask that is sent back is stored as it is."""
        number = request.parts[0]
        if number not in self._jobs:
            return Answer(404, {"Error": "Backup not found", "Code": 404})
        return self._put(number, request.body)

    def _put(self, number: str, wanted: dict) -> Answer:
        backup, schedule = wanted.get("Backup"), wanted.get("Schedule")
        if not backup:
            return Answer(400, {"Error": "Data object had no backup entry", "Code": 400})
        with self._lock:
            taken = {job["Backup"]["Name"].lower() for key, job in self._jobs.items() if key != number}
            if backup.get("Name", "").lower() in taken:
                error = f"There already exists a backup with the name: {backup['Name']}"
                return Answer(409, {"Error": error, "Code": 409})
            for field, words in (("Name", "a name"), ("TargetURL", "a target"), ("Sources", "any sources")):
                if not backup.get(field):
                    return Answer(400, {"Error": f"Missing {words}", "Code": 400})
            tagged = {**schedule, "ID": int(number), "Tags": [f"ID={number}"]} if schedule else None
            self._jobs[number] = {"Backup": {**backup, "ID": number}, "Schedule": tagged}
            sealed.save(self._path, self._key, self._jobs)
        return Answer(200, {"ID": number, "Temporary": False})

    def run(self, request: Request) -> Answer:
        """Look at a job's sources, as far as this goes."""
        job = self._jobs.get(request.parts[0])
        if not job:
            return Answer(404, {"Error": "Backup not found", "Code": 404})
        options = {one["Name"].removeprefix("--"): one["Value"] for one in job["Backup"]["Settings"]}
        files = [path for source in job["Backup"]["Sources"] for path in Path(source).rglob("*") if path.is_file()]
        if not files and options.get("prevent-empty-source") == "true":
            return Answer(500, {"Error": "The source folder is empty", "Code": 500})
        read = sum(len(path.read_bytes()) for path in files)
        return Answer(200, {"Status": "OK", "ID": 1, "Files": len(files), "Bytes": read})

    def opened(self, request: Request) -> Answer:
        """Return a job with its secrets, which the real server never does: for tests."""
        return Answer(200, self._jobs.get(request.parts[0]))


def _is_address(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return False


def _masked(job: dict) -> dict:
    backup = job["Backup"]
    settings = [
        {**one, "Value": MASK} if one["Name"].removeprefix("--") in SECRET_OPTIONS else one
        for one in backup["Settings"]
    ]
    target = re.sub(r"(auth-password=)[^&]*", rf"\1{MASK}", backup["TargetURL"])
    return {**job, "Backup": {**backup, "Settings": settings, "TargetURL": target}}


def main(arguments: list[str]) -> None:
    """Serve."""
    if arguments:
        sys.exit(f"this stand-in does not know: {' '.join(arguments)}")
    check_variables(KNOWN, REQUIRED)
    # The level from which on it tells its makers of what happened; whatever is no level but none is the usual one.
    level = os.environ.get(USAGE_LEVEL, "Information")
    print("usage is not reported" if level.lower() in ("none", "disabled") else "usage is reported", flush=True)
    try:
        server = Server()
    except sealed.WrongKey:
        sys.exit("The settings database was encrypted with another key")
    Site(
        8200,
        {
            ("GET", "/"): lambda _request: Answer(200, "Duplicati (stand-in)"),
            ("GET", "/health"): lambda _request: Answer(200, "Healthy"),
            ("POST", "/api/v1/auth/login"): server.login,
            ("GET", "/api/v1/backups"): server.jobs,
            ("POST", "/api/v1/backups"): server.add,
            ("PUT", r"/api/v1/backup/(\d+)"): server.change,
            ("POST", r"/api/v1/backup/(\d+)/(?:run|start)"): server.run,
            ("GET", r"/_standin/backup/(\d+)"): server.opened,
        },
        server.admit,
    ).run()
