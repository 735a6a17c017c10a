"""Figures beside their references, printed and kept as JSON lines in build/bench.jsonl."""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Report:
    """Collects figures, prints them, and keeps them."""

    def __init__(self) -> None:
        self._path = ROOT / "build/bench.jsonl"
        self._path.parent.mkdir(exist_ok=True)

    def add(
        self, name: str, ours: float, reference: str = "", reference_s: float | None = None, note: str = ""
    ) -> None:
        """Add one figure.

        Args:
            name: what was measured.
            ours: seconds.
            reference: what it is compared with.
            reference_s: that one's seconds.
            note: anything else.
        """
        ratio = round(ours / reference_s, 2) if reference_s else None
        row = {
            "name": name,
            "ours_s": round(ours, 2),
            "reference": reference,
            "reference_s": None if reference_s is None else round(reference_s, 2),
            "ratio": ratio,
            "note": note,
        }
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        beside = f"{row['reference_s']:>7} s {reference} (x {ratio})" if reference else ""
        print(f"{name:<44} {row['ours_s']:>7} s  {beside}  {note}", flush=True)
