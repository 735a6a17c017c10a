"""Running one file through one flow, as far as our flows go."""

from __future__ import annotations

import json
import shutil
import subprocess
import typing as t
from pathlib import Path

NAMESPACE = "FileFlows.BasicNodes"
# As GET /api/flow/elements tells them; the numbers are those of its enumeration of types.
ELEMENTS = [
    {"Uid": f"{NAMESPACE}.File.InputFile", "Name": "InputFile", "Type": 0, "Inputs": 0, "Outputs": 1},
    {"Uid": f"{NAMESPACE}.File.CopyFile", "Name": "CopyFile", "Type": 2, "Inputs": 1, "Outputs": 1},
    {"Uid": f"{NAMESPACE}.Functions.Function", "Name": "Function", "Type": 2, "Inputs": 1, "Outputs": 1},
    {"Uid": f"{NAMESPACE}.FlowFailure", "Name": "FlowFailure", "Type": 7, "Inputs": 0, "Outputs": 1},
]
RUNNER = "/app/standin/runner.mjs"


class Failed(Exception):
    """An element ended with -1; says why."""


def wrong_with(flow: dict) -> str:
    """Return why FileFlows would not save a flow, or nothing."""
    parts = flow.get("Parts") or []
    known = {element["Uid"] for element in ELEMENTS}
    inputs = [part for part in parts if part.get("Type") in (0, 7)]
    if not (flow.get("Name") or "").strip():
        return "ErrorMessages.NameRequired"
    if not parts:
        return "Flow.ErrorMessages.NoParts"
    if len(inputs) != 1:
        return "Flow.ErrorMessages.NoInput" if not inputs else "Flow.ErrorMessages.TooManyInputNodes"
    # FileFlows would take this and fail later; it is our mistake all the same.
    unknown = sorted({part["FlowElementUid"] for part in parts} - known)
    return f"the stand-in has no element {', '.join(unknown)}" if unknown else ""


def run(flow: dict, variables: dict, working_file: str, temp: Path, log: t.Callable[[str], None]) -> None:
    """Run a flow's elements along their first outputs.

    Raises:
        Failed: one of them ended with -1.
    """
    parts = {part["Uid"]: part for part in flow["Parts"]}
    part = next(part for part in flow["Parts"] if part["Type"] in (0, 7))
    while part:
        log(f"executing {part['Name'] or part['FlowElementUid']}")
        output, working_file = _execute(part, variables, working_file, temp, log)
        following = [one for one in part.get("OutputConnections") or [] if one["Output"] == output]
        part = parts[following[0]["InputNode"]] if following else None


def _execute(part: dict, variables: dict, working_file: str, temp: Path, log) -> tuple[int, str]:
    element = part["FlowElementUid"].rsplit(".", 1)[1]
    model = part.get("Model") or {}
    if element == "InputFile" and not Path(working_file).is_file():
        raise Failed(f"File does not exist: {working_file}")
    if element == "CopyFile":
        # Named as the library's file, with the extension of what became of it.
        name = Path(variables["file"]["Orig"]["FullName"]).stem + Path(working_file).suffix
        destination = str(Path(model["DestinationPath"], model.get("DestinationFile") or name))
        shutil.copyfile(working_file, destination)
        return 1, destination
    if element == "Function":
        return _function(model["Code"], variables, working_file, temp, log)
    return 1, working_file


def _function(code: str, variables: dict, working_file: str, temp: Path, log) -> tuple[int, str]:
    file = {**variables["file"], "FullName": working_file, "Extension": Path(working_file).suffix}
    given = {"code": code, "variables": {**variables, "file": file}, "workingFile": working_file, "temp": str(temp)}
    finished = subprocess.run(["node", RUNNER], input=json.dumps(given), text=True, capture_output=True, check=False)
    if finished.returncode:
        raise Failed(finished.stderr[-300:])
    state = json.loads(finished.stdout)
    for line in state["log"]:
        log(line)
    if state["result"] is None or state["result"] < 0:
        raise Failed(state["reason"] or "the function returned -1")
    return state["result"], state["workingFile"]
