# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is known of former runs, for the next one, for verification and monitoring; and who is told of a failure."""

from __future__ import annotations

import json
import os
import smtplib
import time
import typing as t
import urllib.error
import urllib.request
from email.message import EmailMessage
from pathlib import Path

from borgstack_backup.plan import Plan

FILE = "status.json"
METRICS = {
    "last_success_timestamp_seconds": "When the newest set that every destination has was finished.",
    "last_run_success": "Whether the last run did all that it had to.",
    "last_run_timestamp_seconds": "When the last run ended.",
    "duration_seconds": "How long the last run took.",
    "set_bytes": "Bytes of the newest set.",
    "drill_last_success_timestamp_seconds": "When a drill last proved a set.",
    "drill_last_run_success": "Whether the last drill proved its set.",
    "drill_last_run_timestamp_seconds": "When the last drill ended.",
    "drill_duration_seconds": "How long the last drill took.",
}
HOOK_SECONDS = 20
BACKUP = "the backup"


def read(folder: Path) -> dict[str, t.Any]:
    """Return what is known; nothing where nothing is, or a file was cut off."""
    try:
        return json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}


def write(folder: Path, status: dict[str, t.Any]) -> None:
    """Keep what is known."""
    put(folder / FILE, status)


def put(path: Path, content: dict[str, t.Any]) -> None:
    """Write what only root reads, at once."""
    _put(path, json.dumps(content, indent=1, sort_keys=True) + "\n", 0o600)


def _put(path: Path, text: str, mode: int) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
        file.write(text)
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())
    temporary.replace(path)


def metrics(status: dict[str, t.Any], platform: str) -> str:
    """Return what is known as node-exporter reads it from a text file."""
    run, success = status.get("last_run", {}), status.get("last_success", {})
    drill, proven = status.get("last_drill", {}), status.get("last_proven", {})
    values = {
        "last_success_timestamp_seconds": success.get("finished", 0),
        "last_run_success": int(bool(run.get("ok"))),
        "last_run_timestamp_seconds": run.get("finished", 0),
        "duration_seconds": run.get("seconds", 0),
        "set_bytes": success.get("bytes", 0),
        "drill_last_success_timestamp_seconds": proven.get("finished", 0),
        "drill_last_run_success": int(bool(drill.get("ok"))),
        "drill_last_run_timestamp_seconds": drill.get("finished", 0),
        "drill_duration_seconds": drill.get("seconds", 0),
    }
    lines = []
    for name, value in values.items():
        full = f"borgstack_backup_{name}"
        lines += [f"# HELP {full} {METRICS[name]}", f"# TYPE {full} gauge", f'{full}{{platform="{platform}"}} {value}']
    full = "borgstack_backup_destination_last_success_timestamp_seconds"
    lines += [f"# HELP {full} When a destination last got a set and was verified.", f"# TYPE {full} gauge"]
    lines += [
        f'{full}{{platform="{platform}",destination="{name}"}} {known.get("last_success", 0)}'
        for name, known in sorted(status.get("destinations", {}).items())
    ]
    return "\n".join(lines) + "\n"


def export(status: dict[str, t.Any], plan: Plan) -> None:
    """Write the metrics where node-exporter looks, if there is such a folder."""
    folder = Path(plan.settings["metrics"]) if plan.settings["metrics"] else None
    if folder and folder.is_dir():
        _put(folder / f"borgstack-backup-{plan.platform}.prom", metrics(status, plan.platform), 0o644)


def tell(plan: Plan, run: dict[str, t.Any], what: str = BACKUP) -> list[str]:
    """Tell those who want to know how a run ended; returns in words who could not be told.

    Args:
        plan: who wants to know.
        run: how it ended.
        what: the backup or the drill; only of backups success is told, since that is what somebody waits for.
    """
    hooks = plan.settings["hooks"]
    tellers: list[tuple[str, t.Callable[[], None]]] = []
    if hooks.get("ping") and run["ok"] and what == BACKUP:
        tellers.append(("ping", lambda: _ask(hooks["ping"])))
    if hooks.get("webhook") and not run["ok"]:
        body = {
            "platform": plan.platform,
            "what": what,
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            **run,
        }
        tellers.append(("webhook", lambda: _ask(hooks["webhook"], json.dumps(body).encode())))
    if hooks.get("mail") and not run["ok"]:
        tellers.append(
            ("mail", lambda: _mail(hooks["mail"], f"{plan.platform}: {what} failed", run["error"]["message"]))
        )
    untold = []
    for name, step in tellers:
        try:
            step()
        except (OSError, ValueError, smtplib.SMTPException) as error:
            untold.append(f"{name}: {type(error).__name__}")
    return untold


def _ask(url: str, body: bytes | None = None) -> None:
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"} if body else {})
    with urllib.request.urlopen(request, timeout=HOOK_SECONDS):
        pass


def _mail(settings: dict[str, t.Any], subject: str, text: str) -> None:
    message = EmailMessage()
    message["Subject"] = subject
    message["From"], message["To"] = settings["sender"], settings["to"]
    message.set_content(text + "\n")
    client = smtplib.SMTP_SSL if settings["tls"] == "tls" else smtplib.SMTP
    with client(settings["host"], settings["port"], timeout=HOOK_SECONDS) as server:
        if settings["tls"] == "starttls":
            server.starttls()
        if settings.get("user"):
            server.login(settings["user"], settings["password"])
        server.send_message(message)
