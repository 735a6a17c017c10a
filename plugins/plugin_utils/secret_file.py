# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The vaulted file beside the inventory that holds a platform's secrets: read, locked and written."""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import os
import tempfile
import typing as t

import yaml
from ansible import constants
from ansible.errors import AnsibleError
from ansible.parsing.vault import VaultLib, is_encrypted, parse_vaulttext, parse_vaulttext_envelope

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, DATA, PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils.secret_ages import NOTES, Since, ages, renewed

NO_PASSWORD = "run again with --vault-password-file FILE or --ask-vault-pass"
RESTORE = (
    "restore it from a copy; where there is none, its secrets can be read back from the host: docs/operating.md tells "
    'how, under "A lost file of secrets"'
)
# The cipher's block: what is encrypted is a multiple of it.
BLOCK = 16


class SecretFile:
    """Secrets by name in a file that Ansible Vault encrypts.

    Args:
        path: the file; made with mode 0600.
        vault: an Ansible vault with the operator's vault secrets.
    """

    def __init__(self, path: str, vault: VaultLib):
        self.path = path
        self._vault = vault

    def exists(self) -> bool:
        """Say whether there is such a file."""
        return os.path.lexists(self.path)

    def read(self) -> dict[str, str]:
        """Return the secrets; none where there is no file.

        Raises:
            PlatformError: the file cannot be read, is damaged, cannot be decrypted, or holds something else.
        """
        return self._read()[0]

    def ages(self) -> dict[str, Since]:
        """Return what is known of the age of each secret; fails as `read` does."""
        return ages(*self._read())

    def write(self, secrets: t.Mapping[str, str]) -> None:
        """Replace the file; what opened it before opens it again, under the same label.

        Of each secret that is new or another one it is noted inside of the file since when it is so.

        Raises:
            PlatformError: the file cannot be read or written, or it is not clear with which vault secret.
        """
        encrypted = self._content()
        content, secret, label = (b"", *self._of_a_new_file()) if encrypted is None else self._decrypted(encrypted)
        before, notes = self._parted(content)
        after = {str(name): str(value) for name, value in secrets.items()}
        after[NOTES] = renewed(before, after, notes, datetime.datetime.now(datetime.timezone.utc).date())
        text = yaml.safe_dump(after, sort_keys=True)
        content = self._vault.encrypt(text, secret=secret, vault_id=label)
        with self._explained():
            self._replace(content)

    @contextlib.contextmanager
    def locked(self) -> t.Iterator[None]:
        """Keep others, on this controller, from writing the file meanwhile."""
        folder = os.path.dirname(self.path)
        with self._explained():
            os.makedirs(folder, mode=0o700, exist_ok=True)
            descriptor = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def need_password(self) -> None:
        """Refuse to go on without any vault secret.

        Raises:
            PlatformError: none was given.
        """
        if not self._vault.secrets:
            raise self._refused("no vault password was given", NO_PASSWORD)

    def stamp(self) -> tuple[int, ...]:
        """Return what is another thing once the file was replaced or edited; nothing where there is none."""
        try:
            found = os.stat(self.path)
        except OSError:
            return ()
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _read(self) -> tuple[dict[str, str], str]:
        encrypted = self._content()
        return self._parted(b"" if encrypted is None else self._decrypted(encrypted)[0])

    def _parted(self, text: bytes) -> tuple[dict[str, str], str]:
        """Return the secrets, and the notes on their age."""
        secrets = self._parsed(text)
        return secrets, secrets.pop(NOTES, "")

    def _content(self) -> bytes | None:
        with self._explained(), contextlib.suppress(FileNotFoundError):
            with open(self.path, "rb") as file:
                content = file.read()
            self._refuse_what_is_not_encrypted(content)
            return content
        return None

    def _refuse_what_is_not_encrypted(self, content: bytes) -> None:
        if not content.strip():
            raise self._refused("the file of secrets is empty", RESTORE, DATA)
        if not is_encrypted(content):
            raise self._refused("the file of secrets is not encrypted", f"run `ansible-vault encrypt {self.path}`")
        if _is_cut_off(content):
            raise self._refused("the file of secrets is damaged: its end is missing", RESTORE, DATA)

    def _decrypted(self, encrypted: bytes) -> tuple[bytes, t.Any, str | None]:
        """Return the text, the vault secret that opened it, and the label that the file bears."""
        self.need_password()
        try:
            text, _name, secret = self._vault.decrypt_and_get_vault_id(encrypted)
        except AnsibleError:
            # The reason would name vault identities and cipher details, and help nobody.
            raise self._refused(
                "the vault password given does not open the file of secrets",
                "give the password that it was encrypted with; without it the secrets cannot be recovered from it",
            ) from None
        return text, secret, parse_vaulttext_envelope(encrypted)[3]

    def _parsed(self, text: bytes) -> dict[str, str]:
        try:
            # Each value as it is written: 0123 is no number here, and yes no truth.
            secrets = yaml.load(text, Loader=yaml.BaseLoader)
        except yaml.YAMLError as error:
            # Its message shows the line, and so what stands there.
            mark = getattr(error, "problem_mark", None)
            place = f"at line {mark.line + 1}, column {mark.column + 1}" if mark else "somewhere"
            raise self._refused(f"the file of secrets is no valid YAML {place}", self._edit()) from None
        if secrets in (None, ""):
            return {}
        if not isinstance(secrets, dict):
            raise self._refused("the file of secrets holds something else than lines `name: value`", self._edit())
        nested = [name for name, value in secrets.items() if not isinstance(value, str)]
        if nested:
            what = f"the value of {', '.join(map(str, nested))} is a list or a dictionary, and no text"
            raise self._refused(what, self._edit())
        return secrets

    def _edit(self) -> str:
        return f"correct it with `ansible-vault edit {self.path}`; put what holds special characters into single quotes"

    def _of_a_new_file(self) -> tuple[t.Any, str | None]:
        self.need_password()
        wanted = constants.config.get_config_value("DEFAULT_VAULT_ENCRYPT_IDENTITY")
        given = [(label, secret) for label, secret in self._vault.secrets if wanted in (None, label)]
        remedy = "name one of those given in ANSIBLE_VAULT_ENCRYPT_IDENTITY, or vault_encrypt_identity in ansible.cfg"
        if not given:
            raise self._refused(f"no vault password was given for the identity {wanted}", remedy)
        if len({secret.bytes for _label, secret in given}) > 1:
            what = f"several vault passwords were given ({', '.join(label for label, _secret in given)})"
            raise self._refused(f"{what}, and not which one encrypts the new file of secrets", remedy)
        label, secret = given[0]
        return secret, label

    @contextlib.contextmanager
    def _explained(self) -> t.Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            raise self._refused(
                f"the file of secrets cannot be read or written here: {error.strerror}",
                "make its folder writable for who runs this, or name another file in platform_secrets_file; where "
                "nothing can be written, as in a job of AWX, make the secrets elsewhere first, or keep them all in "
                "platform_supplied_secrets",
            ) from None

    def _refused(self, what: str, remedy: str, category: int = CONFIGURATION) -> PlatformError:
        return PlatformError(category, what, remedy, where=self.path)

    def _replace(self, content: bytes) -> None:
        handle, temporary = tempfile.mkstemp(dir=os.path.dirname(self.path), prefix=".secrets-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self.path)
        except BaseException:
            os.unlink(temporary)
            raise


def _is_cut_off(encrypted: bytes) -> bool:
    """Say whether a vaulted text cannot be whole, whatever its password."""
    try:
        ciphertext, salt, digest = parse_vaulttext(parse_vaulttext_envelope(encrypted)[0])
    except (AnsibleError, IndexError):
        return True
    return not (salt and len(digest) == 64 and ciphertext and len(ciphertext) % BLOCK == 0)
