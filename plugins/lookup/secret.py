# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Lookup of a platform's secrets."""

from __future__ import annotations

DOCUMENTATION = r"""
name: secret
author: The borgstack.platform contributors (@borgstack)
version_added: "0.1.0"
short_description: A secret of the platform, made by policy on first use
description:
  - Returns a secret from the vaulted file beside the inventory. One that is not there yet is made by policy and written
    to the file, encrypted with the vault password of the run; a secret that exists is never replaced.
  - A value in O(platform_supplied_secrets) wins over the file, so that an external store can be used.
  - Each value is judged by policy and must not be used under two names.
  - What becomes of a missing secret is told by O(platform_missing_secrets); in check mode one that would be made is
    made up and not written.
  - Where the host already has data of the platform, none is made in place of a lost file, nor of a lost secret that
    data was written with. What the host has is taken from the variable C(platform_host).
options:
  _terms:
    description: Names of the secrets.
    required: true
    type: list
    elements: str
  kind:
    description:
      - V(password) is at least 12 characters with upper case, lower case, digit and special character; made with 24.
      - V(key) is at least 32 characters; made with 48 letters and digits.
      - V(authority) is the private key of an authority that issues certificates (since 0.3.0).
      - V(given) is what somebody else made, such as a mail provider; never made here, and refused where it is missing.
    type: str
    choices: [password, key, authority, given]
    default: password
  longest:
    description: How many characters its service takes, where it takes no more; a longer one is refused.
    type: int
    version_added: "0.3.0"
  platform_secrets_file:
    description: The vaulted file; made on first use with mode 0600.
    type: str
    required: true
    vars:
      - name: platform_secrets_file
  platform_supplied_secrets:
    description: Secrets by name that are kept elsewhere.
    type: dict
    default: {}
    vars:
      - name: platform_supplied_secrets
  platform_missing_secrets:
    description:
      - V(make) writes a new one, V(refuse) ends the run, V(assume) makes one up for this run and writes nothing.
      - V(auto) is V(refuse) in jobs of AWX and other callers of ansible-runner whose inventory lies in the job's own
        folder, because what is written there is lost, and V(make) everywhere else.
    type: str
    choices: [auto, make, refuse, assume]
    default: auto
    vars:
      - name: platform_missing_secrets
  platform_secrets_read_only:
    description: The former way to say V(refuse); in check mode, V(assume).
    type: bool
    default: false
    vars:
      - name: platform_secrets_read_only
notes:
  - The file lies outside of what Ansible loads by itself, so that a wrong vault password is reported as what it is.
"""

EXAMPLES = r"""
- name: Use a password of one's own and a key
  ansible.builtin.set_fact:
    example: "{{ lookup('borgstack.platform.secret', 'n8n_database_password') }}"
    example_key: "{{ lookup('borgstack.platform.secret', 'n8n_encryption_key', kind='key') }}"
  no_log: true
"""

RETURN = r"""
_raw:
  description: The secrets, in the order of the names.
  type: list
  elements: str
"""

import os
import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils.secret_file import SecretFile
from ansible_collections.borgstack.platform.plugins.plugin_utils.secret_store import SecretStore, is_a_job, policy_of
from ansible_collections.borgstack.platform.plugins.plugin_utils.secret_uses import hear

# One store a process: a task that needs ten secrets decrypts the file once.
_stores: dict = {}
SETTINGS = (
    "platform_secrets_file",
    "platform_supplied_secrets",
    "platform_missing_secrets",
    "platform_secrets_read_only",
)


class LookupModule(LookupBase):
    """Find secrets by name."""

    def run(self, terms, variables=None, **kwargs):
        """Return the secrets of the given names.

        Raises:
            AnsibleLookupError: with the category, the place and the remedy of what went wrong.
        """
        self.set_options(var_options=self._settings(variables), direct=kwargs)
        missing = policy_of(
            self.get_option("platform_missing_secrets"),
            read_only=self.get_option("platform_secrets_read_only"),
            checking=bool(variables.get("ansible_check_mode")),
            lost_afterwards=is_a_job(variables),
        )
        store = self._store(missing)

        def deployed() -> dict:
            return (self._templated(variables, "platform_host") or {}).get("deployed") or {}

        try:
            # Names that come from variables are texts of Ansible's own kind, which no YAML file takes.
            kind, longest = self.get_option("kind"), self.get_option("longest")
            return [self._found(store, str(name), kind, deployed, longest) for name in terms]
        except PlatformError as error:
            raise AnsibleLookupError(error.message) from None

    @staticmethod
    def _found(store: SecretStore, name: str, kind: str, deployed: t.Callable[[], dict], longest: int | None) -> str:
        value = store.get(name, kind, deployed, longest)
        hear(name, value, kind, store.supplies(name))
        return value

    def _settings(self, variables: dict) -> dict:
        """Return the variables that options are read from, templated: Ansible hands them over as they were written."""
        return {name: self._templated(variables, name) for name in SETTINGS if name in variables}

    def _templated(self, variables: dict, name: str):
        return self._templar.template(variables.get(name))

    def _store(self, missing: str) -> SecretStore:
        path = os.path.abspath(os.path.expanduser(self.get_option("platform_secrets_file")))
        if (path, missing) not in _stores:
            # Ansible offers plugins no public way to the vault secrets of the run.
            file = SecretFile(path, self._loader._vault)
            _stores[path, missing] = SecretStore(file, self.get_option("platform_supplied_secrets"), missing)
        return _stores[path, missing]
