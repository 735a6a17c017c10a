"""A stand-in for FileFlows: see README.md."""

from __future__ import annotations

import json
import os
import queue
import signal
import sqlite3
import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import dockermods
import flows

KNOWN = {"TZ", "PUID", "PGID", "PGIDS", "TempPathHost", "TempPath", "FFNODE", "ServerUrl", "NodeName", "AccessToken"}
SYSTEM = {"PATH", "HOME", "HOSTNAME", "LANG", "PWD", "OLDPWD", "SHLVL", "LC_CTYPE", "DEBIAN_FRONTEND", "_"}
SYSTEM |= {"USER", "LOGNAME", "SHELL", "MAIL"}
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
            flows.run(flow, variables, str(path), folder, self.log)
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
                flows.run(failure_flow, told, path, folder, self.log)
            except flows.Failed as failure:
                self.log(f"the failure flow failed: {failure}")

    def log(self, line: str) -> None:
        with (LOGS / "FileFlows.log").open("a", encoding="utf-8") as log:
            log.write(line + "\n")


class Api(BaseHTTPRequestHandler):
    """The routes; JSON in and out, no login."""

    store: Store
    processor: Processor
    seen: list
    # Until then every page leads to the one that says so, which answers 200.
    started = False

    def do_GET(self):
        path = self.path.partition("?")[0]
        if not self.started:
            return self._redirect("/loading") if path != "/loading" else self._answer(200, "<html>loading</html>")
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
                {key: mod[key] for key in ("Name", "Path")} for mod in dockermods.OFFERED
            ],
            "/_standin/requests": self.seen,
        }
        if path == "/" and not settings["InitialConfigDone"]:
            return self._redirect("/initial-config")
        if path in ("/", "/initial-config"):
            return self._answer(200, "<html>stand-in for FileFlows</html>")
        return self._answer(200, lists[path]) if path in lists else self._answer(404, "")

    def do_POST(self):
        body = self._body()
        if self.path == "/api/settings/initial-config":
            if not body.get("EulaAccepted"):
                return self._answer(400, "EULA not accepted")
            changed = {"EulaAccepted": True, "InitialConfigDone": True, "DockerMods": body.get("DockerMods")}
            self.store.save("settings", {**self._settings(), **changed})
            dockermods.run_all(body.get("DockerMods") or [], self.processor.log)
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

    def _redirect(self, place: str) -> None:
        self.send_response(302)
        self.send_header("Location", place)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer(self, status: int, content) -> None:
        data = (content if isinstance(content, str) else json.dumps(content)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if isinstance(content, str) else "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        """Stay quiet."""


def start() -> None:
    """Install what its settings name into this container, which may be a new one; then be there."""
    kept = Api.store.all("settings")
    dockermods.run_all((kept[0].get("DockerMods") or []) if kept else [], Api.processor.log)
    Api.processor.start()
    Api.started = True


def main() -> None:
    """Refuse what FileFlows does not know; else serve."""
    unknown = sorted(set(os.environ) - KNOWN - SYSTEM - {name for name in os.environ if name.startswith("NODE_")})
    if unknown:
        sys.exit(f"FileFlows does not know {', '.join(unknown)}")
    Api.store = Store()
    Api.processor = Processor(Api.store)
    Api.seen = []
    server = ThreadingHTTPServer(("", 5000), Api)
    # At a stop what runs is let finish; a server that is not told so is killed with it.
    signal.signal(signal.SIGTERM, lambda *_signal: threading.Thread(target=server.shutdown).start())
    threading.Timer(1, start).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
