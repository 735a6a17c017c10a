# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What to save and where to: the plan that the role writes from the services' declarations."""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

SET_NAME = re.compile(r"\d{8}T\d{6}Z")
# Destinations that survive the loss of the host are all but folders of its own.
LOCAL = ("/", "local:")


@dataclass(frozen=True)
class Source:
    """A datastore: its kind, and how its administrator logs in. Of volumes only the kind and the names."""

    kind: str
    instance: str
    container: str = ""
    port: int = 0
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Destination:
    """A repository of restic, and what restic needs to reach it."""

    name: str
    repository: str = field(repr=False)
    password: str = field(repr=False)
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    keep: dict[str, int] = field(default_factory=dict)
    prune: bool = True

    @property
    def secrets(self) -> list[str]:
        """What no message may hold."""
        return [text for text in (self.password, self.repository, *self.environment.values()) if len(text) > 3]


@dataclass(frozen=True)
class Canary:
    """What an application must be able to do with what was restored; see `canary`.

    A `query` is asked of the database `part`, and answers `expect`, or what it answered when it was saved, or the names
    of all objects of `bucket` that match `objects`. A `command` succeeds in a copy of `container`.
    """

    service: str
    claim: str
    part: str = ""
    query: str = ""
    variables: dict[str, str] = field(default_factory=dict, repr=False)
    expect: str | None = None
    bucket: str = ""
    objects: str = ""
    container: str = ""
    command: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """All of it. `services` say which containers use which parts."""

    platform: str
    directory: Path
    sets: Path
    work: Path
    state: Path
    sources: list[Source]
    volumes: list[str]
    services: dict[str, dict[str, list[str]]]
    destinations: list[Destination]
    canaries: list[Canary]
    settings: dict[str, t.Any]

    @classmethod
    def read(cls, path: str) -> Plan:
        """Read it from its file."""
        return cls.of(json.loads(Path(path).read_text(encoding="utf-8")))

    @classmethod
    def of(cls, data: dict) -> Plan:
        """Return it from what the file holds."""
        return cls(
            platform=data["platform"],
            directory=Path(data["directory"]),
            sets=Path(data["sets"]),
            work=Path(data["work"]),
            state=Path(data["state"]),
            sources=[Source(**source) for source in data["sources"]],
            volumes=list(data["volumes"]),
            services=data["services"],
            destinations=[Destination(**destination) for destination in data["destinations"]],
            canaries=[Canary(**canary) for canary in data["canaries"]],
            settings=data["settings"],
        )

    @property
    def drill(self) -> Path:
        """Where a drill works."""
        return self.work.with_name("drill")

    def hidden(self, text: str) -> str:
        """Return a text without the secrets of the plan."""
        secrets = [source.password for source in self.sources if source.password]
        secrets += [value for canary in self.canaries for value in canary.variables.values() if len(value) > 3]
        secrets += [secret for destination in self.destinations for secret in destination.secrets]
        for secret in sorted(secrets, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text
