"""A stand-in for FileFlows: see README.md."""

from __future__ import annotations

import json
import os
import queue
import sqlite3
import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import flows

KNOWN = {"TZ", "PUID", "PGID", "TempPathHost", "TempPath", "FFNODE", "ServerUrl", "NodeName", "AccessToken"}
SYSTEM = {"PATH", "HOME", "HOSTNAME", "LANG", "PWD", "SHLVL", "LC_CTYPE", "DEBIAN_FRONTEND"}
DATA, LOGS, TEMP = Path("/app/Data"), Path("/app/Logs"), Path("/temp")
# Statuses of a file, as FileFlows numbers them.
UNPROCESSED, PROCESSED, FAILED = 0, 2, 4


class Store:
    """Objects by kind and name, which survive the container."""

    def __init__(self):
        self._lock = threading.Lock()
        self._database = sqlite3.connect(DATA / "FileFlows.sqlite", check_same_thread=False)
        self._database.execute("create table if not exists object (kind, uid, value, primary key (kind, uid))")

    def all(self, kind: str) -> list[dict]:
        with self._lock:
            rows = self._database.execute("select value from object where kind = ? order by rowid", (kind,))
            return [json.loads(row[0]) for row in rows]

    def save(self, kind: str, value: dict) -> dict:
        empty = str(uuid.UUID(int=0))
        value["Uid"] = str(uuid.uuid4()) if value.get("Uid") in (None, "", empty) else value["Uid"]
        with self._lock, self._database:
            self._database.execute(
                "insert or replace into object values (?, ?, ?)", (kind, value["Uid"], json.dumps(value))
            )
        return value


class Processor(threading.Thread):
    """The only runner: one file after the other."""

    def __init__(self, store: Store):
        super().__init__(daemon=True)
        self.store, self.files, self.faults = store, queue.Queue(), []

    def run(self) -> None:
        while True:
            self._process(self.files.get())

    def _process(self, file: dict) -> None:
        flow = next(one for one in self.store.all("flow") if one["Uid"] == file["FlowUid"])
        folder = TEMP / file["Uid"]
        folder.mkdir()
        variables = {one["Name"]: one["Value"] for one in self.store.all("variable")} | file["CustomVariables"]
        path = Path(file["Name"])
        variables["file"] = {"Orig": {"FullName": str(path), "Extension": path.suffix}}
        try:
            if self.faults:
                raise flows.Failed(self.faults.pop(0))
            flows.run(flow, variables, str(path), folder, self._log)
            file["Status"] = PROCESSED
        except (flows.Failed, OSError) as failure:
            file.update({"Status": FAILED, "FailureReason": str(failure)})
            self._fail(flow, variables, str(path), folder, str(failure))
        self.store.save("file", file)

    def _fail(self, flow: dict, variables: dict, path: str, folder: Path, reason: str) -> None:
        defaults = [one for one in self.store.all("flow") if one.get("Type") == 1 and one.get("Default")]
        told = {**variables, "FailureReason": reason, "FlowName": flow["Name"]}
        for failure_flow in defaults[:1]:
            try:
                flows.run(failure_flow, told, path, folder, self._log)
            except flows.Failed as failure:
                self._log(f"the failure flow failed: {failure}")

    def _log(self, line: str) -> None:
        with (LOGS / "FileFlows.log").open("a", encoding="utf-8") as log:
            log.write(line + "\n")


class Api(BaseHTTPRequestHandler):
    """The routes; JSON in and out, no login."""

    store: Store
    processor: Processor
    seen: list

    def do_GET(self):
        path = self.path.partition("?")[0]
        settings = self._settings()
        lists = {
            "/api/settings": settings,
            "/api/status": {"queue": self.processor.files.qsize(), "processing": 0, "processed": 0},
            "/api/flow": self.store.all("flow"),
            "/api/flow/elements": flows.ELEMENTS,
            "/api/variable": self.store.all("variable"),
            "/api/library-file": self.store.all("file"),
            "/api/plugin/plugin-packages": [{"Name": "Basic", "Package": "BasicNodes", "Installed": True}],
            "/api/repository/by-type/DockerMod": [
                {"Name": "FFmpeg 7", "Path": "DockerMods/FFmpeg 7.sh"},
                {"Name": "ImageMagick", "Path": "DockerMods/ImageMagick.sh"},
            ],
            "/_standin/requests": self.seen,
        }
        if path == "/" and not settings["InitialConfigDone"]:
            self.send_response(302)
            self.send_header("Location", "/initial-config")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif path in ("/", "/initial-config"):
            self._answer(200, "<html>stand-in for FileFlows</html>")
        elif path in lists:
            self._answer(200, lists[path])
        else:
            self._answer(404, "")

    def do_POST(self):
        body = self._body()
        if self.path == "/api/settings/initial-config":
            if not body.get("EulaAccepted"):
                return self._answer(400, "EULA not accepted")
            changed = {"EulaAccepted": True, "InitialConfigDone": True, "DockerMods": body.get("DockerMods")}
            self.store.save("settings", {**self._settings(), **changed})
            return self._answer(200, "")
        if self.path == "/api/variable":
            return self._answer(200, self.store.save("variable", body))
        if self.path == "/api/library-file/manually-add":
            return self._add(body)
        if self.path == "/_standin/faults":
            self.processor.faults.extend([body.get("reason", "injected")] * body.get("times", 1))
            return self._answer(200, self.processor.faults)
        return self._answer(404, "")

    def do_PUT(self):
        body = self._body()
        if self.path != "/api/flow":
            return self._answer(404, "")
        taken = [
            one for one in self.store.all("flow") if one["Name"] == body.get("Name") and one["Uid"] != body.get("Uid")
        ]
        wrong = "ErrorMessages.NameInUse" if taken else flows.wrong_with(body)
        if wrong:
            return self._answer(500, wrong)
        failures = [one for one in self.store.all("flow") if one.get("Type") == 1]
        if body.get("Type") == 1 and not failures:
            body["Default"] = True
        return self._answer(200, self.store.save("flow", body))

    def _add(self, body: dict) -> None:
        if body.get("FlowUid") not in {flow["Uid"] for flow in self.store.all("flow")}:
            return self._answer(400, "Flow not found")
        for name in body.get("Files") or []:
            file = {"Name": name, "FlowUid": body["FlowUid"], "Status": UNPROCESSED}
            file["CustomVariables"] = body.get("CustomVariables") or {}
            self.processor.files.put(self.store.save("file", file))
        return self._answer(200, "")

    def _settings(self) -> dict:
        kept = self.store.all("settings")
        return kept[0] if kept else {"Uid": str(uuid.uuid4()), "EulaAccepted": False, "InitialConfigDone": False}

    def _body(self) -> dict:
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode() or "{}"
        if not self.path.startswith("/_standin"):
            self.seen.append({"method": self.command, "path": self.path, "body": json.loads(text)})
        return json.loads(text)

    def _answer(self, status: int, content) -> None:
        data = (content if isinstance(content, str) else json.dumps(content)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if isinstance(content, str) else "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        """Stay quiet."""


def become_user() -> None:
    """Hand the folders over to the wanted user and become it, as the image's entry point does."""
    user, group = int(os.environ.get("PUID", "0")), int(os.environ.get("PGID", "0"))
    for folder in (DATA, LOGS, TEMP, Path("/app/common")):
        os.chown(folder, user, group)
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)
    for folder in (DATA, LOGS, TEMP):
        (folder / ".probe").write_text("written", encoding="utf-8")
        assert (folder / ".probe").read_text(encoding="utf-8") == "written"
        (folder / ".probe").unlink()


def main() -> None:
    """Refuse what FileFlows does not know; else serve."""
    unknown = sorted(set(os.environ) - KNOWN - SYSTEM - {name for name in os.environ if name.startswith("NODE_")})
    if unknown:
        sys.exit(f"FileFlows does not know {', '.join(unknown)}")
    become_user()
    Api.store = Store()
    Api.processor = Processor(Api.store)
    Api.seen = []
    Api.processor.start()
    ThreadingHTTPServer(("", 5000), Api).serve_forever()


if __name__ == "__main__":
    main()
