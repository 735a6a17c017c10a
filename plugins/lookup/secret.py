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
  - In check mode, and where the variable C(platform_secrets_read_only) is true, a missing secret is made up and not
    written.
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
      - V(given) is what somebody else made, such as a mail provider; never made here, and refused where it is missing.
    type: str
    choices: [password, key, given]
    default: password
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

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils.secret_store import SecretStore

# One store a process: a task that needs ten secrets decrypts the file once.
_stores: dict = {}


class LookupModule(LookupBase):
    """Find secrets by name."""

    def run(self, terms, variables=None, **kwargs):
        """Return the secrets of the given names.

        Raises:
            AnsibleLookupError: with the category, the place and the remedy of what went wrong.
        """
        self.set_options(var_options=self._settings(variables), direct=kwargs)
        store = self._store(write=not self._reading_only(variables))
        try:
            return [store.get(name, self.get_option("kind")) for name in terms]
        except PlatformError as error:
            raise AnsibleLookupError(error.message) from None

    def _reading_only(self, variables: dict) -> bool:
        return bool(variables.get("ansible_check_mode") or variables.get("platform_secrets_read_only"))

    def _settings(self, variables: dict) -> dict:
        """Return the variables that options are read from, templated: Ansible hands them over as they were written."""
        names = ("platform_secrets_file", "platform_supplied_secrets")
        return {name: self._templar.template(variables[name]) for name in names if name in variables}

    def _store(self, write: bool) -> SecretStore:
        path = os.path.abspath(os.path.expanduser(self.get_option("platform_secrets_file")))
        if (path, write) not in _stores:
            # Ansible offers plugins no public way to the vault secrets of the run.
            vault = self._loader._vault
            supplied = self.get_option("platform_supplied_secrets")
            _stores[path, write] = SecretStore(path, vault, supplied, write)
        return _stores[path, write]
