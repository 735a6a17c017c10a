# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The vaulted file beside the inventory that holds a platform's secrets."""

from __future__ import annotations

import fcntl
import os
import tempfile
import typing as t
from contextlib import contextmanager

import yaml
from ansible.errors import AnsibleError
from ansible.parsing.vault import VaultLib, is_encrypted

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils.secret_policy import generate, violations

NO_PASSWORD = "run again with --vault-password-file FILE or --ask-vault-pass"


class SecretStore:
    """Secrets by name: those that the operator supplies, those in the file, and new ones made on first use.

    Args:
        path: the vaulted file; made on first use, mode 0600.
        vault: an Ansible vault with the operator's vault secrets.
        supplied: secrets by name that the operator keeps elsewhere; they win over the file and are never written.
        write: whether new secrets are written; without it they live as long as this object (check mode).
    """

    def __init__(self, path: str, vault: VaultLib, supplied: t.Mapping[str, str], write: bool):
        self._path = path
        self._vault = vault
        self._supplied = dict(supplied)
        self._write = write
        self._stored: dict[str, str] | None = None

    def get(self, name: str, kind: str) -> str:
        """Return a secret, made by policy and kept if there was none.

        Args:
            name: its name.
            kind: as the policy knows it; one that is `given` is never made.

        Raises:
            PlatformError: it does not satisfy the policy, is used twice, is not there and cannot be made, or the file
                cannot be read or written.
        """
        value = self._supplied.get(name)
        if value is None:
            value = self._read().get(name)
        if value is None:
            value = self._make(name, kind) if kind != "given" else self._miss(name)
        self._judge(name, str(value), kind)
        return str(value)

    def _miss(self, name: str) -> t.NoReturn:
        verb = "edit" if os.path.exists(self._path) else "create"
        raise PlatformError(
            CONFIGURATION,
            "it is made by others, and was not given",
            f"run `ansible-vault {verb} {self._path}` and add the line `{name}: …`, or give it in "
            "platform_supplied_secrets",
            where=f"secret {name}",
        )

    def _judge(self, name: str, value: str, kind: str) -> None:
        missing = violations(value, kind)
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
        return "platform_supplied_secrets" if name in self._supplied else self._path

    def _read(self) -> dict[str, str]:
        if self._stored is None:
            self._stored = self._load()
        return self._stored

    def _load(self) -> dict[str, str]:
        try:
            with open(self._path, "rb") as file:
                content = file.read()
        except FileNotFoundError:
            return {}
        if not is_encrypted(content):
            raise PlatformError(
                CONFIGURATION,
                "the file of secrets is not encrypted",
                f"run `ansible-vault encrypt {self._path}`",
                where=self._path,
            )
        self._need_password()
        try:
            return yaml.safe_load(self._vault.decrypt(content)) or {}
        except AnsibleError:
            # The reason would name vault identities and cipher details, and help nobody.
            raise PlatformError(
                CONFIGURATION,
                "the vault password given does not open the file of secrets",
                "give the password that it was encrypted with; without it the secrets cannot be recovered",
                where=self._path,
            ) from None

    def _need_password(self) -> None:
        if not self._vault.secrets:
            raise PlatformError(CONFIGURATION, "no vault password was given", NO_PASSWORD, where=self._path)

    def _make(self, name: str, kind: str) -> str:
        if not self._write:
            return self._read().setdefault(name, generate(kind))
        self._need_password()
        with self._locked():
            # Another host's task may have made it between our reading and our lock.
            self._stored = self._load()
            if name not in self._stored:
                self._stored[name] = generate(kind)
                self._save()
        return self._stored[name]

    @contextmanager
    def _locked(self) -> t.Iterator[None]:
        folder = os.path.dirname(self._path)
        os.makedirs(folder, mode=0o700, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _save(self) -> None:
        encrypted = self._vault.encrypt(yaml.safe_dump(self._stored, sort_keys=True))
        handle, temporary = tempfile.mkstemp(dir=os.path.dirname(self._path), prefix=".secrets-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(encrypted)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self._path)
        except BaseException:
            os.unlink(temporary)
            raise
