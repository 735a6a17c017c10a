# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A platform's secrets by name: supplied, kept in the vaulted file, or made."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, DATA, PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils.secret_file import RESTORE, SecretFile
from ansible_collections.borgstack.platform.plugins.plugin_utils.secret_policy import generate, violations

# What becomes of a secret that is missing: it is made and kept, refused, or made up for this run alone.
MAKE, REFUSE, ASSUME = "make", "refuse", "assume"


def policy_of(setting: str, read_only: bool, checking: bool, lost_afterwards: bool) -> str:
    """Return what becomes of a missing secret.

    Args:
        setting: what the operator says: one of them, or `auto`.
        read_only: whether the operator asked, in the former way, for nothing to be made.
        checking: whether this is check mode, which writes nothing.
        lost_afterwards: whether what would be written is lost when the run has ended.
    """
    if setting == "auto":
        setting = REFUSE if lost_afterwards else MAKE
    if setting == MAKE and checking:
        return ASSUME
    return REFUSE if setting == MAKE and read_only else setting


class SecretStore:
    """Secrets by name: those that the operator supplies, those in the file, and new ones made on first use.

    Args:
        file: the vaulted file.
        supplied: secrets by name that the operator keeps elsewhere; they win over the file and are never written.
        missing: what becomes of one that is missing, as above.
    """

    def __init__(self, file: SecretFile, supplied: t.Mapping[str, str], missing: str):
        self._file = file
        self._supplied = dict(supplied)
        self._missing = missing
        self._stored: dict[str, str] | None = None
        self._stamp: tuple[int, ...] = ()

    def supplies(self, name: str) -> bool:
        """Say whether the operator keeps a secret elsewhere than in the file."""
        return name in self._supplied

    def get(
        self,
        name: str,
        kind: str,
        deployed: t.Callable[[], t.Mapping[str, t.Any]] = dict,
        longest: int | None = None,
    ) -> str:
        """Return a secret, made by policy and kept if there was none.

        Args:
            name: its name.
            kind: as the policy knows it; one that is `given` is never made.
            deployed: returns what the host already has of the platform, in the way of `host_info`; empty for none.
            longest: how many characters its service takes, where it takes no more.

        Raises:
            PlatformError: it does not satisfy the policy, is used twice, is not there and must not be made, or the file
                cannot be read or written.
        """
        value = self._supplied.get(name)
        if value is None:
            value = self._read().get(name)
        if value is None:
            self._refuse_to_replace(name, deployed())
            value = self._make(name, kind) if kind != "given" and self._missing != REFUSE else self._miss(name, kind)
        self._judge(name, str(value), kind, longest)
        return str(value)

    def _refuse_to_replace(self, name: str, deployed: t.Mapping[str, t.Any]) -> None:
        """Refuse to make up a secret that data on the host was written with: all of them, if the file is lost."""
        if self._file.exists():
            lost = sorted(set(deployed.get("immutable", ())) - set(self._read()) - set(self._supplied))
            what = f"it lacks {', '.join(lost)}, which data on the host was written with" if name in lost else ""
        elif self._supplied and self._missing == REFUSE:
            # All secrets are kept elsewhere, and there never was a file.
            what = ""
        else:
            what = f"it does not exist, but the host has {_in_words(deployed)}" if any(deployed.values()) else ""
        if what:
            raise PlatformError(DATA, f"{what}; nothing was made in its place", RESTORE, where=self._file.path)

    def _miss(self, name: str, kind: str) -> t.NoReturn:
        verb = "edit" if os.path.exists(self._file.path) else "create"
        made_elsewhere = "it is made by others, and was not given"
        made_here = "it is missing, and must not be made here (platform_missing_secrets)"
        raise PlatformError(
            CONFIGURATION,
            made_elsewhere if kind == "given" else made_here,
            f"run `ansible-vault {verb} {self._file.path}` and add the line `{name}: …`, or give it in "
            "platform_supplied_secrets",
            where=f"secret {name}",
        )

    def _judge(self, name: str, value: str, kind: str, longest: int | None) -> None:
        missing = violations(value, kind, longest)
        if missing:
            raise PlatformError(
                CONFIGURATION,
                f"the {kind} does not satisfy the policy; it needs {', '.join(missing)}",
                f"choose another one, or remove it from {self._source(name)} to have one generated",
                where=f"secret {name}",
            )
        everywhere = {**self._read(), **self._supplied}
        twins = sorted(other for other, known in everywhere.items() if other != name and str(known) == value)
        if twins:
            raise PlatformError(
                CONFIGURATION,
                f"its value is also used for {', '.join(twins)}",
                "give each its own value: one that leaks must not open the other",
                where=f"secret {name}",
            )

    def _source(self, name: str) -> str:
        return "platform_supplied_secrets" if self.supplies(name) else self._file.path

    def _read(self) -> dict[str, str]:
        # A process outlives a task that changes the file.
        stamp = self._file.stamp()
        if self._stored is None or stamp != self._stamp:
            self._stored, self._stamp = self._file.read(), stamp
        return self._stored

    def _make(self, name: str, kind: str) -> str:
        if self._missing == ASSUME:
            return self._read().setdefault(name, generate(kind))
        self._file.need_password()
        with self._file.locked():
            # Another host's task may have made it between our reading and our lock.
            stored = self._file.read()
            if name not in stored:
                stored[name] = generate(kind)
                self._file.write(stored)
            self._stored, self._stamp = stored, self._file.stamp()
        return stored[name]


def _in_words(deployed: t.Mapping[str, t.Any]) -> str:
    files = [f"files of the platform in {deployed['directory']}"] if deployed.get("directory") else []
    volumes = [f"volumes ({', '.join(deployed['volumes'])})"] if deployed.get("volumes") else []
    return " and ".join(files + volumes) or "data that was written with other secrets"


def is_a_job(variables: t.Mapping[str, t.Any]) -> bool:
    """Say whether the folder of the inventory is a job's own, as AWX and ansible-runner make them."""
    folder, artifacts = str(variables.get("inventory_dir") or ""), os.environ.get("AWX_ISOLATED_DATA_DIR", "")
    # The artifacts of a job lie two levels below its folder.
    private = os.path.dirname(os.path.dirname(artifacts.rstrip("/"))) or os.environ.get("AWX_PRIVATE_DATA_DIR", "")
    named = any(name in variables for name in ("awx_job_id", "tower_job_id"))
    return named or bool(private and os.path.realpath(folder).startswith(os.path.realpath(private).rstrip("/") + "/"))
