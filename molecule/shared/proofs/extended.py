"""The platform with a service of one's own: a role of another collection, and one line in the inventory."""

from __future__ import annotations

from pathlib import Path

import yaml
from plays import ROOT, Run

WIKI = "example.extra.wiki"
COLLECTIONS = {"ANSIBLE_COLLECTIONS_PATH": f"{ROOT / 'collections'}:{ROOT / 'tests/fourteenth'}"}


class Extended:
    """Runs playbooks as `play` does, with that line; what is given wins over it.

    Args:
        play: runs playbooks.
        inventory: the file that the scenario deployed with.
    """

    def __init__(self, play, inventory: str):
        declared = yaml.safe_load((Path(inventory).parent / "group_vars/all/main.yml").read_text(encoding="utf-8"))
        self._play = play
        self.applications: list[str] = [*declared["platform_applications"], WIKI]

    def __call__(self, *arguments: str, **variables) -> Run:
        return self._play(*arguments, env=COLLECTIONS, **{"platform_applications": self.applications, **variables})

    def without(self, service: str) -> dict[str, list[str]]:
        """Return the variables that switch a service off, and what would need it."""
        others = [name for name in self.applications if name != service]
        return {"platform_applications": others, "platform_integrations": []}
